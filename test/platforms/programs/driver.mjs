// What a user of the driver does, on the system that this runs on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ConnectionError, DatabaseError, open, TimeoutError } from 'kingbase-native';
import { input } from './input.mjs';

const { config, flavour, libraryPath, freePort } = input;
let db;

before(() => {
  db = open(config, { pool: { max: 5 } });
});
after(() => db.close());

test('the client library that was named is the one in use', async () => {
  await db.ping();
  const library = db.clientLibrary();
  assert.equal(library.path, libraryPath);
  assert.equal(library.flavour, flavour);
});

test('values come back as they were sent', async () => {
  const day = new Date('2024-02-29T12:34:56.789Z');
  const { rows } = await db.query(
    `SELECT $1::int4 AS small, $2::int8 AS large, $3::float8 AS fraction, $4::bool AS flag, $5::bytea AS bytes,
       $6::timestamptz AS instant, $7::text AS absent, $8::numeric AS exact, $9::int4[] AS list, $10::jsonb AS tree`,
    [
      -42,
      9007199254740993n,
      0.1,
      true,
      Buffer.from([0, 1, 255]),
      day,
      null,
      '12345678901234567890.123456789',
      [1, null, 3],
      { 键: ['值', 1] },
    ],
  );
  assert.deepEqual(rows, [
    {
      small: -42,
      large: 9007199254740993n,
      fraction: 0.1,
      flag: true,
      bytes: Buffer.from([0, 1, 255]),
      instant: day,
      absent: null,
      exact: '12345678901234567890.123456789',
      list: [1, null, 3],
      tree: { 键: ['值', 1] },
    },
  ]);
});

test('floating point numbers are not off by a bit', async () => {
  const bits = new DataView(new ArrayBuffer(8));
  let random = 20_240_229n;
  const numbers = [];
  while (numbers.length < 5000) {
    // Knuth's linear congruential generator (The Art of Computer Programming, 3.3.4).
    random = BigInt.asUintN(64, random * 6364136223846793005n + 1442695040888963407n);
    bits.setBigUint64(0, random);
    const number = bits.getFloat64(0);
    if (Number.isFinite(number)) numbers.push(number);
  }
  numbers.push(5e-324, 2.2250738585072014e-308, Number.MAX_VALUE, 2 ** 53 + 2, 0.1 + 0.2);
  const { rows } = await db.query('SELECT unnest($1::float8[])', [numbers], { rowMode: 'array' });
  const wrong = rows.flatMap(([number], index) =>
    number === numbers[index] ? [] : [[number, numbers[index]]],
  );
  assert.deepEqual(wrong, []);
});

test('Chinese text in names, statements, values and error messages', async () => {
  await db.transaction(async (tx) => {
    await tx.exec('CREATE TEMPORARY TABLE "员工" ("姓名" text NOT NULL, "备注" text)');
    await tx.exec('INSERT INTO "员工" VALUES ($1, $2)', ['张三', '𠮷野家🎉']);
    assert.deepEqual(await tx.queryRow('SELECT "姓名", "备注", \'你好\' AS "问候" FROM "员工"'), {
      姓名: '张三',
      备注: '𠮷野家🎉',
      问候: '你好',
    });
  });
  await assert.rejects(db.query('SELECT 1 AS "一" FROM "没有这张表"'), (error) => {
    assert.ok(error instanceof DatabaseError);
    assert.equal(error.code, '42P01');
    assert.match(error.message, /没有这张表/);
    return true;
  });
});

test('a prepared statement runs many times, on several connections', async () => {
  const statement = await db.prepare('SELECT $1::int4 * 2 AS twice, $2::text AS text');
  const rows = await Promise.all(Array.from({ length: 100 }, (_, n) => statement.queryRow([n, `第${n}行`])));
  assert.deepEqual(
    rows,
    Array.from({ length: 100 }, (_, n) => ({ twice: n * 2, text: `第${n}行` })),
  );
  await statement.close();
});

