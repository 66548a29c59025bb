import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  open,
  type BatchInsertOptions,
  type BatchStrategy,
  type Connection,
  type Database,
  type Queryable,
} from 'kingbase-native';
import { targets } from '../support/targets.js';

const STRATEGIES: BatchStrategy[] = ['copy', 'unnest', 'values'];
/** Few rows are one statement, many are several; in a transaction it is a savepoint. */
const SIZES = [1, 600];

interface Change {
  what: string;
  before: string;
  after: string;
  column: string;
  first: unknown;
  then: unknown;
  /** As text, of the second row. */
  stored: string;
}

// `T` is the table's name, `S` the schema.
const CHANGES: Change[] = [
  {
    what: 'float4 to float8',
    before: 'CREATE TABLE T (c float4)',
    after: 'ALTER TABLE T ALTER c TYPE float8',
    column: 'c',
    first: 1.5,
    then: 1234567.891,
    stored: '1234567.891',
  },
  {
    what: 'date to timestamp',
    before: 'CREATE TABLE T (c date)',
    after: 'ALTER TABLE T ALTER c TYPE timestamp',
    column: 'c',
    first: '2024-05-06',
    then: '2024-05-06 13:14:15',
    stored: '2024-05-06 13:14:15',
  },
  {
    what: 'timestamp to timestamptz',
    before: 'CREATE TABLE T (c timestamp)',
    after: `ALTER TABLE T ALTER c TYPE timestamptz`,
    column: 'c',
    first: '2024-05-06 12:00',
    then: '2024-05-06T12:00:00+08:00',
    stored: '2024-05-06 04:00:00+00',
  },
  {
    what: 'int4 to int8',
    before: 'CREATE TABLE T (c int4)',
    after: 'ALTER TABLE T ALTER c TYPE int8',
    column: 'c',
    first: 1,
    then: 3_000_000_000,
    stored: '3000000000',
  },
  {
    what: 'text to jsonb',
    before: 'CREATE TABLE T (c text)',
    after: 'ALTER TABLE T ALTER c TYPE jsonb USING to_jsonb(c)',
    column: 'c',
    first: 'a',
    then: [1, { a: 2 }],
    stored: '[1, {"a": 2}]',
  },
  {
    what: 'the other way round: float8 to float4',
    before: 'CREATE TABLE T (c float8)',
    after: 'ALTER TABLE T ALTER c TYPE float4',
    column: 'c',
    first: 1.5,
    then: 0.1,
    stored: '0.1',
  },
  {
    what: 'an enum that was made again with its table',
    before: `CREATE TYPE S.E AS ENUM ('a'); CREATE TABLE T (c S.E)`,
    after: `DROP TABLE T; DROP TYPE S.E; CREATE TYPE S.E AS ENUM ('a', 'b'); CREATE TABLE T (c S.E)`,
    column: 'c',
    first: 'a',
    then: 'b',
    stored: 'b',
  },
  {
    what: 'a table that was made again with other columns',
    before: 'CREATE TABLE T (x int4, c int4)',
    after: 'DROP TABLE T; CREATE TABLE T (c float8, y int4, x int4)',
    column: 'c',
    first: 1,
    then: 2.25,
    stored: '2.25',
  },
  {
    what: 'a column that was dropped and added again',
    before: 'CREATE TABLE T (c date, x int4)',
    after: 'ALTER TABLE T DROP c; ALTER TABLE T ADD c timestamp',
    column: 'c',
    first: '2024-05-06',
    then: '2024-05-06 13:14:15',
    stored: '2024-05-06 13:14:15',
  },
  {
    what: 'columns whose names were exchanged',
    before: 'CREATE TABLE T (c date, d timestamp)',
    after: 'ALTER TABLE T RENAME c TO x; ALTER TABLE T RENAME d TO c; ALTER TABLE T RENAME x TO d',
    column: 'c',
    first: '2024-05-06',
    then: '2024-05-06 13:14:15',
    stored: '2024-05-06 13:14:15',
  },
  {
    what: 'a type of its own that was replaced by a domain over another',
    before: `CREATE TABLE T (c numeric)`,
    after: `CREATE DOMAIN S.E AS text; ALTER TABLE T ALTER c TYPE S.E`,
    column: 'c',
    first: 1,
    then: 'abc',
    stored: 'abc',
  },
];

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  /** Other sessions, of which the first knows nothing. */
  let other: Database;
  let number = 0;
  const schema = 'batch_tables_test';
  beforeAll(async () => {
    const config = { ...target.config, options: '-c TimeZone=UTC', pool: { max: 1 } };
    db = open(config);
    other = open(config);
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await Promise.all([db.close(), other.close()]);
  });

  const rowsOf = (value: unknown, count: number): unknown[][] => Array.from({ length: count }, () => [value]);

  async function storedIn(table: string, column: string): Promise<unknown[]> {
    const { rows } = await db.query(`SELECT DISTINCT ${column}::text AS c FROM ${table}`);
    return rows.map(({ c }) => c);
  }

  /** The places a batch can be asked for at. */
  const PLACES: Record<string, (use: (on: Queryable) => Promise<void>) => Promise<void>> = {
    database: (use) => use(db),
    connection: async (use) => {
      const connection: Connection = await db.connect();
      try {
        await use(connection);
      } finally {
        await connection.release();
      }
    },
    transaction: (use) => db.transaction((tx) => use(tx)),
  };

  describe.each(STRATEGIES)('%s', (strategy) => {
    describe.each(CHANGES)('$what', ({ before, after, column, first, then, stored }) => {
      it.each(
        Object.keys(PLACES).flatMap((place) =>
          SIZES.flatMap((size) =>
            (['itself', 'another session'] as const)
              // A change by another session would wait for the transaction.
              .filter((by) => !(place === 'transaction' && by === 'another session'))
              .map((by) => ({ place, size, by })),
          ),
        ),
      )('on a $place, $size rows, changed by $by', async ({ place, size, by }) => {
        const table = `${schema}.t${++number}`;
        const named = (sql: string): string =>
          sql
            .replace(/\bT\b/g, table)
            .replace(/\bS\.E\b/g, `${schema}.e${number}`)
            .replace(/\bS\b/g, schema);
        await other.script(named(before));
        await PLACES[place]!(async (on) => {
          for (let i = 0; i < 3; i++)
            await on.batchInsert(table, [column], rowsOf(first, size), { strategy });
          // What stands there may not fit the new type.
          await on.script(`TRUNCATE ${table}`);
          await (by === 'itself' ? on : other).script(named(after));
          for (let i = 0; i < 2; i++) {
            const result = await on.batchInsert(table, [column], rowsOf(then, size), { strategy });
            expect(result).toMatchObject({ rowsInserted: size, strategy });
          }
        });
        expect(await storedIn(table, column)).toEqual([stored]);
        await db.script(`DROP TABLE ${table}`);
      });
    });

    it('a name that is another table under each search_path', async () => {
      await db.script(`
        CREATE SCHEMA IF NOT EXISTS tenant_a; CREATE SCHEMA IF NOT EXISTS tenant_b;
        CREATE TABLE tenant_a.bm (v float4, d date); CREATE TABLE tenant_b.bm (v float8, d timestamp)`);
      try {
        const row = [1234567.891, '2024-05-06 13:14:15'];
        for (let i = 0; i < 6; i++) {
          const tenant = i % 2 === 0 ? 'tenant_a' : 'tenant_b';
          await db.script(`SET search_path = ${tenant}`);
          for (const size of SIZES) {
            await db.batchInsert(
              'bm',
              ['v', 'd'],
              Array.from({ length: size }, () => row),
              { strategy },
            );
          }
        }
        await db.script('RESET search_path');
        const { rows } = await db.query(`
          SELECT DISTINCT 'a' AS t, v::float8::numeric::text AS v, d::text FROM tenant_a.bm
          UNION ALL SELECT DISTINCT 'b', v::text, d::text FROM tenant_b.bm`);
        expect(rows).toEqual([
          { t: 'a', v: '1234567.875', d: '2024-05-06' },
          { t: 'b', v: '1234567.891', d: '2024-05-06 13:14:15' },
        ]);
      } finally {
        await db.script('DROP SCHEMA tenant_a CASCADE; DROP SCHEMA tenant_b CASCADE; RESET search_path');
      }
    });

    it('a temporary table in front of another', async () => {
      const name = `front${++number}`;
      const table = `${schema}.${name}`;
      await db.script(`CREATE TABLE ${table} (c date); SET search_path = ${schema}`);
      await db.batchInsert(name, ['c'], [['2024-05-06']], { strategy });
      await db.script(`CREATE TEMPORARY TABLE ${name} (c timestamp)`);
      await db.batchInsert(name, ['c'], [['2024-05-06 13:14:15']], { strategy });
      expect(await storedIn(`pg_temp.${name}`, 'c')).toEqual(['2024-05-06 13:14:15']);
      await db.script(`DROP TABLE pg_temp.${name}; RESET search_path`);
    });

    it('a column that was added since', async () => {
      const table = `${schema}.t${++number}`;
      await db.script(`CREATE TABLE ${table} (a int4)`);
      await db.batchInsert(table, ['a'], [[1]], { strategy });
      await db.script(`ALTER TABLE ${table} ADD b float8`);
      const result = await db.batchInsert(table, ['a', 'b'], [[1, 0.1]], { strategy });
      expect(result).toMatchObject({ rowsInserted: 1, strategy });
      expect(await storedIn(table, 'b')).toEqual([null, '0.1']);
    });
  });

  it('a table that was not there, and is', async () => {
    const table = `${schema}.t${++number}`;
    await expect(db.batchInsert(table, ['a'], [[1]])).rejects.toMatchObject({ code: '42P01' });
    await db.script(`CREATE TABLE ${table} (b int4)`);
    await expect(db.batchInsert(table, ['a'], [[1]])).rejects.toMatchObject({ code: '42703' });
    await db.script(`ALTER TABLE ${table} ADD a float8`);
    expect(await db.batchInsert(table, ['a'], [[0.1]])).toMatchObject({
      rowsInserted: 1,
      strategy: 'unnest',
    });
  });

  describe('types that have no arrays, or such as unnest would take apart', () => {
    const COLUMNS: Record<string, { type: string; values: [given: unknown, stored: string][] }> = {
      'a composite': {
        type: 'S.addr',
        values: [
          ['(main,5)', '(main,5)'],
          ['("a b",)', '("a b",)'],
        ],
      },
      'a composite of one field': { type: 'S.single', values: [['(7)', '(7)']] },
      'a domain over a composite': { type: 'S.home', values: [['(x,1)', '(x,1)']] },
      'an array of composites': { type: 'S.addr[]', values: [[['(x,1)', '(y,2)'], '{"(x,1)","(y,2)"}']] },
      'an array': {
        type: 'int4[]',
        values: [
          [[1, null, 3], '{1,NULL,3}'],
          [[], '{}'],
        ],
      },
      'an array of arrays': {
        type: 'text[]',
        values: [
          [
            [
              ['a', 'b'],
              ['c,d', '"'],
            ],
            '{{a,b},{"c,d","\\""}}',
          ],
        ],
      },
      'an array of bytes': { type: 'bytea[]', values: [[[Buffer.from([1, 255])], '{"\\\\x01ff"}']] },
      'an array of json': { type: 'jsonb[]', values: [[[{ a: 1 }], '{"{\\"a\\": 1}"}']] },
      'a domain over an array': { type: 'S.tags', values: [[['a', 'b'], '{a,b}']] },
      'a domain over a domain over json': { type: 'S.doc2', values: [[[1, { a: 2 }], '[1, {"a": 2}]']] },
      'an array of domains': { type: 'S.positive[]', values: [[[1, 2], '{1,2}']] },
      'a range': { type: 'int4range', values: [['[1,5)', '[1,5)']] },
    };
    beforeAll(() =>
      db.script(
        `
        CREATE TYPE S.addr AS (street text, no int); CREATE TYPE S.single AS (x int);
        CREATE DOMAIN S.home AS S.addr; CREATE DOMAIN S.tags AS text[];
        CREATE DOMAIN S.doc AS jsonb; CREATE DOMAIN S.doc2 AS S.doc; CREATE DOMAIN S.positive AS int CHECK (value > 0)`.replace(
          /\bS\b/g,
          schema,
        ),
      ),
    );
    const OPTIONS: BatchInsertOptions[] = [
      ...STRATEGIES.map((strategy) => ({ strategy })),
      {},
      { returning: ['id'] },
      { onConflict: 'ignore' },
    ];
    it.each(Object.keys(COLUMNS).flatMap((what) => OPTIONS.map((options) => ({ what, options }))))(
      '$what, $options',
      async ({ what, options }) => {
        const { type, values } = COLUMNS[what]!;
        const table = `${schema}.t${++number}`;
        await db.script(`CREATE TABLE ${table} (id int4 PRIMARY KEY, c ${type.replace('S.', `${schema}.`)})`);
        const rows = [...values.map(([given], i) => [i, given]), [values.length, null]];
        const result = await db.batchInsert(table, ['id', 'c'], rows, options);
        expect(result.rowsInserted).toBe(rows.length);
        const { rows: stored } = await db.query(`SELECT c::text FROM ${table} ORDER BY id`);
        expect(stored.map(({ c }) => c)).toEqual([...values.map(([, text]) => text), null]);
      },
    );
  });

  it.each(STRATEGIES)('many parameters, as many rows as there may be: %s', async (strategy) => {
    const table = `${schema}.t${++number}`;
    const names = ['i', 'a', 'b', 'c', 'd', 'e', 'f', 'tags'];
    await db.script(
      `CREATE TABLE ${table} (i int4 PRIMARY KEY, a int4, b int4, c int4, d int4, e int4, f text, tags text[])`,
    );
    for (const [from, count] of [
      [0, 937],
      [1_000, 938],
      [5_000, 4_000],
    ] as const) {
      const rows = Array.from({ length: count }, (_, i) => [from + i, 1, 2, 3, 4, 5, 'x', ['y']]);
      const options = strategy === 'copy' ? { strategy } : { strategy, onConflict: 'ignore' as const };
      expect(await db.batchInsert(table, names, rows, options)).toMatchObject({ rowsInserted: count });
    }
    const wide = `${schema}.t${++number}`;
    const columns = Array.from({ length: 1_000 }, (_, i) => `c${i}`);
    await db.script(`CREATE TABLE ${wide} (${columns.map((name) => `${name} int2`).join(', ')})`);
    const rows = Array.from({ length: 30 }, (_, row) => columns.map((_name, i) => (row + i) % 100));
    expect(await db.batchInsert(wide, columns, rows, { strategy, chunkRows: 30 })).toMatchObject({
      rowsInserted: 30,
    });
  });
});
