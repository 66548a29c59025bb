import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { open, type Connection, type Database, type Notice } from 'kingbase-native';
import { targets, type Target } from '../support/targets.js';
import { startUntoldEncoding, type UntoldEncoding } from '../support/untold-encoding.js';

/** Names that mean something to JavaScript, to code made of them, or to objects. */
const NAMES = [
  '?column?',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'rows',
  'v0',
  'c0',
  'null',
  'return',
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '\\u0041',
  '${x}',
  'line\nbreak',
  'carriage\rreturn',
  'tab\t',
  'separator\u2028and\u2029',
  '"); throw new Error("',
  '":1});process.exit();({"',
  '*/ // /*',
  '</script>',
  '\u0001',
  '\u200b',
  'a.b',
  '💥',
  '中'.repeat(21),
  'x'.repeat(63),
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  describe('column names', () => {
    it('are properties, whatever they are', async () => {
      const sql = `SELECT ${NAMES.map((name, i) => `${i} AS ${quoted(name)}`).join()} FROM generate_series(1, 20)`;
      for (let i = 0; i < 3; i++) {
        const { rows, fields } = await db.query(sql);
        expect(fields.map(({ name }) => name)).toStrictEqual(NAMES);
        expect(rows).toHaveLength(20);
        for (const row of rows) {
          expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
          expect(Object.entries(row)).toStrictEqual(NAMES.map((name, n) => [name, n]));
        }
      }
    });

    it.each(NAMES)('%j alone', async (name) => {
      const { rows } = await db.query(`SELECT 'v' AS ${quoted(name)}, ARRAY[1] AS other`);
      expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype);
      expect(Object.entries(rows[0]!)).toStrictEqual([
        [name, 'v'],
        ['other', [1]],
      ]);
    });

    it('that occur twice: the last wins in an object, an array has all', async () => {
      const sql = `SELECT 1 AS a, 'two' AS b, ARRAY[3] AS a, NULL AS "__proto__", 5 AS "__proto__", 6 AS a`;
      for (let i = 0; i < 3; i++) {
        const { rows, fields } = await db.query(sql);
        expect(Object.entries(rows[0]!)).toStrictEqual([
          ['a', 6],
          ['b', 'two'],
          ['__proto__', 5],
        ]);
        expect(fields.map(({ name }) => name)).toStrictEqual(['a', 'b', 'a', '__proto__', '__proto__', 'a']);
        const arrays = await db.query(sql, [], { rowMode: 'array' });
        expect(arrays.rows).toStrictEqual([[1, 'two', [3], null, 5, 6]]);
      }
    });

    it('of the same columns but the names are told apart', async () => {
      for (let i = 0; i < 3; i++) {
        for (const name of ['a', 'b', '__proto__', 'A']) {
          const { rows } = await db.query(`SELECT 1 AS ${quoted(name)}`);
          expect(Object.keys(rows[0]!)).toStrictEqual([name]);
        }
      }
    });

    it('are cut by the server at 63 bytes, between characters', async () => {
      const { fields } = await db.query(`SELECT 1 AS "${'中'.repeat(30)}", 2 AS "${'é'.repeat(40)}"`);
      expect(fields.map(({ name }) => name)).toStrictEqual(['中'.repeat(21), 'é'.repeat(31)]);
    });
  });

  it('gives back any text as value, parameter, literal, column name and message', async () => {
    const texts = [
      '中文',
      '😀👨‍👩‍👧‍👦',
      'a\u0301',
      '\ufeffmark',
      '𠀀𪚥',
      'שלום',
      '\u{10ffff}',
      '\ud7ff\ue000\uffff',
      '㋿',
    ];
    for (const text of texts) {
      const { rows } = await db.query(
        `SELECT $1::text AS "${text}", '${text}' AS literal, length($1) AS length`,
        [text],
      );
      expect(rows).toStrictEqual([{ [text]: text, literal: text, length: [...text].length }]);
      await expect(db.exec(`SELECT "${text}"`)).rejects.toMatchObject({
        code: '42703',
        message: expect.stringContaining(text) as string,
      });
    }
  });
});

