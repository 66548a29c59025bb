// A worker thread that has the addon do all that it can: whatever fails is passed over, since the thread may have been
// ended in it.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const attempt = (work) => work().catch(() => undefined);

// What is no library, and a library that lacks the functions.
const { sharedObjects } = process.report.getReport();
for (const clientLibrary of [process.execPath, sharedObjects.find((file) => file.includes('libm.so'))]) {
  const db = open({ ...workerData, clientLibrary });
  await attempt(() => db.ping());
  await db.close();
}

const db = open({ ...workerData, pool: { max: 2 }, statementCacheSize: 4 });
db.on('notice', () => undefined);
await attempt(() =>
  db.query(`SELECT i, repeat('金仓', 50) AS t, '\\x00'::bytea AS b FROM generate_series(1, 9) i`),
);
await attempt(() =>
  db.query(`SELECT i, i % 2 = 0 AS even, repeat('x', 9000) AS t FROM generate_series(1, 900) i`),
);
await attempt(() => db.query(`SELECT repeat('金', 90000) AS t, 2::int8 AS n, NULL AS nothing, true AS yes`));
await attempt(() => db.query('SELECT 1 / $1::int4 AS i', [0]));
await attempt(() => db.query(`SELECT $1::bytea AS b`, [Buffer.alloc(70_000)]));
await attempt(() => db.query(`SELECT 1 AS a`, [], { rowMode: 'array' }));
await attempt(() => db.query(`SELECT '{"a": [1]}'::json AS j, ARRAY[[1], [2]] AS a, now() AS n, 1.5 AS d`));
await attempt(async () => {
  for await (const row of db.rows(`SELECT i, repeat('金', i) FROM generate_series(1, 3000) i`)) void row;
});
await attempt(async () => {
  for await (const row of db.rows('SELECT 1 / (2000 - i) FROM generate_series(1, 3000) i')) void row;
});
await attempt(() => Promise.all(Array.from({ length: 12 }, (_, i) => db.query('SELECT $1::int4 AS i', [i]))));
await attempt(() => db.query('SELECT pg_sleep(9)', [], { timeout: 10 }));
await attempt(() => db.query(`DO $$ BEGIN RAISE NOTICE 'told'; END $$`));
const connection = await db.connect();
await attempt(() => connection.script('CREATE TEMPORARY TABLE t (i int4, n text); SELECT 1; SELECT 2 / 0'));
await attempt(() =>
  connection.batchInsert(
    't',
    ['i', 'n'],
    Array.from({ length: 300 }, (_, i) => [i, `n ${i}`]),
  ),
);
await attempt(() =>
  connection.batchInsert(
    't',
    ['i', 'n'],
    [
      [1, 'a'],
      [2, 'b'],
    ],
    { returning: ['i'] },
  ),
);
await attempt(() =>
  pipeline(Readable.from([Buffer.from('1\ta\n')]), connection.copyFrom('COPY t FROM STDIN')),
);
await attempt(() => pipeline(Readable.from([Buffer.from('x\n')]), connection.copyFrom('COPY t FROM STDIN')));
await attempt(async () => {
  for await (const bytes of connection.copyTo('COPY t TO STDOUT')) void bytes;
});
await attempt(async () => {
  const statement = await connection.prepare('SELECT $1::int4 + i AS i FROM t');
  await Promise.all([statement.query([1]), statement.query([2]), statement.query([3])]);
  await statement.close();
});
await attempt(() =>
  connection.transaction((tx) => Promise.all([tx.query('SELECT 1'), tx.query('SELECT 2')])),
);
await attempt(() => connection.release());
await attempt(async () => {
  let hear;
  const heard = new Promise((resolve) => (hear = resolve));
  const subscription = await db.listen('terminated', () => hear());
  await db.query(`SELECT pg_notify('terminated', 'x')`);
  await heard;
  await subscription.close();
});
await attempt(async () => {
  const lost = await db.connect();
  const { pid } = await lost.queryRow('SELECT pg_backend_pid() AS pid');
  const gone = lost.query('SELECT pg_sleep(9)').catch(() => undefined);
  await db.query('SELECT pg_terminate_backend($1)', [pid]);
  await gone;
  await lost.release();
});
await db.close();
// What frees the environment calls Node-API, too, when there is nothing left to end.
delete process.env.TERMINATE_SITES;
delete process.env.TERMINATE_AT;
parentPort.postMessage('done');
