// Everything that a connection can be asked to do, with a check of each answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { codeOf } from './harness.mjs';

const LARGE_ROWS = 100_000;
const MEGABYTE = 1 << 20;

async function parameters(db, random) {
  const number = Math.floor(random() * 1e9);
  const text = '数据库 ✓ '.repeat(1 + Math.floor(random() * 50));
  const row = await db.queryRow('SELECT $1::int4 AS number, $2::text AS text, $3::text AS absent', [
    number,
    text,
    null,
  ]);
  assert.deepEqual({ ...row }, { number, text, absent: null });
}

async function fewRows(db) {
  const { rows, rowCount } = await db.query('SELECT i, i * 0.5 AS half FROM generate_series(1, 50) i');
  assert.equal(rowCount, 50);
  assert.deepEqual({ ...rows[49] }, { i: 50, half: '25.0' });
}

async function wideRow(db) {
  const columns = Array.from({ length: 300 }, (_, i) => `${i} AS c${i}`).join(', ');
  const row = await db.queryRow(`SELECT ${columns}`);
  assert.equal(row.c299, 299);
}

async function everyType(db) {
  const row = await db.queryRow(`SELECT 1::int8 AS i, 1.5::float8 AS f, true AS b, '\\x00ff'::bytea AS bytes,
    '2024-02-29 12:34:56.789+08'::timestamptz AS at, '{"a":[1]}'::jsonb AS json, '{1,2}'::int4[] AS list,
    ''::text AS empty`);
  assert.equal(row.i, 1n);
  assert.equal(row.at.getTime(), Date.UTC(2024, 1, 29, 4, 34, 56, 789));
  assert.deepEqual([...row.bytes], [0, 255]);
  assert.deepEqual(row.json, { a: [1] });
  assert.deepEqual(row.list, [1, 2]);
  assert.equal(row.empty, '');
}

async function largeResult(db) {
  const { rows } = await db.query(
    `SELECT i, md5(i::text) AS hash, NULL::text AS absent FROM generate_series(1, ${LARGE_ROWS}) i`,
  );
  assert.equal(rows.length, LARGE_ROWS);
  for (const at of [0, 499, 500, 16_383, LARGE_ROWS - 1]) assert.equal(rows[at].i, at + 1);
  assert.equal(rows[LARGE_ROWS - 1].hash, createHash('md5').update(`${LARGE_ROWS}`).digest('hex'));
}

/** Larger than every buffer on the way, so that both sides must read and write at the same time. */
async function largeValues(db, random) {
  const text = '金仓'.repeat(Math.floor(random() * MEGABYTE));
  const bytes = Buffer.alloc(Math.floor(random() * 2 * MEGABYTE), 'kingbase');
  const row = await db.queryRow('SELECT $1::text AS text, $2::bytea AS bytes', [text, bytes]);
  assert(row.text === text);
  assert(bytes.equals(row.bytes));
}

async function errors(db) {
  assert.equal(await codeOf(db.query('SELECT 1 / $1::int4', [0])), '22012');
  assert.equal(await codeOf(db.query('SELEC 1')), '42601');
  // Fails in the middle, after rows have been handed over.
  const late = `SELECT 1 / (${LARGE_ROWS / 2} - i) FROM generate_series(1, ${LARGE_ROWS}) i`;
  assert.equal(await codeOf(db.query(late)), '22012');
}

async function converterThatThrows(db) {
  const types = {
    uuid: {
      parse() {
        throw new RangeError('not this one');
      },
    },
  };
  const sql = `SELECT '00000000-0000-0000-0000-000000000000'::uuid AS id FROM generate_series(1, 2000)`;
  const failure = await db.query(sql, [], { types }).catch((error) => error);
  assert.equal(failure.message, 'not this one');
}

async function notices(db) {
  await db.script(`DO $$BEGIN FOR i IN 1..20 LOOP RAISE NOTICE 'notice %', i; END LOOP; END$$`);
}

async function notifications(db, random) {
  await db.query('LISTEN stress');
  await db.query(`SELECT pg_notify('stress', repeat('x', $1))`, [Math.floor(random() * 7000)]);
}

async function prepared(db) {
  const statement = await db.prepare('SELECT $1::int4 + 1 AS next');
  await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      assert.equal((await statement.queryRow([i])).next, i + 1);
    }),
  );
  await statement.close();
}

/** More texts than a connection keeps prepared, each run three times. */
async function manyStatements(db, random) {
  const number = Math.floor(random() * 40);
  for (let i = 0; i < 3; i++) {
    assert.equal((await db.queryRow(`SELECT ${number} AS number`)).number, number);
  }
}

async function scripts(db) {
  const results = await db.script(`CREATE TEMP TABLE stress (id int4) ON COMMIT DROP;
    INSERT INTO stress SELECT generate_series(1, 1000); SELECT * FROM stress; DELETE FROM stress WHERE id > 500`);
  assert.deepEqual(
    results.map(({ command, rowsAffected }) => [command, rowsAffected]),
    [
      ['CREATE TABLE', 0],
      ['INSERT', 1000],
      ['SELECT', 1000],
      ['DELETE', 500],
    ],
  );
  assert.deepEqual(await db.script(''), []);
}

async function copyAsQuery(db) {
  await codeOf(db.query('COPY (SELECT generate_series(1, 5000)) TO STDOUT'));
  await codeOf(db.script('CREATE TEMP TABLE copied (id int4) ON COMMIT DROP; COPY copied FROM STDIN'));
}

async function transaction(db) {
  const connection = await db.connect();
  try {
    await connection.exec('BEGIN');
    const pid = connection.backendPid;
    // Made at once: they queue for the one session.
    const rows = await Promise.all(
      [1, 2, 3].map(() => connection.queryRow('SELECT pg_backend_pid() AS pid')),
    );
    for (const row of rows) assert.equal(row.pid, pid);
    await connection.exec('ROLLBACK');
  } finally {
    await connection.release();
  }
}

async function aborted(db, random) {
  const signal = AbortSignal.timeout(Math.floor(random() * 30));
  await db.query('SELECT pg_sleep(0.015)', [], { signal }).catch((error) => {
    assert.equal(error.name, 'TimeoutError');
  });
}

/** By weight: what is cheap is done often. */
const OPERATIONS = [
  [20, parameters],
  [20, fewRows],
  [10, manyStatements],
  [5, everyType],
  [5, prepared],
  [5, scripts],
  [5, transaction],
  [5, notices],
  [5, notifications],
  [5, aborted],
  [4, errors],
  [3, copyAsQuery],
  [3, wideRow],
  [3, converterThatThrows],
  [2, largeValues],
  [1, largeResult],
].flatMap(([weight, operation]) => Array(weight).fill(operation));

/** Does something that `random` chooses, and checks the answer. */
export async function anything(db, random) {
  const operation = OPERATIONS[Math.floor(random() * OPERATIONS.length)];
  try {
    await operation(db, random);
  } catch (error) {
    throw new Error(`The operation "${operation.name}" went wrong.`, { cause: error });
  }
}
