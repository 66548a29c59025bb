/**
 * `tsx test/resilience/memory.ts [--queries 1000000] [--connects 10000]`: whether memory and handles stay level over many
 * queries and many connections. Prints them as it goes on, and ends with 1 where they grow.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { open, type ConnectionConfig, type Database } from 'kingbase-native';
import { standInLibkci } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';
import { numericArguments } from './support/arguments.js';
import { becomes, processHandles, residentMemory, type ProcessHandles } from './support/process-handles.js';

const SAMPLES = 10;
/** MiB that may lie between the first and the last third of the samples: the allocators' own ups and downs. */
const LEVEL = 24;
const PARALLEL = 16;
const CONNECTIONS = 4;

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

type Work = (db: Database, number: number) => Promise<unknown>;

/** By how many each is done, in turn. */
const QUERIES: readonly (readonly [times: number, work: Work])[] = [
  [60, (db, number) => db.queryRow('SELECT $1::int4 AS a, $2::text AS b', [number, `text ${number}`])],
  [
    20,
    (db, number) =>
      db.query(`SELECT i, repeat('x', 50) AS x FROM generate_series(1, $1) AS i`, [number % 20]),
  ],
  [
    5,
    (db) => db.query('SELECT now() AS at, $1::bytea AS bytes, ARRAY[1, 2, 3] AS list', [Buffer.alloc(200)]),
  ],
  [5, (db, number) => db.query('SELECT $1::int4 AS a', [number], { timeout: 60_000, rowMode: 'array' })],
  // More texts than are kept: old ones are closed on the server.
  [4, (db, number) => db.query(`SELECT $1::int4 AS a${number % 97}`, [number])],
  [2, (db) => db.query('SELECT 1 / $1::int4', [0]).catch(() => undefined)],
  [2, (db) => db.transaction((tx) => tx.query('SELECT 1'))],
  [1, async (db) => (await db.connect()).release()],
  [1, (db) => db.query(`SELECT repeat('y', 100000) AS y`)],
];
const TURN = QUERIES.flatMap(([times, work]) => Array.from({ length: times }, () => work));

async function query(db: Database, number: number): Promise<void> {
  // Not one kind after the other.
  await TURN[(number * 37) % TURN.length]?.(db, number);
}

async function connect(config: ConnectionConfig, number: number): Promise<void> {
  const database = number % 20 === 0 ? 'no such database' : config.database;
  const db = open({ ...config, database });
  await db.queryRow('SELECT $1::int4 AS a', [number]).catch(() => undefined);
  await db.close();
}

async function repeat(from: number, to: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      while (next < to) await work(next++);
    }),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const inWords = ({ files, threads }: ProcessHandles): string => `${files} files, ${threads} threads`;

/** Does the work `times` times; whether memory and handles are level after a tenth of it. */
async function stayLevel(
  what: string,
  times: number,
  work: (number: number) => Promise<void>,
): Promise<boolean> {
  const start = performance.now();
  const memory: number[] = [];
  let before: ProcessHandles | undefined;
  console.log(`\n${times} ${what}`);
  for (let sample = 1; sample <= SAMPLES; sample++) {
    await repeat((times * (sample - 1)) / SAMPLES, (times * sample) / SAMPLES, work);
    collectGarbage();
    const handles = processHandles();
    before ??= handles;
    memory.push(residentMemory());
    console.log(
      `  ${String((times * sample) / SAMPLES).padStart(9)}  ${residentMemory().toFixed(1).padStart(7)} MiB, ${inWords(handles)}`,
    );
  }
  const seconds = (performance.now() - start) / 1000;
  const growth = median(memory.slice(-3)) - median(memory.slice(1, 4));
  const { files, threads } = before ?? processHandles();
  const released = await becomes(() => {
    const now = processHandles();
    return now.files <= files && now.threads <= threads;
  }, 5_000);
  console.log(
    `  ${growth.toFixed(1)} MiB more; ${(times / seconds).toFixed(0)} a second; handles are ${released ? '' : 'NOT '}level`,
  );
  return growth <= LEVEL && released;
}

async function main(): Promise<void> {
  const { queries, connects } = numericArguments({ queries: 1_000_000, connects: 10_000 });
  const server = await startServer();
  try {
    const { host, port, user, database } = server;
    const config: ConnectionConfig = {
      host,
      port,
      user,
      database,
      clientLibrary: await standInLibkci(),
      sslMode: 'disable',
      statementCacheSize: 50,
      pool: { max: CONNECTIONS },
    };
    const db = open(config);
    const level = [await stayLevel('queries', queries, (number) => query(db, number))];
    await db.close();
    level.push(await stayLevel('connections', connects, (number) => connect(config, number)));
    console.log(level.every(Boolean) ? '\nMemory and handles are level.' : '\nMemory or handles GROW.');
    if (!level.every(Boolean)) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  console.error(error);
});
