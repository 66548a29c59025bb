// Uses the database while something has run out, then when there is enough again, and ends by process.exit. Prints what
// became of each as JSON. The argument, as JSON: `config` and what runs out.
import { closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open } from 'kingbase-native';

const { config, what, left } = JSON.parse(process.argv[2]);

/** Far above what a call takes, in ms: longer, and it never ends. */
const HANGS = 15_000;

/** What a call that succeeded must have brought. */
function expectIs(found, expected) {
  if (found !== expected) throw new Error(`wrong: ${found} instead of ${expected}`);
}

async function outcome(call) {
  let timer;
  const hang = new Promise((resolve) => {
    timer = setTimeout(() => resolve('hangs'), HANGS);
  });
  const end = call.then(
    () => 'ok',
    (error) => error.code ?? `no error of the driver's: ${error}`,
  );
  const result = await Promise.race([end, hang]);
  clearTimeout(timer);
  return result;
}

const settings = {
  ...config,
  pipeline: true,
  connectTimeout: 3_000,
  pool: { max: 2, acquireTimeout: 5_000 },
};
const results = {};

/** All descriptors but so many. */
function takeDescriptors() {
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    for (let i = 0; i < left; i++) closeSync(taken.pop());
  }
  return taken;
}

async function descriptors() {
  const taken = takeDescriptors();
  const during = open(settings);
  results.during = await outcome(during.query('SELECT 1'));
  for (const descriptor of taken) closeSync(descriptor);
  results.after = await outcome(during.query('SELECT 1'));
  results.another = await outcome(open(settings).query('SELECT 1'));
  results.close = await outcome(during.close());
}

async function threads() {
  process.env.SCARCE_THREADS = '1';
  const during = open(settings);
  results.during = await outcome(during.query('SELECT 1'));
  process.env.SCARCE_THREADS = '0';
  results.after = await outcome(during.query('SELECT 1'));
  // Those that are there suffice for a statement; a cancel request may want one of its own.
  process.env.SCARCE_THREADS = '1';
  results.cancel = await outcome(during.query('SELECT pg_sleep(0.5)', [], { timeout: 100 }));
  process.env.SCARCE_THREADS = '0';
  results.close = await outcome(during.close());
}

const OPERATIONS = {
  connect: async () => {
    const db = open(settings);
    const asked = await outcome(db.query('SELECT 1'));
    const closed = await outcome(db.close());
    return asked === 'hangs' || closed !== 'ok' ? `${asked}, close: ${closed}` : asked;
  },
  query: (db) =>
    outcome(
      (async () => {
        const { rows } = await db.query(`SELECT i, repeat('金仓', 50) AS t FROM generate_series(1, 50) i`);
        expectIs(
          rows.map(({ i, t }) => i + t.length).reduce((sum, n) => sum + n),
          50 * 25.5 + 50 * 100,
        );
      })(),
    ),
  stream: (db) =>
    outcome(
      (async () => {
        let last = 0;
        for await (const { i } of db.rows('SELECT i FROM generate_series(1, 3000) i')) expectIs(i, ++last);
        expectIs(last, 3000);
      })(),
    ),
  batch: (db) =>
    outcome(
      (async () => {
        const { rowsInserted } = await db.batchInsert(
          'scarce',
          ['id', 'name'],
          Array.from({ length: 200 }, (_, i) => [i, `name ${i}`]),
        );
        expectIs(rowsInserted, 200);
      })(),
    ),
};

/** What uses more of the core, each by itself. */
const text = (rows) => Buffer.from(Array.from({ length: rows }, (_, i) => `${i}\tname ${i}\n`).join(''));
Object.assign(OPERATIONS, {
  large: (db) =>
    outcome(
      (async () => {
        const { rows } = await db.query(
          `SELECT i, repeat('金仓', 40) AS t, i * 1.5 AS n FROM generate_series(1, 4000) i`,
        );
        expectIs(rows.length, 4000);
        rows.forEach(({ i, t, n }, at) =>
          expectIs(`${i} ${t.length} ${Number(n)}`, `${at + 1} 80 ${(at + 1) * 1.5}`),
        );
      })(),
    ),
  script: (db) =>
    outcome(db.script('SELECT 1; CREATE TEMPORARY TABLE IF NOT EXISTS s (i int); DROP TABLE s')),
  // Long enough that the statement has begun.
  limit: (db) => outcome(db.query('SELECT pg_sleep(1)', [], { timeout: 100 })),
  together: (db) =>
    outcome(
      Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const { rows } = await db.query('SELECT $1::int4 AS i, $2::text AS t', [i, '金仓']);
          expectIs(`${rows[0].i} ${rows[0].t}`, `${i} 金仓`);
        }),
      ),
    ),
  'copy in': (db) =>
    outcome(
      (async () => {
        const copy = db.copyFrom('COPY scarce FROM STDIN');
        await pipeline(Readable.from([text(50), text(2000)]), copy);
        expectIs(copy.rowsAffected, 2050);
      })(),
    ),
  'copy out': (db) =>
    outcome(
      (async () => {
        let bytes = 0;
        const copy = db.copyTo(`COPY (SELECT i, 'name' FROM generate_series(1, 9000) i) TO STDOUT`);
        for await (const chunk of copy) bytes += chunk.length;
        expectIs(bytes, 9000 * 6 + 9 * 1 + 90 * 2 + 900 * 3 + 8001 * 4);
      })(),
    ),
  notices: (db) =>
    outcome(db.query(`DO $$ BEGIN FOR i IN 1..20 LOOP RAISE NOTICE 'n %', i; END LOOP; END $$`)),
  transaction: (db) =>
    outcome(
      db.transaction(async (tx) => {
        await tx.exec('INSERT INTO scarce VALUES ($1, $2)', [1, 'a']);
        await tx.savepoint((inner) => inner.query('SELECT count(*) FROM scarce'));
      }),
    ),
  listen: (db) =>
    outcome(
      (async () => {
        let hear;
        const heard = new Promise((resolve) => (hear = resolve));
        const subscription = await db.listen('scarce', () => hear());
        // The connection was lost and made again: what was notified meanwhile may have been missed.
        subscription.on('gap', () => hear());
        await db.query(`SELECT pg_notify('scarce', 'x')`);
        await heard;
        await subscription.close();
      })(),
    ),
});