test('a transaction that fails leaves nothing behind', async () => {
  await db.exec('CREATE TABLE IF NOT EXISTS "转账" (n int4)');
  await assert.rejects(
    db.transaction(async (tx) => {
      await tx.exec('INSERT INTO "转账" VALUES (1)');
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  assert.deepEqual(await db.queryRow('SELECT count(*)::int4 AS n FROM "转账"'), { n: 0 });
  await db.exec('DROP TABLE "转账"');
});

test('a large result, and rows that come faster than they are taken', async () => {
  const { rows } = await db.query(
    "SELECT n, repeat('行', 50) || n AS text FROM generate_series(1, 60000) AS n",
  );
  assert.equal(rows.length, 60_000);
  assert.ok(rows.every(({ n, text }, index) => n === index + 1 && text === `${'行'.repeat(50)}${n}`));
});

test('a parameter that fills the buffers of the system', async () => {
  const text = '金仓'.repeat(4 * 1024 * 1024);
  const row = await db.queryRow(
    'SELECT length($1::text) AS length, md5($1::text) AS hash, $1::text AS back',
    [text],
  );
  assert.equal(row.length, text.length);
  assert.ok(row.back === text);
});

test('many rows inserted at once, in each of the ways', async () => {
  await db.exec('CREATE TABLE "批量" (n int4 PRIMARY KEY, text text)');
  const rows = function* (first, count) {
    for (let n = first; n < first + count; n++) yield [n, n % 10 === 0 ? null : `第${n}行`];
  };
  const copied = await db.batchInsert('批量', ['n', 'text'], rows(0, 100_000));
  assert.equal(copied.strategy, 'copy');
  assert.equal(copied.rowsInserted, 100_000);
  const inserted = await db.batchInsert('批量', ['n', 'text'], rows(99_990, 20), { onConflict: 'ignore' });
  assert.notEqual(inserted.strategy, 'copy');
  assert.equal(inserted.rowsInserted, 10);
  assert.deepEqual(
    await db.queryRow(
      `SELECT count(*)::int4 AS count, count(text)::int4 AS texts,
         count(*) FILTER (WHERE text = '第' || n || '行')::int4 AS right FROM "批量"`,
    ),
    { count: 100_010, texts: 90_009, right: 90_009 },
  );
  await assert.rejects(
    db.batchInsert(
      '批量',
      ['n', 'text'],
      [
        [200_000, ''],
        [0, ''],
      ],
    ),
    (error) => {
      assert.equal(error.code, '23505', error.message);
      return true;
    },
  );
  await db.exec('DROP TABLE "批量"');
});

test('rows one after another, and no further than they are read', async () => {
  let sum = 0;
  for await (const { n } of db.rows('SELECT n FROM generate_series(1, 100000) AS n')) sum += n;
  assert.equal(sum, 5_000_050_000);
  const seen = [];
  for await (const { n } of db.rows('SELECT n FROM generate_series(1, 10000000) AS n')) {
    seen.push(n);
    if (n === 3) break;
  }
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(await db.queryRow('SELECT 1 AS one'), { one: 1 });
});

test('COPY in and out as streams', async () => {
  await db.transaction(async (tx) => {
    await tx.exec('CREATE TEMPORARY TABLE "文件" (n int4, text text)');
    const lines = Array.from({ length: 50_000 }, (_, n) => `${n}\t第${n}行\n`);
    await pipeline(Readable.from(lines), tx.copyFrom('COPY "文件" FROM STDIN'));
    const chunks = await tx.copyTo('COPY (SELECT * FROM "文件" ORDER BY n) TO STDOUT').toArray();
    assert.ok(Buffer.concat(chunks).toString() === lines.join(''));
  });
});

test('a statement is cancelled by its time limit and by a signal', async () => {
  await assert.rejects(db.query('SELECT pg_sleep(60)', [], { timeout: 300 }), TimeoutError);
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  setTimeout(() => controller.abort(reason), 100);
  await assert.rejects(
    db.query('SELECT pg_sleep(60)', [], { signal: controller.signal }),
    (error) => error === reason,
  );
  assert.deepEqual(await db.queryRow('SELECT 1 AS one'), { one: 1 });
});

test('queries at the same time do not wait for one another', async () => {
  const rows = await Promise.all(
    Array.from({ length: 5 }, () => db.queryRow('SELECT pg_backend_pid() AS pid, pg_sleep(0.2)')),
  );
  assert.equal(new Set(rows.map(({ pid }) => pid)).size, 5);
});

test('everything at once: no answer is lost and none goes to another call', async () => {
  const crowd = open(config, { pool: { max: 16 } });
  const small = async (worker) => {
    for (let n = 0; n < 100; n++) {
      const text = '文'.repeat(n);
      const parameters = [worker * 1000 + n, text];
      const row = await crowd.queryRow('SELECT $1::int4 AS n, $2::text AS text', parameters);
      assert.deepEqual(row, { n: parameters[0], text });
    }
  };
  const large = async () => {
    const { rows } = await crowd.query('SELECT n FROM generate_series(1, 20000) AS n');
    assert.ok(rows.every(({ n }, index) => n === index + 1));
  };
  const cancelled = async () => {
    for (let n = 0; n < 5; n++) {
      await assert.rejects(crowd.query('SELECT pg_sleep(60)', [], { timeout: 20 }), TimeoutError);
    }
  };
  const connecting = async () => {
    for (let n = 0; n < 10; n++) {
      const other = open(config, { pool: { max: 2 } });
      await Promise.all([other.ping(), other.ping(), other.ping()]);
      await other.close();
    }
  };
  await Promise.all([
    ...Array.from({ length: 20 }, (_, worker) => small(worker)),
    ...[large, large, large, cancelled, cancelled, connecting, connecting].map((work) => work()),
  ]);
  await crowd.close();
});

test('notifications arrive', async () => {
  const { promise, resolve } = withResolvers();
  const subscription = await db.listen('platform_频道', ({ payload }) => resolve(payload));
  await db.exec('SELECT pg_notify($1, $2)', ['platform_频道', '消息']);
  assert.equal(await promise, '消息');
  await subscription.close();
});

test('the pool replaces connections that the server has ended', async () => {
  const admin = open(config, { pool: { max: 1 } });
  const connections = await Promise.all(Array.from({ length: 3 }, () => db.connect()));
  const pids = await Promise.all(
    connections.map(async (connection) => (await connection.queryRow('SELECT pg_backend_pid() AS pid')).pid),
  );
  await Promise.all(connections.map((connection) => connection.release()));
  await admin.exec('SELECT pg_terminate_backend(pid) FROM unnest($1::int4[]) AS pid', [pids]);
  // The server has ended them once they are no longer listed.
  for (let left = 1; left > 0;) {
    ({ left } = await admin.queryRow(
      'SELECT count(*)::int4 AS left FROM pg_stat_activity WHERE pid = ANY ($1::int4[])',
      [pids],
    ));
  }
  const answers = await Promise.all(
    Array.from({ length: 9 }, (_, n) => db.queryRow('SELECT $1::int4 AS n', [n])),
  );
  assert.deepEqual(
    answers,
    answers.map((_, n) => ({ n })),
  );
  await admin.close();
});

test('a connection that is ended in the middle of a statement is told as lost', async () => {
  const admin = open(config, { pool: { max: 1 } });
  const connection = await db.connect();
  const { pid } = await connection.queryRow('SELECT pg_backend_pid() AS pid');
  const running = connection.query('SELECT pg_sleep(60)');
  const failure = assert.rejects(running, (error) => {
    assert.ok(error instanceof DatabaseError || error instanceof ConnectionError, String(error));
    assert.ok(['57P01', 'KB_CONNECTION_LOST'].includes(error.code), error.code);
    return true;
  });
  for (let state; state !== 'active';) {
    ({ state } = await admin.queryRow('SELECT state FROM pg_stat_activity WHERE pid = $1', [pid]));
  }
  await admin.exec('SELECT pg_terminate_backend($1)', [pid]);
  await failure;
  await connection.release();
  await admin.close();
});

test('a port that nobody listens on is refused, and not waited for', async () => {
  const absent = open({ ...config, port: freePort });
  await assert.rejects(absent.ping(), (error) => {
    assert.ok(error instanceof ConnectionError);
    assert.equal(error.code, 'KB_CONNECT_REFUSED', error.message);
    return true;
  });
  await absent.close();
});

test('worker threads have databases of their own, and may be ended in the middle of their work', async () => {
  const url = new URL('./worker.mjs', import.meta.url);
  const workers = Array.from({ length: 3 }, () => new Worker(url, { workerData: config }));
  const sums = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  assert.deepEqual(sums, [1275, 1275, 1275]);
  // Each has gone on to a statement that takes a minute.
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.deepEqual(await db.queryRow('SELECT 1 AS one'), { one: 1 });
});

/** Promise.withResolvers, which Node 18 and 20 do not have. */
function withResolvers() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}
