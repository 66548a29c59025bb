import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const VALUE = Symbol.for('kingbase.value');
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);

/** What is sent, as which type, and what the server then shows as text; null for NULL. */
const WRITTEN: [name: string, value: unknown, type: string, text: string | null][] = [
  ['null', null, 'int4', null],
  ['undefined', undefined, 'text', null],
  ['an integer', 42, 'int4', '42'],
  ['zero', 0, 'int4', '0'],
  ['a negative integer', -2147483648, 'int4', '-2147483648'],
  ['an integer beyond int4', 9007199254740991, 'int8', '9007199254740991'],
  ['a fraction', -1.5, 'numeric', '-1.5'],
  ['a small number', 1e-7, 'float8', '1e-07'],
  ['a large number', 1e21, 'numeric', '1000000000000000000000'],
  ['the largest number', Number.MAX_VALUE, 'float8', '1.7976931348623157e+308'],
  ['NaN', NaN, 'float8', 'NaN'],
  ['NaN as numeric', NaN, 'numeric', 'NaN'],
  ['Infinity', Infinity, 'float8', 'Infinity'],
  ['-Infinity', -Infinity, 'float4', '-Infinity'],
  ['-0', -0, 'float8', '-0'],
  ['a number as text', 1.25, 'text', '1.25'],
  ['a bigint', 9223372036854775807n, 'int8', '9223372036854775807'],
  ['a bigint beyond int8', -(10n ** 40n), 'numeric', `-1${'0'.repeat(40)}`],
  ['true', true, 'bool', 'true'],
  ['false', false, 'bool', 'false'],
  ['a boolean as text', true, 'text', 'true'],
  ['an empty string', '', 'text', ''],
  ['quotes', `it's "quoted" ''`, 'text', `it's "quoted" ''`],
  ['backslashes', '\\ \\\\ \\n \\x41', 'text', '\\ \\\\ \\n \\x41'],
  ['what could be SQL', `'; DROP TABLE students; --`, 'text', `'; DROP TABLE students; --`],
  ['dollars', '$1 $$ $a$', 'text', '$1 $$ $a$'],
  ['a 4-byte character', '😀👨‍👩‍👧', 'text', '😀👨‍👩‍👧'],
  ['Chinese', '人大金仓数据库', 'text', '人大金仓数据库'],
  [
    'control characters',
    '\u0001\u0007\b\t\n\v\f\r\u001b\u007f',
    'text',
    '\u0001\u0007\b\t\n\v\f\r\u001b\u007f',
  ],
  ['lone surrogates', 'a\ud83db\ude00c', 'text', 'a\ufffdb\ufffdc'],
  [
    'a lone surrogate at the end of a long string',
    `${'中'.repeat(40)}\ud83d`,
    'text',
    `${'中'.repeat(40)}\ufffd`,
  ],
  ['a Buffer', Buffer.from(bytes), 'bytea', `\\x${Buffer.from(bytes).toString('hex')}`],
  ['an empty Buffer', Buffer.alloc(0), 'bytea', '\\x'],
  ['a Uint8Array that is part of a buffer', bytes.subarray(10, 13), 'bytea', '\\x0a0b0c'],
  ['a Uint16Array', Uint16Array.of(0x0201), 'bytea', '\\x0102'],
  ['a DataView', new DataView(bytes.buffer, 65, 2), 'bytea', '\\x4142'],
  ['an ArrayBuffer', Uint8Array.of(1, 2).buffer, 'bytea', '\\x0102'],
  ['a SharedArrayBuffer', new SharedArrayBuffer(2), 'bytea', '\\x0000'],
  ['a Buffer as text', Buffer.from('中文'), 'text', '中文'],
  ['an array', [1, null, -3], 'int4[]', '{1,NULL,-3}'],
  ['an empty array', [], 'text[]', '{}'],
  ['a nested array', [[true], [false]], 'bool[]', '{{t},{f}}'],
  [
    'an array of strings',
    ['', 'NULL', 'a b', '"', '\\', '{,}', '中'],
    'text[]',
    '{"","NULL","a b","\\"","\\\\","{,}",中}',
  ],
  ['an array of undefined', [undefined], 'text[]', '{NULL}'],
  ['a sparse array', Object.assign([1], { 2: 3 }), 'int4[]', '{1,NULL,3}'],
  ['an array of Buffers', [Buffer.of(1, 255), new Uint8Array(0)], 'bytea[]', '{"\\\\x01ff","\\\\x"}'],
  ['an array of bigints', [1n, 2n ** 62n], 'int8[]', '{1,4611686018427387904}'],
  ['an array of fractions', [0.1, -0, NaN, Infinity], 'float8[]', '{0.1,-0,NaN,Infinity}'],
  [
    'an array of objects',
    [{ a: '"' }, { b: [1] }],
    'jsonb[]',
    '{"{\\"a\\": \\"\\\\\\"\\"}","{\\"b\\": [1]}"}',
  ],
  ['an array of own values', [{ [VALUE]: () => 7 }, { [VALUE]: () => null }], 'int4[]', '{7,NULL}'],
  ['an object as json', { a: 1, b: [null, 'x"y'], c: undefined }, 'json', '{"a":1,"b":[null,"x\\"y"]}'],
  ['an object as text', { a: '中' }, 'text', '{"a":"中"}'],
  ['an object with toJSON', { toJSON: () => ({ own: true }) }, 'json', '{"own":true}'],
  ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 }), 'json', '{"a":1}'],
  ['an array as json', [1, [2, { a: null }]], 'json', '[1,[2,{"a":null}]]'],
  ['an empty array as jsonb', [], 'jsonb', '[]'],
  ['an object with U+0000 as json', { a: '\0' }, 'json', '{"a":"\\u0000"}'],
  ['an own value', { [VALUE]: () => 'own' }, 'text', 'own'],
  ['an own value that has one', { [VALUE]: () => ({ [VALUE]: () => 5n }) }, 'int8', '5'],
  ['an own value that is null', { [VALUE]: () => null }, 'int4', null],
  ['an own value that is an array', { [VALUE]: () => [1, 2] }, 'int4[]', '{1,2}'],
  ['an own value that is an array, as json', { [VALUE]: () => [1, 2] }, 'json', '[1,2]'],
  ['an own value that is bytes', { [VALUE]: () => Buffer.of(1) }, 'bytea', '\\x01'],
  ['a boxed string', Object('boxed'), 'text', 'boxed'],
  ['a boxed number', Object(-0), 'float8', '-0'],
  ['a Date', new Date('2024-02-29T12:34:56.789Z'), 'timestamptz', '2024-02-29 12:34:56.789+00'],
  ['a Date with one millisecond', new Date(1), 'timestamptz', '1970-01-01 00:00:00.001+00'],
  ['a Date before 1970', new Date(-1), 'timestamptz', '1969-12-31 23:59:59.999+00'],
  [
    'a Date before the year 1',
    new Date('-000043-03-15T01:02:03.004Z'),
    'timestamptz',
    '0044-03-15 01:02:03.004+00 BC',
  ],
  ['a Date in the year 0', new Date('0000-01-01T00:00:00Z'), 'timestamptz', '0001-01-01 00:00:00+00 BC'],
  ['a Date in the year 99', new Date('0099-01-01T00:00:00Z'), 'timestamptz', '0099-01-01 00:00:00+00'],
  [
    'a Date beyond the year 9999',
    new Date('+012345-06-07T00:00:00Z'),
    'timestamptz',
    '12345-06-07 00:00:00+00',
  ],
  ['the last Date', new Date(8.64e15), 'timestamptz', '275760-09-13 00:00:00+00'],
];

