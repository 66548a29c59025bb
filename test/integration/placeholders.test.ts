import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  open,
  type Connection,
  type Database,
  type QueryParameters,
  type Queryable,
  type Transaction,
} from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open({ ...target.config, pool: { max: 2 } });
  });
  afterAll(() => db.close({ timeout: 1_000 }));

  /** The statement in each of the ways in which one can be run, and what each gives. */
  async function everyWay(sql: string, parameters: QueryParameters): Promise<unknown[]> {
    const rows: unknown[] = [];
    const run = async (on: Queryable): Promise<void> => {
      // Sent as it is, then prepared, then executed.
      for (let i = 0; i < 3; i++) rows.push((await on.query(sql, parameters)).rows[0]);
      rows.push(await on.queryRow(sql, parameters));
    };
    const prepared = async (on: Connection | Database | Transaction): Promise<void> => {
      await using statement = await on.prepare(sql);
      for (let i = 0; i < 2; i++) rows.push(await statement.queryRow(parameters));
      rows.push((await statement.query(parameters)).rows[0]);
    };
    await run(db);
    await prepared(db);
    await using connection = await db.connect();
    await run(connection);
    await prepared(connection);
    await connection.transaction(async (transaction) => {
      await run(transaction);
      await prepared(transaction);
    });
    return rows;
  }

  const cases: [sql: string, parameters: QueryParameters, row: object][] = [
    ['SELECT ?::int4 AS a, ?::text AS b', [1, '二'], { a: 1, b: '二' }],
    [
      'SELECT :a::int4 AS a, :b::text AS b, :a::int4 + 1 AS c',
      { a: 1, b: '二', more: 3 },
      { a: 1, b: '二', c: 2 },
    ],
    ['SELECT $2::int4 AS a, $1::text AS b', ['二', 1], { a: 1, b: '二' }],
    [`SELECT '?' AS a, "?" AS b, ? AS c FROM (SELECT 1 AS "?") t`, ['c'], { a: '?', b: 1, c: 'c' }],
    [`SELECT ':a' AS a, $$:a$$ AS b, :a::text AS c -- :a`, { a: 'x' }, { a: ':a', b: ':a', c: 'x' }],
    [`SELECT '{"k":1}'::jsonb ?? ? AS a`, ['k'], { a: true }],
    [`SELECT :doc::jsonb ?? :key AS a`, { doc: '{"k":1}', key: 'k' }, { a: true }],
    ['SELECT (ARRAY[5,6,7])[:n] AS a, (ARRAY[5,6,7])[1:2] AS b', { n: 2 }, { a: 6, b: [5, 6] }],
    ['SELECT ?::int4[] AS a', [[1, null, 3]], { a: [1, null, 3] }],
    ['SELECT :tag::json AS a', { tag: { 名: ['值'] } }, { a: { 名: ['值'] } }],
    ['SELECT ?::int4 IS NULL AS a, ?::int4 IS NULL AS b', [null, undefined], { a: true, b: true }],
    ['SELECT 1 AS a', [], { a: 1 }],
    ['SELECT 1 AS a', {}, { a: 1 }],
  ];
  it.each(cases)('%s with %j gives the same in every way', async (sql, parameters, row) => {
    const rows = await everyWay(sql, parameters);
    expect(rows).toHaveLength(21);
    for (const each of rows) expect(each).toEqual(row);
  });

  describe('a prepared statement', () => {
    it('tells by its text which placeholders it has', async () => {
      await using positional = await db.prepare('SELECT ?::int4 + ?::int4 AS v');
      await using named = await db.prepare('SELECT :a::int4 + :b::int4 AS v');
      expect(positional.compiled).toBe('SELECT $1::int4 + $2::int4 AS v');
      expect(named.compiled).toBe('SELECT $1::int4 + $2::int4 AS v');
      expect(await positional.queryRow([1, 2])).toEqual({ v: 3 });
      expect(await named.queryRow({ b: 20, a: 10 })).toEqual({ v: 30 });
    });

    it.each<[string, QueryParameters]>([
      ['SELECT ?::int4', { a: 1 }],
      ['SELECT ?::int4', [1, 2]],
      ['SELECT ?::int4', []],
      ['SELECT :a::int4', [1]],
      ['SELECT :a::int4', { b: 1 }],
      ['SELECT :a::int4', {}],
      ['SELECT $1::int4', { a: 1 }],
    ])('%s refuses %j', async (sql, parameters) => {
      await using statement = await db.prepare(sql);
      expect(await rejectionOf(statement.query(parameters))).toMatchObject({
        name: 'UsageError',
        code: 'KB_BAD_PARAMETER',
      });
    });

    it('needs ?? for the operator ?', async () => {
      await using statement = await db.prepare(`SELECT '{"k":1}'::jsonb ?? 'k' AS v`);
      expect(await statement.queryRow()).toEqual({ v: true });
    });
  });

  describe('refused before anything is sent', () => {
    it.each<[string, QueryParameters, RegExp]>([
      ['SELECT ?, ?', [1], /2 placeholders .*1 value was/],
      ['SELECT ?', [1, 2], /1 placeholder .*2 values were/],
      ['SELECT :name', { nmae: 1 }, /:name.*Did you mean "nmae"/],
      ['SELECT :toString', {}, /:toString|no "toString"/],
      ['SELECT 1', { a: 1 }, /no named placeholder/],
      ['SELECT :a', 'a' as never, /array.*or an object/],
      ['SELECT :a', 5 as never, /array.*or an object/],
    ])('%s with %j', async (sql, parameters, words) => {
      await using connection = await db.connect();
      await connection.exec('BEGIN');
      const error = await rejectionOf(connection.query(sql, parameters));
      expect(error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_PARAMETER' });
      expect(error.message).toMatch(words);
      // The transaction knows nothing of it.
      expect(await connection.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
    });

    it('never has a value in its message', async () => {
      for (const call of [
        db.query('SELECT ?, ?', ['private']),
        db.query('SELECT :a', { b: 'private' }),
        db.query('SELECT 1', { a: 'private' }),
      ]) {
        expect((await rejectionOf(call)).message).not.toContain('private');
      }
    });
  });

  it('no value becomes part of the text', async () => {
    const hostile = [`'; DROP TABLE x; --`, '$1', ':a', '?', '\\', `"`, '$$', '/*', '名\n'];
    for (const value of hostile) {
      expect(await db.queryRow('SELECT ?::text AS v', [value])).toEqual({ v: value });
      expect(await db.queryRow('SELECT :v::text AS v', { v: value })).toEqual({ v: value });
    }
  });

  it('an object of a class gives its own properties', async () => {
    class Person {
      readonly name = '王';
      readonly age = 7;
    }
    // Its type is refused, since an interface does not say which properties are there.
    const person = new Person() as unknown as QueryParameters;
    expect(await db.queryRow('SELECT :name::text AS name, :age::int4 AS age', person)).toEqual({
      name: '王',
      age: 7,
    });
  });
});
