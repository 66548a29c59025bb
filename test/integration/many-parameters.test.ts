import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database, type Queryable } from 'kingbase-native';

/** Of as many parameters as 16 bits count, the last an array. */
const COUNTS = [7_489, 7_490, 30_000];

function statement(count: number): { sql: string; parameters: unknown[] } {
  const sum = Array.from({ length: count }, (_, i) => `($${i + 1}::int4)`);
  // In groups: an expression of ten thousand terms is deeper than the server's stack.
  const groups: string[] = [];
  for (let i = 0; i < sum.length; i += 100) groups.push(`(${sum.slice(i, i + 100).join('+')})`);
  const sql = `SELECT (SELECT sum(v) FROM unnest(ARRAY[${groups.join()}]) AS v) AS sum, $${count + 1}::text[] AS texts`;
  return { sql, parameters: [...Array<number>(count).fill(2), ['杭州', null]] };
}

async function first<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

const ways: Record<string, (on: Queryable, sql: string, parameters: unknown[]) => Promise<unknown[]>> = {
  query: async (on, sql, parameters) => (await on.query(sql, parameters)).rows,
  rows: (on, sql, parameters) => first(on.rows(sql, parameters)),
  prepare: async (on, sql, parameters) => {
    await using prepared = await on.prepare(sql);
    return (await prepared.query(parameters)).rows;
  },
};

// libpq cannot read the description of a statement that has more than 7,490 parameters.
describe.each(inject('libraries'))('very many parameters: $name', ({ path }) => {
  const { host, port, user, database } = inject('server');

  describe.each([undefined, 'transaction' as const])('behind the pooler %s', (pooler) => {
    let db: Database;
    beforeAll(() => {
      db = open({ host, port, user, database, clientLibrary: path, pooler, pool: { max: 1 } });
    });
    afterAll(() => db.close({ timeout: 1 }));

    // Behind a pooler there is no db.prepare().
    const possible = Object.entries(ways).filter(([name]) => pooler === undefined || name !== 'prepare');

    it.each(possible)('%s', async (_name, run) => {
      for (const count of COUNTS) {
        const { sql, parameters } = statement(count);
        const expected = [{ sum: BigInt(2 * count), texts: ['杭州', null] }];
        expect(await run(db, sql, parameters), `${count} parameters`).toEqual(expected);
        // Again, by what is known of it.
        expect(await run(db, sql, parameters)).toEqual(expected);
        expect(await db.transaction((tx) => run(tx, sql, parameters))).toEqual(expected);
      }
    });
  });
});
