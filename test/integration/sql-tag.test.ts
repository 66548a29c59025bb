import { expectTypeOf } from 'expect-type';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, TimeoutError, type Database, type QueryResult, type RowObject } from 'kingbase-native';
import { targets } from '../support/targets.js';

describe.each(targets())('the tag sql: $name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  it('runs a statement in each way', async () => {
    const { sql } = db;
    const quote = `it's "so"; DROP TABLE x; --`;
    expect((await sql`SELECT ${quote}::text AS v`).rows).toStrictEqual([{ v: quote }]);
    const numbers = (n: number) => sql<{ g: number }>`SELECT g FROM generate_series(1, ${n}::int4) g`;
    expect(await numbers(1).one()).toStrictEqual({ g: 1 });
    expect(await numbers(0).maybeOne()).toBeUndefined();
    expect(await numbers(1).maybeOne()).toStrictEqual({ g: 1 });
    const wrong = { name: 'UsageError', code: 'KB_ROW_COUNT' };
    await expect(numbers(0).one()).rejects.toMatchObject(wrong);
    await expect(numbers(2).one()).rejects.toMatchObject(wrong);
    await expect(numbers(2).maybeOne()).rejects.toMatchObject(wrong);
    expect(await numbers(3).exec()).toStrictEqual({ rowsAffected: 3, command: 'SELECT' });
    const streamed: number[] = [];
    for await (const { g } of numbers(5).rows()) streamed.push(g);
    expect(streamed).toStrictEqual([1, 2, 3, 4, 5]);
    await expect(sql`SELECT pg_sleep(600)`.query({ timeout: 30 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(sql`SELECT '${1}'`).rejects.toMatchObject({ code: 'KB_BAD_STATEMENT' });
    expect(await sql`SELECT 1 / ${0}::int4`.catch((error: unknown) => error)).toMatchObject({
      code: '22012',
    });
    // One value, and not two: an array for the server.
    expect(await sql`SELECT 2 = ANY (${[1, 2]}::int4[]) AS v`.one()).toStrictEqual({ v: true });
  });

  it('runs nothing before it is awaited, and once where it is', async () => {
    await using connection = await db.connect();
    await connection.exec('CREATE TEMP TABLE tagged (id int, name text)');
    const { sql } = connection;
    const insert = sql`INSERT INTO ${sql.id('tagged')} VALUES ${sql.values([
      [1, '杭州'],
      [2, null],
    ])}`;
    expect(await connection.queryRow('SELECT count(*)::int4 AS n FROM tagged')).toStrictEqual({ n: 0 });
    expect((await insert).rowCount).toBe(2);
    await Promise.all([insert, insert]);
    expect(await sql`SELECT count(*)::int4 AS n FROM tagged`.one()).toStrictEqual({ n: 2 });
    const filters = [sql`id IN (${sql.list([1, 2, 3])})`, sql`name = ${'杭州'}`];
    expect(await sql`SELECT id FROM tagged WHERE ${sql.join(filters, sql` AND `)}`.one()).toStrictEqual({
      id: 1,
    });
    await connection
      .transaction(async (tx) => {
        await tx.sql`DELETE FROM tagged`.exec();
        expect(await tx.sql`SELECT id FROM tagged`.maybeOne()).toBeUndefined();
        throw new Error('undone');
      })
      .catch(() => undefined);
    expect(await sql`SELECT count(*)::int4 AS n FROM tagged`.one()).toStrictEqual({ n: 2 });
    await connection.release({ discard: true });
  });

  it('has types', () => {
    const typed = () => db.sql<{ a: number }>`SELECT 1 AS a`;
    type Typed = ReturnType<typeof typed>;
    expectTypeOf<Awaited<Typed>>().toEqualTypeOf<QueryResult<{ a: number }>>();
    expectTypeOf<ReturnType<Typed['one']>>().toEqualTypeOf<Promise<{ a: number }>>();
    expectTypeOf<ReturnType<Typed['maybeOne']>>().toEqualTypeOf<Promise<{ a: number } | undefined>>();
    const plain = () => db.sql`SELECT 1`;
    expectTypeOf<Awaited<ReturnType<typeof plain>>>().toEqualTypeOf<QueryResult<RowObject>>();
    expect(typed).not.toBe(plain);
  });
});