const thrown = new Error('not today');
const circular: Record<string, unknown> = {};
circular['self'] = circular;
const endless: { [VALUE](): unknown } = { [VALUE]: () => endless };
const containsItself: unknown[] = [];
containsItself.push(containsItself);

const REFUSED: [name: string, value: unknown, words: RegExp][] = [
  ['a function', () => 1, /function/],
  ['a symbol', Symbol('s'), /symbol/],
  ['an invalid Date', new Date(NaN), /invalid Date/],
  ['a Promise', Promise.resolve(1), /forget await/],
  ['a thenable', { then: () => undefined }, /forget await/],
  ['a Map', new Map([[1, 2]]), /Object\.fromEntries/],
  ['a Set', new Set([1]), /\[\.\.\.set\]/],
  ['a WeakMap', new WeakMap(), /weak/],
  ['a RegExp', /a/, /source/],
  ['an Error', new Error('e'), /message/],
  ['an iterator', [1].values(), /./],
  ['a circular object', circular, /JSON/],
  ['an object with a bigint', { a: 1n }, /JSON/],
  ['an object whose toJSON gives nothing', { toJSON: () => undefined }, /toJSON/],
  [
    'an own value that throws',
    {
      [VALUE]: () => {
        throw thrown;
      },
    },
    /threw/,
  ],
  ['an own value without end', endless, /8 times/],
  ['an own value that is a function', { [VALUE]: () => () => 1 }, /function/],
  ['a string with U+0000', 'a\0b', /U\+0000/],
  ['a long string with U+0000', `${'x'.repeat(100_000)}\0`, /U\+0000/],
  ['an array with U+0000 in it', ['a', 'b\0'], /U\+0000/],
  ['an array with a function in it', [[() => 1]], /function/],
  ['an array that contains itself', containsItself, /contains itself/],
];

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open({ ...target.config, options: '-c TimeZone=UTC' });
  });
  afterAll(() => db.close());

  it.each(WRITTEN)('writes %s', async (_name, value, type, text) => {
    const sql = `SELECT $1::${type}::text AS text`;
    // Sent as it is, then prepared, then executed only.
    for (let i = 0; i < 3; i++) expect(await db.queryRow(sql, [value])).toStrictEqual({ text });
  });

  it.each(REFUSED)('refuses %s by its position and stays usable', async (_name, value, words) => {
    await withConnection(db, async (connection) => {
      for (let i = 0; i < 3; i++) {
        await expect(connection.query('SELECT $1::int4, $2::text', [1, value])).rejects.toMatchObject({
          name: 'UsageError',
          code: 'KB_BAD_PARAMETER',
          parameterIndex: 1,
          message: expect.stringMatching(/^Parameter \$2 /) as string,
        });
        await expect(connection.query('SELECT $1::int4, $2::text', [1, value])).rejects.toThrow(words);
        expect(await connection.queryRow('SELECT $1::text AS v', ['still here'])).toStrictEqual({
          v: 'still here',
        });
      }
    });
  });

  it('keeps the cause of what cannot be written, and the value out of the message', async () => {
    const failure: unknown = await db
      .query('SELECT $1::text', [
        {
          [VALUE]: () => {
            throw thrown;
          },
          secret: 'hunter2',
        },
      ])
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ cause: thrown });
    expect(String(failure)).not.toContain('hunter2');
  });

  it('does not run a statement of which a parameter cannot be written', async () => {
    await withConnection(db, async (connection) => {
      await connection.exec('CREATE TEMP TABLE written (v text)');
      await expect(connection.exec('INSERT INTO written VALUES ($1)', ['a\0'])).rejects.toMatchObject({
        code: 'KB_BAD_PARAMETER',
      });
      expect(await connection.queryRow('SELECT count(*) AS n FROM written')).toStrictEqual({ n: 0n });
      await connection.exec('BEGIN');
      await expect(connection.exec('INSERT INTO written VALUES ($1)', ['a\0'])).rejects.toMatchObject({
        code: 'KB_BAD_PARAMETER',
      });
      // The server saw nothing of it: the transaction goes on.
      await connection.exec('INSERT INTO written VALUES ($1)', ['b']);
      await connection.exec('COMMIT');
      expect(await connection.queryRow('SELECT count(*) AS n FROM written')).toStrictEqual({ n: 1n });
    });
  });

  it.each([
    ['too few', 'SELECT $1::int4, $2::int4', [1]],
    ['none', 'SELECT $1::int4, $2::int4', []],
    ['too many', 'SELECT $1::int4', [1, 2]],
    ['some where none are wanted', 'SELECT 1', [1]],
  ])('reports a wrong number of parameters: %s', async (_name, sql, parameters) => {
    await withConnection(db, async (connection) => {
      for (let i = 0; i < 3; i++) {
        await expect(connection.query(sql, parameters)).rejects.toMatchObject({
          name: 'DatabaseError',
          code: '08P01',
        });
        expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
      }
      const statement = await connection.prepare(sql);
      await expect(statement.query(parameters)).rejects.toMatchObject({ code: '08P01' });
      await statement.close();
    });
  });

  it('takes nothing but an array', async () => {
    for (const parameters of ['text', 5, new Set([1])]) {
      await expect(db.query('SELECT $1::text', parameters as unknown as unknown[])).rejects.toMatchObject({
        name: 'UsageError',
        code: 'KB_BAD_PARAMETER',
      });
    }
  });

  it('refuses U+0000 in the text of a statement', async () => {
    const calls = [
      () => db.query('SELECT 1\0; DROP TABLE x'),
      () => db.exec('SELECT 1\0'),
      () => db.script('SELECT 1\0'),
      () => db.prepare('SELECT 1\0').then(() => 'prepared'),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ name: 'UsageError', code: 'KB_BAD_STATEMENT' });
    }
    expect(await db.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
  });

  it('mixes text, binary and NULL in one statement', async () => {
    const sql = `SELECT $1::bytea AS a, $2::text AS b, $3::bytea AS c, $4::int4 AS d, $5::bytea AS e, $6::text AS f`;
    const nul = Buffer.from('\0\0binary\0');
    for (let i = 0; i < 3; i++) {
      expect(await db.queryRow(sql, [nul, 'text', null, 5, Buffer.alloc(0), ''])).toStrictEqual({
        a: nul,
        b: 'text',
        c: null,
        d: 5,
        e: Buffer.alloc(0),
        f: '',
      });
    }
  });

  it('does not keep a parameter after the call', async () => {
    const buffer = Buffer.from('before');
    const array = ['before'];
    const pending = db.queryRow('SELECT $1::text AS a, $2::text[] AS b', [buffer, array]);
    const second = db.queryRow('SELECT $1::text AS a, $2::text[] AS b', ['other', ['other']]);
    expect(await pending).toStrictEqual({ a: 'before', b: ['before'] });
    expect(await second).toStrictEqual({ a: 'other', b: ['other'] });
  });

  it('gives back any string and any number', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 20 }),
        fc.array(fc.double(), { maxLength: 20 }),
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 20 }),
        fc.uint8Array({ maxLength: 300 }),
        async (strings, numbers, bigints, binary) => {
          const texts = strings.map((text) => text.replaceAll('\0', ''));
          const parameters = [texts, numbers, bigints, binary, texts[0], numbers[0], bigints[0]];
          const { rows } = await db.query(
            'SELECT $1::text[], $2::float8[], $3::int8[], $4::bytea, $5::text, $6::float8, $7::int8',
            parameters,
            { rowMode: 'array' },
          );
          expect(rows).toStrictEqual([
            [
              texts,
              numbers,
              bigints,
              Buffer.from(binary),
              ...parameters.slice(4).map((value) => value ?? null),
            ],
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