/** On one connection, which is warm: what is sent together there is sent by the JavaScript thread. */
const held = (db, use) =>
  outcome(
    (async () => {
      const connection = await db.connect();
      try {
        await use(connection);
      } finally {
        await connection.release();
      }
    })(),
  );
async function twelve(on) {
  const asked = Array.from({ length: 12 }, async (_, i) => {
    const { rows } = await on.query('SELECT $1::int4 AS i, $2::text AS t', [i, '金仓']);
    expectIs(`${rows[0].i} ${rows[0].t}`, `${i} 金仓`);
  });
  // One that fails leaves the others theirs: all must have ended.
  const failed = (await Promise.allSettled(asked)).find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}
Object.assign(OPERATIONS, {
  'held together': (db) => held(db, twelve),
  'together in a transaction': (db) =>
    outcome(
      db.transaction(async (tx) => {
        await twelve(tx);
        await twelve(tx);
      }),
    ),
  prepared: (db) =>
    outcome(
      (async () => {
        const statement = await db.prepare('SELECT $1::int8 + 1 AS n');
        try {
          for (let i = 0; i < 3; i++) expectIs((await statement.query([i])).rows[0].n, BigInt(i + 1));
        } finally {
          await statement.close();
        }
      })(),
    ),
  types: (db) =>
    held(db, async (connection) => {
      // A type that is new in each round, so that it is looked up. It goes with the session.
      const type = `pg_temp.scarce_${types++}`;
      await connection.script(`CREATE TYPE ${type} AS ENUM ('茶', '酒')`);
      const { rows } = await connection.query(`SELECT ARRAY['酒', NULL]::${type}[] AS kinds`);
      // The server's text where the question about the type found no memory.
      if (rows[0].kinds !== '{酒,NULL}') expectIs(JSON.stringify(rows[0].kinds), '["酒",null]');
    }),
  returning: (db) =>
    outcome(
      (async () => {
        const values = Array.from({ length: 300 }, (_, i) => [i, `name ${i}`]);
        const { rows } = await db.batchInsert('scarce', ['id', 'name'], values, { returning: ['id'] });
        expectIs(rows.length, 300);
      })(),
    ),
  aborted: (db) =>
    outcome(
      (async () => {
        const controller = new AbortController();
        // When the server is at it: before that it may be taken back and have allocated nothing.
        const abort = () => controller.abort();
        db.on('notice', abort);
        const sql = `DO $$ BEGIN RAISE NOTICE 'begun'; PERFORM pg_sleep(1); END $$`;
        try {
          // It rejects with the reason of the signal, which is no error of the driver's.
          await db.query(sql, [], { signal: controller.signal }).catch((error) => {
            if (error !== controller.signal.reason) throw error;
          });
        } finally {
          db.off('notice', abort);
        }
      })(),
    ),
  'settings altered': (db) =>
    held(db, async (connection) => {
      await connection.exec(`SET DateStyle = 'SQL, DMY'`);
      const { rows } = await connection.query(`SELECT date '2024-02-29' AS d`);
      expectIs(String(rows[0].d), '2024-02-29');
    }),
});
let types = 0;

async function memory() {
  const db = open(settings);
  db.on('notice', () => {});
  await db.script('CREATE TABLE IF NOT EXISTS scarce (id int4, name text)');
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const codes = new Set();
    let n = 1;
    for (; n < 100_000; n += n < 60 ? 1 : Math.ceil(n / 12)) {
      process.env.SCARCE_MEMORY = String(n);
      const how = await operation(db);
      process.env.SCARCE_MEMORY = '0';
      codes.add(how);
      if (how.includes('hangs') || how.includes('no error')) break;
      // There is enough again.
      const after = await outcome(db.query('SELECT 1'));
      if (after !== 'ok') codes.add(`then ${after}`);
      if (process.env.SCARCE_REFUSED === '0') break;
    }
    results[name] = { codes: [...codes], allocations: n };
  }
  await db.script('DROP TABLE scarce');
  results.close = await outcome(db.close());
}

if (what === 'descriptors at connect') {
  await outcome(open(settings).query('SELECT 1'));
}
await { 'descriptors at load': descriptors, 'descriptors at connect': descriptors, threads, memory }[what]();
process.stdout.write(JSON.stringify(results), () => process.exit(0));
