import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database, type TypeOptions } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const EVERYTHING = `SELECT 9007199254740991::int8 AS big, ARRAY[1, NULL]::int8[] AS bigs,
  1.50::numeric AS exact, ARRAY[0.1, NULL]::numeric[] AS exacts,
  '2024-02-29'::date AS day, '{0044-03-15 BC,NULL,infinity}'::date[] AS days,
  '2024-02-29 12:34:56.123456'::timestamp AS local, '{2024-02-29 00:00:00}'::timestamp[] AS locals,
  '2024-02-29 12:34:56.123456+00'::timestamptz AS instant,
  '{"a": 1}'::json AS document, ARRAY['{"a": 1}'::jsonb, NULL] AS documents`;

const DEFAULTS = {
  big: 9007199254740991n,
  bigs: [1n, null],
  exact: '1.50',
  exacts: ['0.1', null],
  day: '2024-02-29',
  days: ['0044-03-15 BC', null, 'infinity'],
  local: new Date(2024, 1, 29, 12, 34, 56, 123),
  locals: [new Date(2024, 1, 29)],
  instant: new Date('2024-02-29T12:34:56.123Z'),
  document: { a: 1 },
  documents: [{ a: 1 }, null],
};

const CHOICES: [types: TypeOptions, changed: Partial<Record<keyof typeof DEFAULTS, unknown>>][] = [
  [{}, {}],
  [{ int8: 'bigint', numeric: 'string', date: 'string', timestamp: 'date', json: 'parse' }, {}],
  [{ int8: 'number' }, { big: 9007199254740991, bigs: [1, null] }],
  [{ int8: 'string' }, { big: '9007199254740991', bigs: ['1', null] }],
  [{ numeric: 'number' }, { exact: 1.5, exacts: [0.1, null] }],
  [{ date: 'date' }, { day: new Date(2024, 1, 29), days: [new Date(-43, 2, 15), null, 'infinity'] }],
  [
    { timestamp: 'string' },
    {
      local: '2024-02-29 12:34:56.123456',
      locals: ['2024-02-29 00:00:00'],
      instant: '2024-02-29 12:34:56.123456+00',
    },
  ],
  [{ json: 'string' }, { document: '{"a": 1}', documents: ['{"a": 1}', null] }],
];

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  describe.each(CHOICES)('types %j', (types, changed) => {
    const expected = { ...DEFAULTS, ...changed };

    it('holds for a call', async () => {
      for (let i = 0; i < 3; i++) {
        expect(await db.queryRow(EVERYTHING, [], { types })).toStrictEqual(expected);
        // The same statement without it, on the same connection, is as it was.
        expect(await db.queryRow(EVERYTHING)).toStrictEqual(DEFAULTS);
      }
    });

    it('holds for a database, and a call goes before it', async () => {
      await withDatabase(
        target,
        async (special) => {
          expect(await special.queryRow(EVERYTHING)).toStrictEqual(expected);
          const backToDefaults: TypeOptions = {
            int8: 'bigint',
            numeric: 'string',
            date: 'string',
            timestamp: 'date',
            json: 'parse',
          };
          expect(await special.queryRow(EVERYTHING, [], { types: backToDefaults })).toStrictEqual(DEFAULTS);
        },
        { types },
      );
    });
  });

  it("int8: 'number' refuses what is not exact and the connection goes on", async () => {
    const types: TypeOptions = { int8: 'number' };
    await withConnection(db, async (connection) => {
      for (const text of ['9007199254740992', '-9007199254740992', '9223372036854775807']) {
        for (const sql of [`SELECT ${text}::int8`, `SELECT ARRAY[1, ${text}]::int8[]`]) {
          await expect(connection.query(sql, [], { types })).rejects.toMatchObject({
            name: 'UsageError',
            code: 'KB_VALUE_NOT_EXACT',
            message: expect.stringContaining(text) as string,
          });
        }
      }
      expect(await connection.queryRow('SELECT -9007199254740991::int8 AS v', [], { types })).toStrictEqual({
        v: -9007199254740991,
      });
      // One bad value among many rows, which come in several chunks.
      const many = `SELECT CASE i WHEN 19999 THEN 9007199254740993 ELSE i END::int8 AS v FROM generate_series(1, 20000) AS i`;
      for (let i = 0; i < 3; i++) {
        await expect(connection.query(many, [], { types })).rejects.toMatchObject({
          code: 'KB_VALUE_NOT_EXACT',
        });
        expect((await connection.query(many)).rows[19_998]).toStrictEqual({ v: 9007199254740993n });
      }
    });
  });

  it("numeric: 'number' is the nearest double", async () => {
    const texts = [
      '0.1',
      '123456789012345678901234567890',
      '-0.30000000000000004',
      '1e-400',
      'NaN',
      `1${'0'.repeat(400)}`,
    ];
    const { rows } = await db.query('SELECT unnest($1::numeric[]) AS v', [texts], {
      types: { numeric: 'number' },
    });
    expect(rows).toStrictEqual(texts.map((text) => ({ v: Number(text) })));
  });

  it('reads all types by functions of the program, which may change from result to result', async () => {
    const parsers: Record<number, (text: string) => unknown> = {
      20: Number,
      114: (text) => ({ read: text }),
      701: Number,
    };
    const types: TypeOptions = {
      all: { parserOf: (oid) => parsers[oid], usual: [16, 21, 23, 26, 700, 701, 1082, 1114, 1184] },
    };
    const sql = `SELECT 7::int8 AS big, '{"a": 1}'::json AS document, 'NaN'::float8 AS ratio, 5::int4 AS number,
      '{1,2}'::int4[] AS numbers, true AS truth, '2024-02-29'::date AS day, '2024-02-29 12:34:56.123999'::timestamp AS local,
      '2024-02-29 12:34:56.123999+00'::timestamptz AS instant, 'infinity'::timestamptz AS never, 'x'::name AS name`;
    const expected = {
      big: 7,
      document: { read: '{"a": 1}' },
      ratio: NaN,
      number: 5,
      numbers: '{1,2}',
      truth: true,
      day: new Date(2024, 1, 29),
      local: new Date(2024, 1, 29, 12, 34, 56, 123),
      instant: new Date('2024-02-29T12:34:56.123Z'),
      never: 'infinity',
      name: 'x',
    };
    await withConnection(db, async (connection) => {
      for (let i = 0; i < 3; i++) {
        expect(await connection.queryRow(sql, [], { types })).toStrictEqual(expected);
        const [{ rows } = { rows: [] }] = await connection.scriptRows(sql, { types });
        expect(rows).toStrictEqual([expected]);
      }
      parsers[20] = (text) => `${text} from now on`;
      parsers[1184] = (text) => `<${text}>`;
      const changed = { ...expected, big: '7 from now on', never: '<infinity>' };
      expect(await connection.queryRow(sql, [], { types })).toStrictEqual(changed);
      // In several pieces, and values that are long.
      const many = `SELECT i::int8 AS big, lpad(i::text, 300, '0') AS long FROM generate_series(1, 5000) AS i`;
      for (let i = 0; i < 3; i++) {
        const { rows } = await connection.query(many, [], { types });
        expect(rows).toHaveLength(5000);
        expect(rows[4999]).toStrictEqual({ big: '5000 from now on', long: '5000'.padStart(300, '0') });
      }
    });
  });

  it('reads and writes a type by its OID with the functions of the caller', async () => {
    const point = {
      parse: (text: string): unknown => text.slice(1, -1).split(',').map(Number),
      serialize: (value: unknown): string => `(${(value as number[]).join()})`,
    };
    const sql = `SELECT $1::point AS one, $2::point[] AS many, $3::point AS none, $4::int4 AS number`;
    const parameters = [[1, 2.5], [[3, 4], null], null, 5];
    // An array for the serializer of the element type is one element, not a dimension, where it is one point.
    const expected = { one: [1, 2.5], none: null, number: 5 };
    for (const types of [{ 600: point }, { point }]) {
      for (let i = 0; i < 3; i++) {
        const row = await db.queryRow(sql, [parameters[0], ['(3,4)', null], null, 5], {
          types: { ...types, 1017: { serialize: (value) => `{"${(value as string[])[0]}",NULL}` } },
        });
        expect(row).toStrictEqual({ ...expected, many: [[3, 4], null] });
      }
    }
  });

  it('reads and writes arrays of a type with the functions for its elements', async () => {
    const types: TypeOptions = {
      money: {
        parse: (text) => Math.round(Number(text.replace(/[$,]/g, '')) * 100),
        serialize: (cents) => (Number(cents) / 100).toFixed(2),
      },
    };
    const row = await db.queryRow(
      'SELECT $1::money AS one, $2::money[] AS many, $1::money::text AS text',
      [
        123456,
        [
          [1, null],
          [-250, 99999],
        ],
      ],
      { types },
    );
    expect(row).toStrictEqual({
      one: 123456,
      many: [
        [1, null],
        [-250, 99999],
      ],
      text: '$1,234.56',
    });
  });

  it('sends what a serializer gives: text, bytes or NULL', async () => {
    const types: TypeOptions = {
      int4: { serialize: (value) => (value === 'nothing' ? null : Buffer.from([0, 0, 1, Number(value)])) },
      text: { serialize: (value) => `<${String(value)}>` },
    };
    const row = await db.queryRow(
      'SELECT $1::int4 AS binary, $2::int4 AS none, $3::text AS text, $4::text AS null',
      [2, 'nothing', '中文', null],
      { types },
    );
    expect(row).toStrictEqual({ binary: 258, none: null, text: '<中文>', null: null });
  });

  it('passes on what a parse function throws and the connection goes on', async () => {
    const thrown = new RangeError('not this one');
    const types: TypeOptions = {
      int4: {
        parse: (text) => {
          if (text === '7') throw thrown;
          return Number(text);
        },
      },
    };
    await withConnection(db, async (connection) => {
      const failure = await connection
        .query('SELECT generate_series(1, 10)', [], { types })
        .catch((error: unknown) => error);
      expect(failure).toBe(thrown);
      expect(await connection.queryRow('SELECT 6 AS v', [], { types })).toStrictEqual({ v: 6 });
      // A primitive, as a call that goes through C++ could lose.
      const primitive: TypeOptions = {
        int4: {
          parse: () => {
            // eslint's rule against throwing what is no Error holds for literals; this one comes from elsewhere.
            throw JSON.parse('"a string"') as Error;
          },
        },
      };
      await expect(connection.query('SELECT 1', [], { types: primitive })).rejects.toBe('a string');
      expect(await connection.queryRow('SELECT 8 AS v')).toStrictEqual({ v: 8 });
    });
  });

  it('refuses what a serializer may not do, names the parameter and leaves the connection usable', async () => {
    const thrown = new Error('no');
    const bad: [TypeOptions, unknown][] = [
      [{ text: { serialize: () => 5 as unknown as string } }, undefined],
      [
        {
          text: {
            serialize: () => {
              throw thrown;
            },
          },
        },
        thrown,
      ],
    ];
    await withConnection(db, async (connection) => {
      for (const [types, cause] of bad) {
        const failure = connection.query('SELECT $1::int4, $2::text', [1, 'x'], { types });
        await expect(failure).rejects.toMatchObject({
          code: 'KB_BAD_PARAMETER',
          parameterIndex: 1,
          ...(cause === undefined ? {} : { cause }),
        });
        expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
      }
    });
  });

  it('refuses types that are not understood before anything is sent', async () => {
    const types = { int8: 'nubmer' } as unknown as TypeOptions;
    await expect(db.query('SELECT 1', [], { types })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'KB_BAD_OPTION',
      message: expect.stringContaining("'number'") as string,
    });
    expect(() => open({ ...target.config, types })).toThrow(
      expect.objectContaining({ code: 'KB_BAD_OPTION' }) as Error,
    );
  });

  it("rowMode 'array' and 'object' read the same values", async () => {
    const sql = `SELECT i, i::text AS text, i % 2 = 0 AS even, NULL AS nothing, ARRAY[i] AS array
      FROM generate_series(1, 100) AS i`;
    for (let i = 0; i < 3; i++) {
      const arrays = await db.query(sql, [], { rowMode: 'array' });
      const objects = await db.query(sql, [], { rowMode: 'object' });
      expect(arrays.rows).toHaveLength(100);
      expect(arrays.rows[1]).toStrictEqual([2, '2', true, null, [2]]);
      expect(objects.rows.map((row) => Object.values(row))).toStrictEqual(arrays.rows);
      expect(objects.fields.map(({ name }) => name)).toStrictEqual(['i', 'text', 'even', 'nothing', 'array']);
      expect(await db.queryRow(sql, [], { rowMode: 'array' })).toStrictEqual(arrays.rows[0]);
    }
  });

  describe('types that only the server knows', () => {
    const schema = `types_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    beforeAll(async () => {
      await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema};
        CREATE TYPE ${schema}.mood AS ENUM ('sad', 'ok', '快乐');
        CREATE TYPE ${schema}.pair AS (a int, b text);
        CREATE DOMAIN ${schema}.positive AS int4 CHECK (VALUE > 0)`);
    });
    afterAll(() => db.exec(`DROP SCHEMA ${schema} CASCADE`));

    it('are text as the server writes them, and domains what they are made of', async () => {
      const sql = `SELECT $1::${schema}.mood AS mood, $2::${schema}.pair AS pair, $3::${schema}.positive AS positive`;
      expect(await db.queryRow(sql, ['快乐', '(1,"a b")', 5])).toStrictEqual({
        mood: '快乐',
        pair: '(1,"a b")',
        positive: 5,
      });
    });

    it('have arrays that are read as arrays', async () => {
      const row = await db.queryRow(`SELECT $1::${schema}.mood[] AS moods`, [['ok', null, '快乐']]);
      expect(row).toStrictEqual({ moods: ['ok', null, '快乐'] });
    });

    it('are read and written by name with the functions of the caller', async () => {
      const types: TypeOptions = {
        mood: { parse: (text) => ({ mood: text }), serialize: (value) => (value as { mood: string }).mood },
      };
      const row = await db.queryRow(
        `SELECT $1::${schema}.mood AS one, $2::${schema}.mood[] AS many`,
        [{ mood: 'ok' }, [{ mood: 'sad' }, null]],
        { types },
      );
      expect(row).toStrictEqual({ one: { mood: 'ok' }, many: [{ mood: 'sad' }, null] });
    });
  });
});
