import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database, type TypeOptions } from 'kingbase-native';
import { BodyReader, type Message } from '../support/protocol.js';
import { rejectionOf } from '../support/rejections.js';
import { targets, type Target } from '../support/targets.js';
import { startWatchingProxy, type WatchingProxy } from '../support/watching-proxy.js';
import { ALL_SAMPLES } from './value-samples.js';

/** Format of each column, by the server's description of a result (RowDescription). */
function formats({ type, body }: Message): number[] | undefined {
  if (type !== 'T') return undefined;
  const reader = new BodyReader(body);
  return Array.from({ length: reader.int16() }, () => {
    reader.cString();
    reader.bytes(16);
    return reader.int16();
  });
}

/** The row with its first value one byte shorter. */
function shortened(message: Message): Message {
  if (message.type !== 'D') return message;
  const body = Buffer.from(message.body);
  const length = body.readInt32BE(2);
  body.writeInt32BE(length - 1, 2);
  return { type: 'D', body: Buffer.concat([body.subarray(0, 6), body.subarray(7)]) };
}

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const kci = targets().find(({ flavour, transport }) => flavour === 'kci' && transport === 'TCP') as Target;
const stock = targets().find(
  ({ flavour, transport }) => flavour === 'libpq' && transport === 'TCP',
) as Target;

