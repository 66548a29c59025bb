import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type BatchStrategy, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { ALL_SAMPLES } from './value-samples.js';

const STRATEGIES: BatchStrategy[] = ['copy', 'unnest', 'values'];
/** Of `values` only whole chunks go in binary. */
const WAYS: { strategy: BatchStrategy; chunkRows?: number }[] = [
  ...STRATEGIES.map((strategy) => ({ strategy })),
  { strategy: 'values', chunkRows: 2 },
];
const KINGBASE_VALUE = Symbol.for('kingbase.value');

// An offset of half an hour, summer time, and seconds in the offset until 1935.
const zone = process.env['TZ'];
process.env['TZ'] = 'America/St_Johns';
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const integer = fc.oneof(
  fc.integer(),
  fc.constantFrom(
    0,
    -0,
    32767,
    32768,
    -32768,
    -32769,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 40,
    2 ** 53 - 1,
  ),
  fc.maxSafeInteger(),
);
const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.tuple(fc.integer(), fc.integer({ min: 0, max: 8 })).map(([digits, scale]) => digits / 10 ** scale),
  fc.constantFrom(
    NaN,
    Infinity,
    -Infinity,
    0.1,
    1e21,
    1e-7,
    5e-324,
    3.5e38,
    1 + 2 ** -24,
    1 + 3 * 2 ** -24,
    1e-46,
  ),
);
const bigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.constantFrom(2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 62n, 7n, 10n ** 40n),
);
const date = fc.oneof(
  fc.date({ noInvalidDate: false }),
  fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  fc.constantFrom(
    new Date(0),
    new Date('0001-01-01T00:00:00Z'),
    new Date('0000-12-31T00:00:00Z'),
    new Date('9999-12-31T23:59:59.999Z'),
    new Date('-004714-01-01T00:00:00Z'),
    new Date('1935-03-30T03:30:51.999Z'),
  ),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ minLength: 20, maxLength: 80 }),
  fc.constantFrom(
    '',
    '\\N',
    '\\.',
    'NULL',
    'a\tb\nc\r\\d',
    '\b\f\v',
    '{}',
    '"',
    "'",
    '\0',
    '中文 😀',
    'ab  ',
    '\ud800',
  ),
);
const numeral = fc.oneof(
  number.map(String),
  bigint.map(String),
  fc.stringMatching(/^[+-]?[0-9]{0,25}\.?[0-9]{0,12}$/),
  fc.constantFrom(' 42 ', '1e5', '0x10', 'NaN', 'infinity', '-0', '1.50', '007'),
);
const time = fc.oneof(
  date.filter((d) => !Number.isNaN(d.getTime())).map((d) => d.toISOString()),
  fc.constantFrom(
    '2024-02-30',
    '2024-02-29',
    '2023-02-29',
    '1900-02-29',
    '2000-02-29 23:59:60',
    '2024-1-2',
    'now-ish',
  ),
  fc.constantFrom('infinity', 'epoch', '20240229', '2024-02-29T12:34', '2024-02-29 12:34:56.123456+08:30'),
  fc.constantFrom(
    '2024-02-29 12:34:56.1234567-15:59',
    '2024-02-29 12:34:56Z',
    '0044-03-15 BC',
    '24:00:00',
    '12:34:56.7',
  ),
  fc.constantFrom(
    '2024-02-29 24:00:00+00',
    '2024-02-29 12:34:56+16',
    '2024-02-29 12:34:56-0330',
    '04:05',
    '12:00:00+08',
  ),
);
const thing = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 'true', 'f', 'yes', 'T', '1', '0'),
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase().replaceAll('-', '')),
  fc.json(),
  fc.object({ maxDepth: 1 }),
  fc.array(fc.oneof(fc.integer(), text, fc.constant(null)), { maxLength: 3 }),
  fc.constantFrom<unknown>(
    () => 1,
    Symbol('s'),
    new Map(),
    Object(5),
    Object('boxed'),
    { [KINGBASE_VALUE]: () => 7 },
    { [KINGBASE_VALUE]: () => null },
    { [KINGBASE_VALUE]: () => new Date(0) },
    Object.assign(new Date(5), { [KINGBASE_VALUE]: () => '2001-02-03' }),
  ),
);
const value = fc.oneof(integer, number, bigint, date, text, numeral, time, thing);
const bytes = fc.uint8Array({ maxLength: 20 });

