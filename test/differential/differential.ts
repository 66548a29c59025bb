/**
 * `npm run test:differential -- [--steps 50000] [--seed n] [--length 100] [--failures 3]`: random programs of so many steps
 * (statements, and changes of types, tables, functions, roles and settings), each done by this driver and, on another
 * database of the same server, by `pg` with unprepared queries. Each must give the same values or the same SQLSTATE. Program
 * `i` of a run has the seed `seed + i`, and is made again by `--seed` with that number and `--steps 1`. One that differs is made
 * smaller and printed.
 */
import { randomInt } from 'node:crypto';
import { testLibraries } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';
import { numericArguments } from '../resilience/support/arguments.js';
import { Random } from './random.js';
import { steps, type Step } from './steps.js';
import { Two } from './two.js';

const MOST_SESSIONS = 3;
/** Steps after which it is said how far a long run has come. */
const SAY_EVERY = 500_000;

/** The fewest of the steps, in order, that still differ. */
async function smaller(two: Two, failing: readonly Step[]): Promise<{ steps: Step[]; difference: string }> {
  let best = [...failing];
  let difference = '';
  for (let size = best.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < best.length;) {
      const fewer = [...best.slice(0, at), ...best.slice(at + size)];
      const found = await two.run(fewer);
      if (found === undefined) at += size;
      else {
        best = fewer.slice(0, found.done);
        ({ difference } = found);
      }
    }
  }
  return { steps: best, difference };
}

function printed({ session, way, sql, parameters }: Step): string {
  return `  ${session} ${way.padEnd(8)} ${sql}${parameters.length > 0 ? ` ${JSON.stringify(parameters)}` : ''}`;
}

async function main(): Promise<void> {
  const defaults = { steps: 50_000, seed: randomInt(1e9), length: 100, failures: 3 };
  const { steps: total, seed, length, failures: enough } = numericArguments(defaults);
  console.log(`${total} steps from seed ${seed}`);
  // A program that waits for a lock of its own would wait for ever.
  const server = await startServer({
    settings: { lock_timeout: '10ms', autovacuum: 'off', fsync: 'off', max_connections: '60' },
  });
  const begun = performance.now();
  let done = 0;
  let failures = 0;
  try {
    const libraries = await testLibraries();
    let next = seed;
    const work = async (library: string, name: string): Promise<void> => {
      const two = await Two.open(server, library, MOST_SESSIONS, name);
      while (done < total && failures < enough) {
        const number = next++;
        const random = new Random(number);
        const program = steps(random, length, 1 + random.below(MOST_SESSIONS));
        done += program.length;
        if (done % SAY_EVERY < program.length) console.log(`${done} steps, ${failures} differed`);
        const found = await two.run(program);
        if (found === undefined) continue;
        failures++;
        const least = await smaller(two, program.slice(0, found.done));
        const text = least.steps.map(printed).join('\n');
        console.log(`\nSeed ${number}, ${name}:\n${text}\n${least.difference || found.difference}`);
      }
      await two.close();
    };
    await prepare(
      server,
      libraries.map(({ flavour }) => flavour.replaceAll('-', '_')),
    );
    await Promise.all(libraries.map(({ path, flavour }) => work(path, flavour.replaceAll('-', '_'))));
  } finally {
    await server.stop('immediate');
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${done} steps in ${seconds.toFixed(0)} s, ${Math.round(done / seconds)} per s, ${failures} differed`,
  );
  if (failures > 0) process.exitCode = 1;
}

async function prepare(
  { host, port, user, database }: { host: string; port: number; user: string; database: string },
  names: readonly string[],
): Promise<void> {
  const { Client } = await import('pg');
  const admin = new Client({ host, port, user, database });
  await admin.connect();
  for (const role of ['differs_a', 'differs_b']) await admin.query(`CREATE ROLE ${role}`);
  for (const name of names) {
    for (const side of ['ours', 'theirs']) {
      await admin.query(`CREATE DATABASE ${side}_${name}`);
      await admin.query(`ALTER DATABASE ${side}_${name} SET search_path = one, two, public`);
    }
  }
  await admin.end();
}

process.on('unhandledRejection', (reason) => {
  console.log('An unhandled rejection:', reason);
  process.exitCode = 1;
});

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