/** Rows of a stream come in binary form where they can, however few; with `binaryResults: false` as text. */
describe.each([kci, stock])('$name', ({ config }) => {
  let proxy: WatchingProxy;
  let binary: Database;
  let text: Database;
  /** Of the last result with rows. */
  let seen: number[] | undefined;
  let change = (message: Message): Message => message;

  beforeAll(async () => {
    proxy = await startWatchingProxy(inject('server'), (message) => {
      seen = formats(message) ?? seen;
      return change(message);
    });
    const { port } = proxy;
    binary = open({ ...config, port, sslMode: 'disable' });
    text = open({ ...config, sslMode: 'disable', binaryResults: false });
  });
  afterAll(async () => {
    await Promise.all([binary.close(), text.close()]);
    await proxy.close();
  });

  async function expectSame(sql: string, parameters: unknown[] = [], types?: TypeOptions): Promise<void> {
    const options = types === undefined ? {} : { types };
    expect(await collect(binary.rows(sql, parameters, options))).toStrictEqual(
      await collect(text.rows(sql, parameters, options)),
    );
  }

  const IN_BINARY = new Set(
    [
      'bool int2 int4 int8 oid float8 numeric text varchar char bpchar name json jsonb uuid bytea'.split(' '),
      'timestamptz timestamp date'.split(' '),
    ].flat(),
  );

  it.each(ALL_SAMPLES)('gives the same for $type', async ({ type, samples }) => {
    const texts = samples.map((sample) => sample.text);
    const sql = `SELECT v::${type} AS v FROM unnest($1::text[]) AS v UNION ALL SELECT NULL`;
    await expectSame(sql, [texts]);
    const name = type.replace(/\(.*/, '');
    expect(seen).toEqual([IN_BINARY.has(name) ? 1 : 0]);
  });

  it.each<[string, TypeOptions, number]>([
    ['int8', { int8: 'number' }, 1],
    ['int8', { int8: 'string' }, 1],
    ['int8', { int8: { parse: (value) => `<${value}>` } }, 1],
    ['numeric', { numeric: 'number' }, 1],
    ['numeric', { numeric: { parse: (value) => `<${value}>` } }, 1],
    ['json', { json: 'string' }, 1],
    ['date', { date: 'date' }, 1],
    ['date', { date: { parse: (value) => `<${value}>` } }, 1],
    // In the zone and the style of the session, which only the server knows.
    ['timestamptz', { timestamp: 'string' }, 0],
    ['timestamp', { timestamp: 'string' }, 0],
    ['float8', { float8: { parse: (value) => `<${value}>` } }, 0],
    ['bool', { bool: { parse: (value) => `<${value}>` } }, 0],
    ['bytea', { bytea: { parse: (value) => `<${value}>` } }, 0],
  ])('gives the same for %s with %o', async (type, types, format) => {
    const { samples } = ALL_SAMPLES.find((each) => each.type === type) as (typeof ALL_SAMPLES)[number];
    const safe = types['int8'] === 'number' ? samples.filter((s) => s.text.length < 16) : samples;
    const sql = `SELECT v::${type} AS v FROM unnest($1::text[]) AS v`;
    await expectSame(sql, [safe.map((sample) => sample.text)], types);
    expect(seen).toEqual([format]);
  });

  it('gives the same digits of any numeric', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 40 });
    const numeric = fc
      .tuple(fc.constantFrom('', '-'), digits, digits, fc.integer({ min: -60, max: 60 }))
      .map(([sign, whole, decimals, exponent]) => `${sign}0${whole}.${decimals}e${exponent}`);
    await fc.assert(
      fc.asyncProperty(fc.array(numeric, { minLength: 50, maxLength: 50 }), async (values) => {
        await expectSame('SELECT v::numeric AS v FROM unnest($1::text[]) AS v', [values]);
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same for any number of days, and any time that a Date can hold', async () => {
    // From 4713 BC to 5874897 AD, and to 294276 AD.
    await expectSame(
      `SELECT date '2000-01-01' + days AS v FROM generate_series(-2451545, 2145031948, 1234567) AS days`,
    );
    for (const zone of ['', 'tz']) {
      await expectSame(
        `SELECT timestamp${zone} '2000-01-01 00:00:00' + n * interval '7 days 3 hours 1.234567 seconds' AS v
           FROM generate_series(-300000, 300000, 977) AS n`,
      );
    }
  });

  it('gives a time beyond those of a Date as text, an instant in UTC', async () => {
    const sql = `SELECT '290000-06-01 12:00:00.25+00'::timestamptz AS a, '290000-06-01 12:00:00'::timestamp AS b,
                        'infinity'::timestamptz AS c, '-infinity'::timestamp AS d`;
    const expected = {
      a: '290000-06-01 12:00:00.25+00',
      b: '290000-06-01 12:00:00',
      c: 'infinity',
      d: '-infinity',
    };
    expect(await collect(binary.rows(sql))).toEqual([expected]);
  });

  it('leaves a result with a column that has no known binary form as text', async () => {
    await expectSame(`SELECT 1 AS a, interval '1 day' AS b, 1.5::float4 AS c, ARRAY[1, 2] AS d`);
    expect(seen).toEqual([0, 0, 0, 0]);
  });

  it('is for query() only where the last result was large', async () => {
    const sql = `SELECT i, repeat('x', 100) AS text, i * 1.5 AS n FROM generate_series(1, $1::int4) AS i`;
    const used: number[][] = [];
    for (const rows of [5000, 5000, 5000, 2, 2]) {
      expect((await binary.query(sql, [rows])).rows).toEqual((await text.query(sql, [rows])).rows);
      used.push(seen ?? []);
    }
    // Unprepared, prepared, prepared and known to be large, the same, prepared and known to be small.
    expect(used.map(([first]) => first)).toEqual([0, 0, 1, 1, 0]);
  });

  it('follows a change of the columns', async () => {
    const connection = await binary.connect();
    try {
      await connection.exec('CREATE TEMPORARY TABLE changing AS SELECT 1 AS v');
      expect(await collect(connection.rows('SELECT v FROM changing'))).toEqual([{ v: 1 }]);
      await connection.exec(`ALTER TABLE changing ALTER COLUMN v TYPE interval USING '1 day'`);
      expect(await collect(connection.rows('SELECT v FROM changing'))).toEqual([{ v: '1 day' }]);
      expect(seen).toEqual([0]);
    } finally {
      await connection.release();
    }
  });

  it.each([
    '1::int4',
    '1::int8',
    '1::float8',
    'true',
    `now()`,
    `current_date`,
    '1.5::numeric',
    `'{}'::jsonb`,
  ])('refuses a value of %s that has another form, and goes on', async (value) => {
    change = shortened;
    const error = await rejectionOf(collect(binary.rows(`SELECT ${value} AS v`)));
    change = (message) => message;
    expect(error).toMatchObject({ code: 'KB_VALUE_UNREADABLE' });
    expect(error).toMatchObject({ hint: expect.stringContaining('binaryResults') as string });
    expect(await collect(binary.rows('SELECT 1 AS v'))).toEqual([{ v: 1 }]);
  });

  it('gives the rows before one with a value that has another form', async () => {
    for (const before of [0, 1, 2, 127, 128, 499, 500, 501, 1500]) {
      let row = 0;
      change = (message) => (message.type === 'D' && row++ === before ? shortened(message) : message);
      const got: unknown[] = [];
      const reading = (async () => {
        for await (const each of binary.rows(`SELECT i, 't' || i AS t FROM generate_series(1, 2000) AS i`))
          got.push(each);
      })();
      const error = await rejectionOf(reading);
      change = (message) => message;
      expect(error).toMatchObject({ code: 'KB_VALUE_UNREADABLE' });
      expect(got).toEqual(Array.from({ length: before }, (_, i) => ({ i: i + 1, t: `t${i + 1}` })));
    }
  });

  it('refuses a column whose binary form is not known, though it was not announced as such', async () => {
    // As of a server that describes another column than it sends.
    change = (message) => {
      if (formats(message)?.[0] !== 1) return message;
      const body = Buffer.from(message.body);
      body.writeInt32BE(1186, body.indexOf(0, 2) + 7);
      return { type: 'T', body };
    };
    const error = await rejectionOf(collect(binary.rows('SELECT 1::int4 AS v')));
    change = (message) => message;
    expect(error).toMatchObject({ code: 'KB_VALUE_UNREADABLE' });
    expect(await collect(binary.rows('SELECT 2::int4 AS v'))).toEqual([{ v: 2 }]);
  });
});
