import { describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

/** So many that most find every connection busy and are sent by the core itself. */
const CALLS = 400;

describe.each(targets())('$name: calls that wait for a connection', ({ config }) => {
  /** With `sql` prepared on both connections. */
  async function withPool(
    sql: string,
    parameter: unknown,
    use: (db: Database) => Promise<void>,
  ): Promise<void> {
    const db = open({ ...config, pool: { max: 2 } });
    try {
      for (let i = 0; i < 4; i++) await Promise.all([1, 2].map(() => db.query(sql, [parameter])));
      await use(db);
    } finally {
      await db.close({ timeout: 5_000 });
    }
  }

  it('get their own rows', async () => {
    await withPool('select $1::int as n', 0, async (db) => {
      const numbers = Array.from({ length: CALLS }, (_, n) => n);
      const results = await Promise.all(numbers.map((n) => db.query('select $1::int as n', [n])));
      expect(results.map(({ rows }) => rows)).toEqual(numbers.map((n) => [{ n }]));
    });
  });

  it('get their own errors, and those after them their rows', async () => {
    await withPool('select 10 / $1::int as n', 1, async (db) => {
      const divisors = Array.from({ length: CALLS }, (_, n) => n % 3);
      const results = await Promise.allSettled(
        divisors.map((divisor) => db.queryRow<{ n: number }>('select 10 / $1::int as n', [divisor])),
      );
      expect(results).toEqual(
        divisors.map((divisor) =>
          divisor === 0
            ? { status: 'rejected', reason: expect.objectContaining({ code: '22012' }) as unknown }
            : { status: 'fulfilled', value: { n: Math.trunc(10 / divisor) } },
        ),
      );
    });
  });

  it('get what their converters throw', async () => {
    const thrown = new Error('of the program');
    const parse = (text: string): number => {
      if (text === '7') throw thrown;
      return Number(text);
    };
    const types = { 23: { parse } };
    await withPool('select $1::int as n', 0, async (db) => {
      const numbers = Array.from({ length: CALLS }, (_, n) => n % 10);
      const results = await Promise.allSettled(
        numbers.map((n) => db.queryRow<{ n: number }>('select $1::int as n', [n], { types })),
      );
      expect(results).toEqual(
        numbers.map((n) =>
          n === 7 ? { status: 'rejected', reason: thrown } : { status: 'fulfilled', value: { n } },
        ),
      );
    });
  });

  it('do not wait behind one that takes long', async () => {
    const sql = 'select $1::int as n, pg_sleep(case when $1 = -1 then 0.5 else 0 end)';
    await withPool(sql, 0, async (db) => {
      const done: number[] = [];
      const run = async (n: number): Promise<void> => {
        await db.query(sql, [n]);
        done.push(n);
      };
      await Promise.all([-1, ...Array.from({ length: 20 }, (_, n) => n)].map(run));
      expect(done.at(-1)).toBe(-1);
    });
  });

  it('are run once each, also where statements of several commands are among them', async () => {
    const insert = 'insert into offered values ($1)';
    const setUp = open(config);
    await setUp.exec('drop table if exists offered');
    await setUp.exec('create table offered (n int)');
    await withPool(insert, -1, async (db) => {
      const calls = Array.from({ length: CALLS }, (_, n) =>
        n % 7 === 0
          ? db.exec(`insert into offered select a from unnest($1::int[]) a /* ${n % 21} */`, [[n]])
          : n % 11 === 0
            ? db.transaction((transaction) => transaction.exec(insert, [n]))
            : db.exec(insert, [n], n % 5 === 0 ? { timeout: 10_000 } : undefined),
      );
      await Promise.all(calls);
      const { rows } = await db.query<{ n: number }>('select n from offered where n >= 0 order by n');
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: CALLS }, (_, n) => n));
    });
    await setUp.exec('drop table offered');
    await setUp.close();
  });

  it('all end when their connections are terminated', async () => {
    const sql = 'select $1::int as n, pg_backend_pid() as pid';
    await withPool(sql, 0, async (db) => {
      const killer = open(config);
      const pids = new Set(
        (await Promise.all([1, 2].map(() => db.query<{ pid: number }>(sql, [0])))).map(
          ({ rows }) => rows[0]?.pid,
        ),
      );
      const calls = Promise.allSettled(
        Array.from({ length: CALLS }, (_, n) => db.queryRow<{ n: number }>(sql, [n])),
      );
      await killer.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [[...pids]]);
      const results = await calls;
      for (const [n, result] of results.entries()) {
        if (result.status === 'fulfilled') expect(result.value).toMatchObject({ n });
        else
          expect(result.reason).toMatchObject({
            code: expect.stringMatching(/57P01|KB_CONNECTION_LOST/) as unknown,
          });
      }
      // No more than was under way on each.
      expect(results.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(2);
      await killer.close();
    });
  });
});
