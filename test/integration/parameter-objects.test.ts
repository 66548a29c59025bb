import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

/** As decimal.js, big.js and bignumber.js have it. */
class Decimal {
  constructor(private readonly text: string) {}
  toString(): string {
    return this.text;
  }
  toJSON(): string {
    return this.text;
  }
}

interface Sample {
  type: string;
  value: unknown;
  stored: string;
}

/** Objects whose class says in one way or another what they stand for. */
const samples: Record<string, Sample> = {
  'a decimal for numeric': { type: 'numeric', value: new Decimal('1.10'), stored: '1.10' },
  'a decimal for text': { type: 'text', value: new Decimal('1.10'), stored: '1.10' },
  'a decimal for jsonb': { type: 'jsonb', value: new Decimal('1.10'), stored: '"1.10"' },
  'a decimal for a domain over jsonb': { type: 'document', value: new Decimal('1.10'), stored: '"1.10"' },
  'decimals for numeric[]': { type: 'numeric[]', value: [new Decimal('1.10'), null], stored: '{1.10,NULL}' },
  'decimals for jsonb[]': { type: 'jsonb[]', value: [new Decimal('1.10')], stored: String.raw`{"\"1.10\""}` },
  'a URL for text': {
    type: 'text',
    value: new URL('http://x.example/?q="'),
    stored: 'http://x.example/?q=%22',
  },
  'a URL for json': { type: 'json', value: new URL('http://x.example/'), stored: '"http://x.example/"' },
  'a duration for interval': {
    type: 'interval',
    value: { toJSON: () => 'P1DT2H' },
    stored: '1 day 02:00:00',
  },
  'an object that gives another for JSON': {
    type: 'jsonb',
    value: { secret: 1, toJSON: () => ({ shown: 2 }) },
    stored: '{"shown": 2}',
  },
  'a typed array for int4[]': { type: 'int4[]', value: Int32Array.of(1, -2), stored: '{1,-2}' },
  'a typed array for float4[]': { type: 'float4[]', value: Float32Array.of(0.5, -1), stored: '{0.5,-1}' },
  'a typed array for float8[]': { type: 'float8[]', value: Float64Array.of(0.1, NaN), stored: '{0.1,NaN}' },
  'a typed array for int8[]': {
    type: 'int8[]',
    value: BigInt64Array.of(9007199254740993n),
    stored: '{9007199254740993}',
  },
  'a typed array for jsonb': { type: 'jsonb', value: Int16Array.of(1, 2), stored: '[1, 2]' },
  'a typed array for bytea': { type: 'bytea', value: Uint16Array.of(0x201), stored: String.raw`\x0102` },
  'typed arrays within an array': {
    type: 'int4[]',
    value: [Int32Array.of(1, 2), Int32Array.of(3, 4)],
    stored: '{{1,2},{3,4}}',
  },
  'bytes for bytea[]': { type: 'bytea[]', value: [Buffer.of(1, 2)], stored: String.raw`{"\\x0102"}` },
  'arrays of unlike lengths for jsonb[]': { type: 'jsonb[]', value: [[1, 2], [3]], stored: '{"[1, 2]",[3]}' },
  'arrays of one length for jsonb[]': {
    type: 'jsonb[]',
    value: [
      [1, 2],
      [3, 4],
    ],
    stored: '{"[1, 2]","[3, 4]"}',
  },
  'objects and arrays for json[]': {
    type: 'json[]',
    value: [{ a: [1] }, [[]], null],
    stored: String.raw`{"{\"a\":[1]}",[[]],NULL}`,
  },
};

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  beforeAll(async () => {
    db = open({ ...target.config, pool: { max: 1 } });
    await db.script(
      `SET client_min_messages = warning; DROP TABLE IF EXISTS given; DROP DOMAIN IF EXISTS document;
       CREATE DOMAIN document AS jsonb`,
    );
  });
  afterAll(async () => {
    await db.script('DROP TABLE IF EXISTS given; DROP DOMAIN document');
    await db.close();
  });

  const INSERT = 'INSERT INTO given (v) VALUES ($1)';
  const ways: Record<string, (value: unknown) => Promise<unknown>> = {
    'exec, three times': async (value) => {
      for (let i = 0; i < 3; i++) await db.exec(INSERT, [value]);
    },
    prepare: async (value) => {
      const insert = await db.prepare(INSERT);
      await insert.exec([value]);
      await insert.close();
    },
    rows: async (value) => {
      for await (const row of db.rows(`${INSERT} RETURNING 1 AS one`, [value]))
        expect(row).toEqual({ one: 1 });
    },
    transaction: (value) => db.transaction((tx) => tx.exec(INSERT, [value])),
    'batchInsert by unnest': (value) => db.batchInsert('given', ['v'], [[value]], { strategy: 'unnest' }),
    'batchInsert by values': (value) => db.batchInsert('given', ['v'], [[value]], { strategy: 'values' }),
    'batchInsert by copy': (value) => db.batchInsert('given', ['v'], [[value]], { strategy: 'copy' }),
  };
  describe.each(Object.entries(samples))('%s', (_, { type, value, stored }) => {
    it.each(Object.keys(ways))('%s', async (way) => {
      await db.script(`DROP TABLE IF EXISTS given; CREATE TABLE given (v ${type})`);
      await ways[way]?.(value);
      const { rows } = await db.query<{ v: string }>('SELECT DISTINCT v::text AS v FROM given');
      expect(rows).toEqual([{ v: stored }]);
    });
  });

  it('an object that cannot say what it is for JSON is refused by name', async () => {
    const value = {
      toJSON: () => {
        throw new Error('no');
      },
    };
    for (const call of [db.query('SELECT $1::text', [value]), db.query('SELECT $1::text[]', [[value]])]) {
      expect(await rejectionOf(call)).toMatchObject({ code: 'KB_BAD_PARAMETER', parameterIndex: 0 });
    }
  });

  it('a boolean for a number says how it is given', async () => {
    for (const type of ['int2', 'int4', 'int8', 'numeric', 'float8']) {
      expect(await rejectionOf(db.query(`SELECT $1::${type}`, [true]))).toMatchObject({
        code: '22P02',
        hint: expect.stringContaining('Number(value)') as string,
      });
    }
    // Other texts are other mistakes.
    expect(await rejectionOf(db.query('SELECT $1::int4', ['truely']))).not.toHaveProperty('hint');
    expect(await rejectionOf(db.query('SELECT $1::uuid', ['true']))).not.toHaveProperty('hint');
  });
});
