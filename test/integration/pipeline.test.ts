import { afterEach, describe, expect, it } from 'vitest';
import { open, type Connection, type ConnectionConfig, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

const CALLS = 300;
const numbers = Array.from({ length: CALLS }, (_, n) => n);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A connection on which the statements are prepared, each with its parameters. */
async function prepared(
  config: ConnectionConfig,
  ...statements: [string, unknown[]][]
): Promise<{ db: Database; connection: Connection }> {
  const db = open({ ...config, pipeline: true, pool: { max: 2 } });
  closing.push(() => db.close({ timeout: 5_000 }));
  const connection = await db.connect();
  closing.push(() => connection.release());
  for (const [sql, parameters] of statements)
    for (let i = 0; i < 4; i++) await connection.query(sql, parameters);
  return { db, connection };
}

describe.each(targets())('$name: calls on one connection, sent together', ({ config }) => {
  it('get their own rows', async () => {
    const sql = 'select $1::int as n';
    const { connection } = await prepared(config, [sql, [0]]);
    const results = await Promise.all(numbers.map((n) => connection.query(sql, [n])));
    expect(results.map(({ rows }) => rows)).toEqual(numbers.map((n) => [{ n }]));
  });

  it('get their own errors, and those after them their rows', async () => {
    const sql = 'select 10 / $1::int as n';
    const { connection } = await prepared(config, [sql, [1]]);
    const results = await Promise.allSettled(
      numbers.map((n) => connection.queryRow<{ n: number }>(sql, [n % 3])),
    );
    expect(results).toEqual(
      numbers.map((n) =>
        n % 3 === 0
          ? { status: 'rejected', reason: expect.objectContaining({ code: '22012' }) as unknown }
          : { status: 'fulfilled', value: { n: Math.trunc(10 / (n % 3)) } },
      ),
    );
    expect(connection.transactionStatus).toBe('idle');
  });

  it('get what their converters throw', async () => {
    const sql = 'select $1::int as n';
    const thrown = new Error('of the program');
    const parse = (text: string): number => {
      if (text === '7') throw thrown;
      return Number(text);
    };
    const types = { 23: { parse } };
    const { connection } = await prepared(config);
    for (let i = 0; i < 4; i++) await connection.query(sql, [0], { types });
    const results = await Promise.allSettled(
      numbers.map((n) => connection.queryRow<{ n: number }>(sql, [n % 10], { types })),
    );
    expect(results).toEqual(
      numbers.map((n) =>
        n % 10 === 7 ? { status: 'rejected', reason: thrown } : { status: 'fulfilled', value: { n: n % 10 } },
      ),
    );
  });

  it('are carried out in their order, also with others among them', async () => {
    const insert = 'insert into sent_together values (default, $1::int)';
    const last = 'select max(n) as last, count(*)::int as count from sent_together';
    const { connection } = await prepared(config);
    await connection.exec('create temporary table sent_together (at serial, n int)');
    for (let i = 0; i < 4; i++) await connection.exec(insert, [-1]);
    for (let i = 0; i < 4; i++) await connection.query(last);
    const counts: unknown[] = [];
    await Promise.all(
      numbers.map(async (n) => {
        if (n % 50 === 0) await connection.script(`insert into sent_together (n) values (${n})`);
        else if (n % 31 === 0) await connection.exec(insert, [n], { timeout: 10_000 });
        else if (n % 17 === 0) await connection.exec(`insert into sent_together (n) select ${n}`);
        else await connection.exec(insert, [n]);
        counts.push(n);
      }),
    );
    const { rows } = await connection.query('select n from sent_together where n >= 0 order by at');
    expect(rows.map(({ n }) => n)).toEqual(numbers);
    expect(counts).toEqual(numbers);
    const both = await Promise.all([
      connection.exec(insert, [1000]),
      connection.queryRow(last),
      connection.exec(insert, [1001]),
      connection.queryRow(last),
    ]);
    expect(both[1]).toEqual({ last: 1000, count: CALLS + 5 });
    expect(both[3]).toEqual({ last: 1001, count: CALLS + 6 });
  });

  it('that are large both ways end, with others beside them', async () => {
    const sql = 'select $1::text as text, repeat($2::text, 30) as more';
    const { connection, db } = await prepared(config, [sql, ['', '']]);
    const text = 'ä'.repeat(3_500);
    const results = await Promise.all(
      numbers.map((n) =>
        n % 10 === 0
          ? db.queryRow<{ text: string; more: string }>(sql, [`${n}${text}`, text])
          : connection.queryRow<{ text: string; more: string }>(sql, [`${n}${text}`, text]),
      ),
    );
    for (const [n, row] of results.entries()) {
      expect(row?.text === `${n}${text}`).toBe(true);
      expect(row?.more.length).toBe(30 * text.length);
    }
  });

  it('of which some become large, and are read in parts then', async () => {
    const sql = `select i, repeat('x', 100) as text from generate_series(1, $1::int) as i`;
    const { connection } = await prepared(config, [sql, [1]]);
    const counts = numbers.map((n) => (n % 20 === 0 ? 4000 : n % 7));
    const results = await Promise.all(counts.map((count) => connection.query(sql, [count])));
    expect(results.map(({ rows }) => rows.length)).toEqual(counts);
  });

  it('in a transaction that fails, fail behind that', async () => {
    const sql = 'select 10 / $1::int as n';
    const { connection } = await prepared(config, [sql, [1]]);
    const transaction = await connection.begin();
    const results = await Promise.allSettled(
      [5, 2, 0, 1, 5].map((n) => transaction.queryRow<{ n: number }>(sql, [n])),
    );
    const failed = (code: string): object => ({
      status: 'rejected',
      reason: expect.objectContaining({ code }) as unknown,
    });
    expect(results).toEqual([
      { status: 'fulfilled', value: { n: 2 } },
      { status: 'fulfilled', value: { n: 5 } },
      failed('22012'),
      failed('25P02'),
      failed('25P02'),
    ]);
    await transaction.rollback();
    expect(connection.transactionStatus).toBe('idle');
    expect(await connection.queryRow(sql, [5])).toEqual({ n: 2 });
  });

  it('see a transaction that a text among them begins and ends', async () => {
    const sql = 'select $1::int as n, txid_current()::text as transaction';
    const { connection } = await prepared(config, [sql, [1]]);
    const query = (n: number): Promise<{ transaction: string } | undefined> =>
      connection.queryRow<{ transaction: string }>(sql, [n]);
    const [a, , b, c, , d] = await Promise.all([
      query(1),
      connection.exec('begin'),
      query(2),
      query(3),
      connection.exec('commit'),
      query(4),
    ]);
    expect(b?.transaction).toBe(c?.transaction);
    expect(new Set([a, b, d].map((row) => row?.transaction)).size).toBe(3);
  });

  it('bring notices and notifications', async () => {
    const sql = `select $1::int as n, pg_notify('sent_together', $2::text)::text`;
    const { connection } = await prepared(config, [sql, [0, 'first']]);
    const payloads: string[] = [];
    await connection.exec('listen sent_together');
    connection.on('notification', ({ payload }) => payloads.push(payload));
    const told = numbers.map(String);
    await Promise.all(told.map((payload, n) => connection.query(sql, [n, payload])));
    expect(payloads).toEqual(told);
    await connection.exec('unlisten sent_together');
  });

  it('whose statement has become stale fail, where others had been sent behind them; the next does not', async () => {
    const { connection, db } = await prepared(config);
    const together = db.clientLibrary().capabilities.pipeline;
    const other = open(config);
    closing.push(() => other.close());
    await other.script(
      'drop table if exists changing; create table changing (n int); insert into changing values (1)',
    );
    const sql = 'select * from changing where n = $1';
    const insert = 'insert into changing values ($1)';
    for (let i = 0; i < 4; i++) await connection.query(sql, [1]);
    for (let i = 0; i < 4; i++) await connection.query(insert, [0]);
    await other.exec('alter table changing add more int');
    const results = await Promise.allSettled([
      connection.query(insert, [0]),
      connection.query(sql, [1]),
      connection.query(insert, [2]),
      connection.query(sql, [1]),
    ]);
    const rows = [{ n: 1, more: null }];
    const stale: unknown = {
      status: 'rejected',
      reason: expect.objectContaining({ code: '0A000' }) as unknown,
    };
    const right: unknown = { status: 'fulfilled', value: expect.objectContaining({ rows }) as unknown };
    const inserted: unknown = {
      status: 'fulfilled',
      value: expect.objectContaining({ rowCount: 1 }) as unknown,
    };
    // The last has nothing behind it, and is run again.
    expect(results).toEqual([inserted, together ? stale : right, inserted, right]);
    expect((await connection.query(sql, [1])).rows).toEqual(rows);
    await other.exec('drop table changing');
  });

  it('all end when the connection is terminated', async () => {
    const sql = 'select $1::int as n';
    const { connection, db } = await prepared(config, [sql, [0]]);
    const calls = Promise.allSettled(numbers.map((n) => connection.queryRow<{ n: number }>(sql, [n])));
    await db.query('select pg_terminate_backend($1)', [connection.backendPid]);
    let lost = false;
    for (const [n, result] of (await calls).entries()) {
      if (result.status === 'fulfilled') {
        expect(lost).toBe(false);
        expect(result.value).toEqual({ n });
      } else {
        lost = true;
        expect(result.reason).toMatchObject({ code: 'KB_CONNECTION_LOST' });
      }
    }
  });

  it('are ended by closing the database', async () => {
    const sql = 'select $1::int as n, pg_sleep(0.1)::text';
    const { connection, db } = await prepared(config, [sql, [0]]);
    const calls = Promise.allSettled(numbers.map((n) => connection.queryRow<{ n: number }>(sql, [n])));
    await db.close({ timeout: 100 });
    for (const result of await calls) expect(['rejected', 'fulfilled']).toContain(result.status);
  });
});

describe.each(targets())(
  '$name: calls that wait for a connection of the pool, sent together',
  ({ config }) => {
    /** A pool of two connections, on which the statements are prepared. */
    async function pool(...statements: [string, unknown[]][]): Promise<Database> {
      const db = open({ ...config, pipeline: true, pool: { max: 2 } });
      closing.push(() => db.close({ timeout: 5_000 }));
      for (const [sql, parameters] of statements)
        for (let i = 0; i < 4; i++) await Promise.all([1, 2].map(() => db.query(sql, parameters)));
      return db;
    }

    it('get their own rows and errors', async () => {
      const sql = 'select 10 / $1::int as n';
      const db = await pool([sql, [1]]);
      const results = await Promise.allSettled(numbers.map((n) => db.queryRow<{ n: number }>(sql, [n % 5])));
      expect(results).toEqual(
        numbers.map((n) =>
          n % 5 === 0
            ? { status: 'rejected', reason: expect.objectContaining({ code: '22012' }) as unknown }
            : { status: 'fulfilled', value: { n: Math.trunc(10 / (n % 5)) } },
        ),
      );
    });

    it('are carried out outside of a transaction that another has left open', async () => {
      const insert = 'insert into together values ($1)';
      const other = open(config);
      closing.push(() => other.close());
      await other.script('drop table if exists together; create table together (n int)');
      const db = await pool([insert, [-1]]);
      await Promise.all(
        numbers.map(async (n) => {
          if (n % 10 === 3) await db.exec('begin');
          else if (n % 10 === 6) await db.transaction((transaction) => transaction.exec(insert, [n]));
          else if (n % 10 === 9) await db.exec(insert, [n], { timeout: 20_000 });
          else await db.exec(insert, [n]);
        }),
      );
      const { rows } = await other.query('select n from together where n >= 0 order by n');
      expect(rows.map(({ n }) => n)).toEqual(numbers.filter((n) => n % 10 !== 3));
      await other.exec('drop table together');
    });

    it('are run again where their statement has become stale', async () => {
      const other = open(config);
      closing.push(() => other.close());
      await other.script(
        'drop table if exists changing; create table changing (n int); insert into changing values (1)',
      );
      const sql = 'select * from changing where n = $1';
      const db = await pool([sql, [1]]);
      await other.exec('alter table changing add more int');
      const results = await Promise.all(numbers.map(() => db.query(sql, [1])));
      for (const { rows } of results) expect(rows).toEqual([{ n: 1, more: null }]);
      await other.exec('drop table changing');
    });

    it('are unknown where they were sent on a connection that is terminated, and else run on another', async () => {
      const sql = 'select $1::int as n, pg_backend_pid() as pid';
      const db = await pool([sql, [0]]);
      const killer = open(config);
      closing.push(() => killer.close());
      const both = await Promise.all([1, 2].map(() => db.queryRow<{ pid: number }>(sql, [0])));
      const calls = Promise.allSettled(numbers.map((n) => db.queryRow<{ n: number }>(sql, [n])));
      await killer.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [
        both.map((row) => row?.pid),
      ]);
      for (const [n, result] of (await calls).entries()) {
        if (result.status === 'fulfilled') expect(result.value).toMatchObject({ n });
        else expect(result.reason).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
      }
      expect(await db.queryRow(sql, [7])).toMatchObject({ n: 7 });
    });
  },
);