/** What the values of a column are mostly made of, besides all the others. */
const TYPES: [type: string, usual: fc.Arbitrary<unknown>][] = [
  ['int2', fc.oneof(integer, numeral)],
  ['int4', fc.oneof(integer, numeral, bigint)],
  ['int8', fc.oneof(integer, numeral, bigint)],
  ['oid', fc.oneof(integer, numeral)],
  ['float4', fc.oneof(number, numeral, integer)],
  ['float8', fc.oneof(number, numeral, bigint)],
  ['numeric', fc.oneof(number, numeral, bigint)],
  ['numeric(12, 3)', fc.oneof(number, numeral, bigint)],
  ['bool', thing],
  ['text', fc.oneof(text, bytes)],
  ['varchar(5)', fc.oneof(text, bytes)],
  ['char(4)', text],
  ['"char"', text],
  ['name', text],
  ['uuid', thing],
  ['json', fc.oneof(thing, fc.json())],
  ['jsonb', fc.oneof(thing, fc.json())],
  [
    'bytea',
    fc.oneof(
      bytes,
      bytes.map((b) => Buffer.from(b)),
      bytes.map((b) => b.buffer),
      text,
    ),
  ],
  ['date', fc.oneof(date, time)],
  ['time', fc.oneof(date, time)],
  ['timestamp', fc.oneof(date, time)],
  ['timestamp(0)', fc.oneof(date, time)],
  ['timestamptz', fc.oneof(date, time)],
  ['interval', fc.constantFrom('1 day', '2 hours', 'P1Y', 'x')],
  ['inet', fc.constantFrom('10.0.0.1', '::1/64', 'x')],
  [
    'int4[]',
    fc.oneof(fc.array(fc.option(integer)), fc.array(fc.array(fc.integer(), { minLength: 2, maxLength: 2 }))),
  ],
  ['text[]', fc.array(fc.option(text))],
  ['batch_mood', fc.constantFrom('ok', '高兴', "it's", 'x')],
  ['batch_positive', fc.oneof(integer, numeral)],
  ['batch_document', fc.oneof(thing, fc.json())],
  ['batch_positive_again', integer],
];

/** Random values on one target: what the types become is the same for all. */
describe('a batch stores what single INSERTs store', () => {
  const target = targets()
    .filter(({ flavour }) => flavour === 'kci')
    .at(-1)!;
  let db: Database;
  beforeAll(async () => {
    db = open(target.config);
    await db.script(`SET client_min_messages = warning;
      CREATE TYPE batch_mood AS ENUM ('ok', '高兴', 'it''s');
      CREATE DOMAIN batch_positive AS int4 CHECK (VALUE > 0);
      CREATE DOMAIN batch_document AS jsonb;
      CREATE DOMAIN batch_positive_again AS batch_positive CHECK (VALUE < 100)`);
  });
  afterAll(async () => {
    await db.script('DROP DOMAIN batch_positive_again, batch_positive, batch_document; DROP TYPE batch_mood');
    await db.close();
  });

  async function stored(table: string): Promise<unknown> {
    const { rows } = await db.query(`SELECT id, v::text AS v FROM ${table} ORDER BY id`);
    return rows;
  }

  it.each(TYPES)('%s', async (type, usual) => {
    // Prepared statements keep the types of their parameters, so each type has its tables.
    const name = type.replace(/\W/g, '_');
    const single = `batch_single_${name}`;
    const batch = `batch_rows_${name}`;
    await db.script(
      `CREATE TABLE ${single} (id int4, v ${type}); CREATE TABLE ${batch} (id int4, v ${type})`,
    );
    const values = fc.array(fc.oneof({ arbitrary: usual, weight: 3 }, { arbitrary: value, weight: 1 }), {
      minLength: 1,
      maxLength: 30,
    });
    try {
      await fc.assert(
        fc.asyncProperty(values, fc.boolean(), async (given, asObjects) => {
          await db.script(`TRUNCATE ${single}`);
          const refused: number[] = [];
          for (const [id, v] of given.entries()) {
            await db
              .exec(`INSERT INTO ${single} (id, v) VALUES ($1, $2)`, [id, v])
              .catch(() => refused.push(id));
          }
          const expected = await stored(single);
          const rows = given.map((v, id) => (asObjects ? { id, v } : [id, v]));
          for (const way of WAYS) {
            const { strategy } = way;
            // An array of arrays is not a list of them: unnest would take it apart.
            if (strategy === 'unnest' && (type.endsWith('[]') || type === 'batch_positive_again')) continue;
            await db.script(`TRUNCATE ${batch}`);
            const result = await db.batchInsert(batch, ['id', 'v'], rows, { ...way, onBadRow: 'collect' });
            expect([way, await stored(batch)]).toEqual([way, expected]);
            expect(result.badRows.map(({ index }) => index)).toEqual(refused);
            expect(result.rowsInserted).toBe(given.length - refused.length);
          }
        }),
        { numRuns: 10 },
      );
    } finally {
      await db.script(`DROP TABLE ${single}, ${batch}`);
    }
  });
});

describe.each(targets())('$name', (target) => {
  it('stores every kind of value as a parameter would', async () => {
    const db = open(target.config);
    try {
      const samples = ALL_SAMPLES.filter(({ type }) => !type.includes('char"'));
      const columns = samples.map(({ type }, i) => `c${i} ${type}`);
      await db.script(`CREATE TABLE batch_all (id int4, ${columns.join(', ')})`);
      const names = ['id', ...samples.map((_, i) => `c${i}`)];
      const height = Math.max(...samples.map((each) => each.samples.length));
      const rows = Array.from({ length: height }, (_, row) => [
        row,
        ...samples.map(({ samples: each }) => {
          const sample = each[row];
          if (sample === undefined) return null;
          return 'parameter' in sample ? sample.parameter : sample.value;
        }),
      ]);
      const marks = names.map((_, i) => `$${i + 1}`);
      for (const row of rows) await db.exec(`INSERT INTO batch_all VALUES (${marks.join(', ')})`, row);
      const read = `SELECT batch_all::text AS row FROM batch_all ORDER BY id`;
      const { rows: expected } = await db.query(read);
      for (const way of WAYS) {
        await db.script('TRUNCATE batch_all');
        await db.batchInsert('batch_all', names, rows, way);
        expect((await db.query(read)).rows).toEqual(expected);
      }
    } finally {
      await db.script('DROP TABLE IF EXISTS batch_all');
      await db.close();
    }
  });
});
