/**
 * What the packed package has to do wherever it is installed. One file without imports of the package, so that every
 * way of loading it (import, require, a bundle) runs the same.
 */
'use strict';
const assert = require('node:assert');
const { once } = require('node:events');
const { pipeline } = require('node:stream/promises');

const CHINESE = '人大金仓 𠮷 "引号"';

/** By the name of the ability; each takes the package, an open database, its configuration, and what makes it TLS. */
const abilities = {
  async query(_kingbase, db) {
    const { rows, rowCount, command } = await db.query(
      `SELECT $1::text AS "文字", $2::int8 AS big, $3::bytea AS bytes, $4::timestamptz AS time,
         $5::jsonb AS json, $6::numeric AS price, ARRAY[1, NULL, 3] AS list, $7::text AS absent`,
      [
        CHINESE,
        9007199254740993n,
        Buffer.from([0, 255]),
        new Date(1e12),
        { 标签: [1, '二'] },
        '12345678901234567890.5',
        null,
      ],
    );
    assert.deepStrictEqual(rows, [
      {
        文字: CHINESE,
        big: 9007199254740993n,
        bytes: Buffer.from([0, 255]),
        time: new Date(1e12),
        json: { 标签: [1, '二'] },
        price: '12345678901234567890.5',
        list: [1, null, 3],
        absent: null,
      },
    ]);
    assert.deepStrictEqual({ rowCount, command }, { rowCount: 1, command: 'SELECT' });
  },

  async prepared(_kingbase, db) {
    const statement = await db.prepare('SELECT $1::int4 * $1::int4 AS square');
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const rows = await Promise.all(numbers.map((n) => statement.queryRow([n])));
    assert.deepStrictEqual(
      rows.map(({ square }) => square),
      numbers.map((n) => n * n),
    );
    await statement.close();
  },

  async transaction(_kingbase, db) {
    const table = temporaryName('transaction');
    await db.exec(`CREATE TABLE ${table} (n int4 PRIMARY KEY)`);
    try {
      await db.transaction(async (tx) => {
        await tx.exec(`INSERT INTO ${table} VALUES (1)`);
        await assert.rejects(
          tx.savepoint(async () => {
            await tx.exec(`INSERT INTO ${table} VALUES (2), (1)`);
          }),
          { code: '23505' },
        );
        await tx.exec(`INSERT INTO ${table} VALUES (3)`);
      });
      await assert.rejects(
        db.transaction(async (tx) => {
          await tx.exec(`INSERT INTO ${table} VALUES (4)`);
          throw new Error('changed my mind');
        }),
        { message: 'changed my mind' },
      );
      const { rows } = await db.query(`SELECT n FROM ${table} ORDER BY n`, [], { rowMode: 'array' });
      assert.deepStrictEqual(rows, [[1], [3]]);
    } finally {
      await db.exec(`DROP TABLE ${table}`);
    }
  },

  async batchInsert(_kingbase, db) {
    const table = temporaryName('batch');
    await db.exec(`CREATE TABLE ${table} (n int4 PRIMARY KEY, name text)`);
    try {
      const rows = Array.from({ length: 5000 }, (_, n) => [n, `${CHINESE} ${n}`]);
      const { rowsInserted } = await db.batchInsert(table, ['n', 'name'], rows);
      assert.strictEqual(rowsInserted, rows.length);
      const last = await db.queryRow(`SELECT name FROM ${table} WHERE n = $1`, [4999]);
      assert.deepStrictEqual(last, { name: `${CHINESE} 4999` });
      const failure = await db
        .batchInsert(
          table,
          ['n', 'name'],
          [
            [5000, 'new'],
            [7, 'old'],
          ],
        )
        .catch((error) => error);
      assert.strictEqual(failure.code, '23505');
    } finally {
      await db.exec(`DROP TABLE ${table}`);
    }
  },

  async rows({ open }, _db, config) {
    const db = open(config, { pool: { max: 1 } });
    try {
      let sum = 0;
      for await (const { n } of db.rows('SELECT n FROM generate_series(1, $1::int4) AS n', [100_000]))
        sum += n;
      assert.strictEqual(sum, 5_000_050_000);
      // Left early, it gives the only connection back.
      for await (const row of db.rows('SELECT generate_series(1, 100000000) AS n')) {
        assert.deepStrictEqual(row, { n: 1 });
        break;
      }
      assert.deepStrictEqual(await db.queryRow('SELECT 1 AS one'), { one: 1 });
    } finally {
      await db.close();
    }
  },

  async copy(_kingbase, db) {
    const table = temporaryName('copy');
    await db.exec(`CREATE TABLE ${table} (n int4, name text)`);
    try {
      const lines = Array.from({ length: 5000 }, (_, n) => `${n}\t${CHINESE} ${n}\n`);
      await pipeline(lines, db.copyFrom(`COPY ${table} FROM STDIN`));
      const parts = await db.copyTo(`COPY (SELECT * FROM ${table} ORDER BY n) TO STDOUT`).toArray();
      assert.strictEqual(Buffer.concat(parts).toString(), lines.join(''));
    } finally {
      await db.exec(`DROP TABLE ${table}`);
    }
  },

  async 'large objects'(_kingbase, db) {
    const objects = db.largeObjects();
    const oid = await objects.create();
    const bytes = Buffer.alloc(300_000, CHINESE);
    await pipeline([bytes], objects.createWriteStream(oid));
    const parts = await objects.createReadStream(oid).toArray();
    assert(Buffer.concat(parts).equals(bytes));
    await objects.unlink(oid);
  },

  async errors({ DatabaseError, ConnectionError, open }, db, config) {
    const wrong = await db.query('SELECT 1 FORM nowhere').catch((error) => error);
    assert(wrong instanceof DatabaseError, 'a DatabaseError of this very package');
    assert.strictEqual(wrong.condition, 'syntax_error');
    assert.strictEqual(typeof wrong.explain('zh'), 'string');
    // Nothing listens on port 1.
    const unreachable = open({ ...config, port: 1, sslMode: 'disable' });
    const refused = await unreachable.connect().catch((error) => error);
    await unreachable.close();
    assert(refused instanceof ConnectionError || refused.cause instanceof ConnectionError, String(refused));
  },

  async cancel(_kingbase, db) {
    const reason = new Error('enough');
    await assert.rejects(
      db.query('SELECT pg_sleep(60)', [], { signal: abortOnceRunning(db, reason) }),
      (error) => error === reason,
    );
    await assert.rejects(db.query('SELECT pg_sleep(60)', [], { timeout: 50 }), { code: 'KB_TIMEOUT' });
    assert.deepStrictEqual(await db.queryRow('SELECT 1 AS one'), { one: 1 });
  },

  async pool({ open }, _db, config) {
    const db = open(config, { pool: { max: 2 } });
    try {
      const pids = await Promise.all(
        Array.from({ length: 20 }, async () => (await db.queryRow('SELECT pg_backend_pid() AS pid')).pid),
      );
      assert(new Set(pids).size <= 2);
      assert(db.stats().openConnections <= 2);
    } finally {
      await db.close();
    }
  },

  async listen(_kingbase, db) {
    const channel = temporaryName('channel');
    let receive;
    const received = new Promise((resolve) => (receive = resolve));
    const subscription = await db.listen(channel, receive);
    await db.query('SELECT pg_notify($1, $2)', [channel, CHINESE]);
    assert.strictEqual((await received).payload, CHINESE);
    await subscription.close();
  },

  async tls({ open }, _db, config, tlsOptions) {
    const db = open({ ...config, ...tlsOptions });
    try {
      const { rows } = await db.query('SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      assert.strictEqual(rows[0].ssl, true);
      assert.match(rows[0].version, /^TLSv1\.[23]$/);
    } finally {
      await db.close();
    }
  },
};

const temporaryName = (purpose) =>
  `packages_${purpose}_${process.pid}_${Math.random().toString(36).slice(2)}`;

/** Aborts once the server runs a statement that sleeps. */
function abortOnceRunning(db, reason) {
  const controller = new AbortController();
  const look = async () => {
    const { running } = await db.queryRow(
      `SELECT count(*)::int4 AS running FROM pg_stat_activity
       WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND application_name = current_setting('application_name')
         AND pid <> pg_backend_pid()`,
    );
    if (running > 0) controller.abort(reason);
    else setTimeout(() => look().catch((error) => controller.abort(error)), 10);
  };
  look().catch((error) => controller.abort(error));
  return controller.signal;
}

/** Where the program runs, in the words of the runtime itself. */
function runtime() {
  if (process.versions.bun) return `Bun ${process.versions.bun}`;
  if (process.versions.deno) return `Deno ${process.versions.deno}`;
  return `Node.js ${process.versions.node}`;
}

/** In a worker thread: the program beside this one opens a database of its own. */
async function inWorkerThread(config, program) {
  const { Worker } = require('node:worker_threads');
  const worker = new Worker(program, { workerData: config });
  const [answer] = await once(worker, 'message');
  assert.deepStrictEqual(answer, { sum: 5050n });
  await worker.terminate();
}

/**
 * Runs the abilities that the argument names and prints, as JSON, what became of each: `ok`, or
 * the error.
 */
module.exports = async function exercise(kingbase, workerProgram) {
  const { names, config, tls } = JSON.parse(process.argv[2]);
  const db = kingbase.open({ ...config, applicationName: temporaryName('main') });
  const results = {};
  for (const name of names) {
    try {
      if (name === 'worker thread') await inWorkerThread(config, workerProgram);
      else await abilities[name](kingbase, db, config, tls);
      results[name] = 'ok';
    } catch (error) {
      results[name] = String(error?.stack ?? error);
    }
  }
  const { version: server } = await db.serverInfo();
  const { path, version } = db.clientLibrary();
  await db.close();
  console.log(JSON.stringify({ runtime: runtime(), server, library: { path, version }, results }));
};