/** Byte strings around everything that UTF-8 forbids. No zero byte, which text cannot hold. */
const byteStrings = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }).map((text) => Buffer.from(text)) },
      { weight: 3, arbitrary: fc.uint8Array({ maxLength: 6 }) },
      fc
        .constantFrom(
          [0x80],
          [0xc0, 0xaf],
          [0xc1, 0xbf],
          [0xc2],
          [0xe0, 0x80, 0x80],
          [0xe0, 0x9f, 0xbf],
          [0xe4, 0xb8],
          [0xe4, 0xb8, 0x41],
          [0xed, 0xa0, 0x80],
          [0xed, 0xbf, 0xbf],
          [0xef, 0xbb, 0xbf],
          [0xef, 0xbf, 0xbf],
          [0xf0, 0x80, 0x80, 0x80],
          [0xf0, 0x8f, 0xbf, 0xbf],
          [0xf0, 0x9f, 0x98],
          [0xf0, 0x9f, 0x98, 0x80],
          [0xf4, 0x8f, 0xbf, 0xbf],
          [0xf4, 0x90, 0x80, 0x80],
          [0xf5, 0x80, 0x80, 0x80],
          [0xf8, 0x88, 0x80, 0x80, 0x80],
          [0xfe],
          [0xff],
        )
        .map((bytes) => Uint8Array.from(bytes)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts).filter((byte) => byte !== 0));

// The driver keeps a byte order mark: it is part of the value.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

describe.each(targets())('$name, bytes that are no UTF-8', (target: Target) => {
  const name = `ascii_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
  let admin: Database;
  let db: Database;
  let connection: Connection;
  let relay: UntoldEncoding;
  beforeAll(async () => {
    admin = open(target.config);
    await admin.exec(`DROP DATABASE IF EXISTS ${name}`);
    await admin.exec(`CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0`);
    relay = await startUntoldEncoding(target);
    const { host, port } = relay;
    // It reads what it passes on.
    db = open({ ...target.config, host, port, database: name, sslMode: 'disable' });
    connection = await db.connect();
    // Now neither end of the server checks anything: whatever bytes it was given it sends. The driver would set it back if
    // it knew.
    await connection.exec('SET client_encoding TO SQL_ASCII');
  });
  afterAll(async () => {
    await connection.release();
    await db.close();
    relay.close();
    await admin.exec(`DROP DATABASE ${name}`);
    await admin.close();
  });

  it('are read as TextDecoder reads them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(byteStrings, { minLength: 1, maxLength: 50 }), async (strings) => {
        const { rows } = await connection.query(
          `SELECT convert_from(b, 'SQL_ASCII') FROM unnest($1::bytea[]) WITH ORDINALITY AS _(b, i) ORDER BY i`,
          [strings],
          { rowMode: 'array' },
        );
        expect(rows).toStrictEqual(strings.map((bytes) => [decoder.decode(bytes)]));
      }),
      { numRuns: 100 },
    );
  });

  it('are read as TextDecoder reads them in all places of a long text', async () => {
    for (const bad of [[0xff], [0xe4, 0xb8], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
      for (const length of [0, 1, 7, 8, 9, 63, 64, 100_000]) {
        const bytes = Buffer.concat([Buffer.alloc(length, 'a'), Buffer.from(bad), Buffer.from('中')]);
        const row = await connection.queryRow<{ start: string; end: string }>(
          `SELECT convert_from($1::bytea, 'SQL_ASCII') AS start, convert_from(substr($1::bytea, 1, $2), 'SQL_ASCII') AS end`,
          [bytes, length + bad.length],
        );
        const expected = {
          start: decoder.decode(bytes),
          end: decoder.decode(bytes.subarray(0, length + bad.length)),
        };
        expect(row).toStrictEqual(expected);
      }
    }
  });

  it('are read in names of columns, in errors and in notices', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xe4, 0xb8, 0x62, 0xf0, 0x9f, 0x98]);
    const text = decoder.decode(bytes);
    const hex = bytes.toString('hex');
    await connection.script(`CREATE FUNCTION bad() RETURNS text LANGUAGE sql AS $$ SELECT convert_from('\\x${hex}', 'SQL_ASCII') $$;
      DO $$ BEGIN EXECUTE format('CREATE VIEW odd AS SELECT 1 AS %I', bad()); END $$`);
    expect(await connection.queryRow('SELECT * FROM odd')).toStrictEqual({ [text]: 1 });
    await expect(
      connection.script(`DO $$ BEGIN RAISE EXCEPTION '%', bad() USING DETAIL = bad(); END $$`),
    ).rejects.toMatchObject({
      code: 'P0001',
      message: text,
      detail: text,
    });
    const notices: Notice[] = [];
    db.on('notice', (notice) => notices.push(notice));
    await connection.script(`DO $$ BEGIN RAISE NOTICE '%', bad(); END $$`);
    expect(notices.map(({ message }) => message)).toStrictEqual([text]);
  });
});
