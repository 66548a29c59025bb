import { freemem } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseError, open, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const MEGABYTE = 1024 * 1024;
const GIGABYTE = 1024 * MEGABYTE;

/** Client and server hold a value several times over: as sent, as read, in hexadecimal digits, as a string. */
const hasMemory = (bytes: number): boolean => freemem() > 12 * bytes;

// The transport makes no difference to what is read; libpq sends slowly what is much larger than a socket's buffer, and
// that of a Unix socket is small.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config, { pool: { max: 1 } });
  });
  afterAll(() => db.close());

  // The largest on one library, for the time it takes.
  const size = (target.flavour === 'kci' ? 256 : 64) * MEGABYTE;
  const limit = 120_000;

  it.runIf(hasMemory(size))(
    `${size / MEGABYTE} MB of bytea as parameter and as result`,
    async () => {
      const bytes = Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
      const row = await db.queryRow<{ value: Buffer; length: number }>(
        'SELECT value, length(value) AS length FROM (SELECT $1::bytea AS value) AS given',
        [bytes],
      );
      expect(row?.length).toBe(size);
      // Compared by hand: a difference in so many bytes is nothing to print.
      expect(row?.value.equals(bytes)).toBe(true);
    },
    limit,
  );

  it.runIf(hasMemory(size))(
    `${size / MEGABYTE} MB of text as parameter and as result`,
    async () => {
      const text = 'abcdefghijklmnop'.repeat(size / 16);
      const row = await db.queryRow<{ value: string; length: number }>(
        'SELECT value, length(value) AS length FROM (SELECT $1::text AS value) AS given',
        [text],
      );
      expect(row?.length).toBe(size);
      expect(row?.value === text).toBe(true);
    },
    limit,
  );

  it('64 MB of Chinese text', async () => {
    const text = '人大金仓数据库💾'.repeat((64 * MEGABYTE) / 25);
    const row = await db.queryRow<{ value: string; bytes: number }>(
      'SELECT value, octet_length(value) AS bytes FROM (SELECT $1::text AS value) AS given',
      [text],
    );
    expect(row?.bytes).toBe(Buffer.byteLength(text));
    expect(row?.value === text).toBe(true);
  });

  it('32 MB of JSON', async () => {
    const items = Array.from({ length: 32 * 1024 }, (_, i) => ({ i, text: `第${i}项 `.repeat(80) }));
    const row = await db.queryRow<{ value: typeof items; kind: string }>(
      'SELECT value, json_typeof(value) AS kind FROM (SELECT $1::json AS value) AS given',
      [items],
    );
    expect(row?.kind).toBe('array');
    expect(row?.value.length).toBe(items.length);
    expect(row?.value.every((item, i) => item.i === i && item.text === items[i]!.text)).toBe(true);
  });

  it('several large values in one row, and many rows of large values', async () => {
    const row = await db.queryRow<{ a: string; b: Buffer; c: string }>(
      `SELECT repeat('a', $1::int4) AS a, decode(repeat('ff', $1::int4), 'hex') AS b, repeat('中', $1::int4) AS c`,
      [8 * MEGABYTE],
    );
    expect([row?.a.length, row?.b.length, row?.c.length]).toEqual(Array(3).fill(8 * MEGABYTE));
    const { rows } = await db.query<{ n: number; text: string }>(
      `SELECT n, repeat(n::text, $1::int4) AS text FROM generate_series(1, 20) AS n`,
      [MEGABYTE],
    );
    expect(rows.every(({ n, text }) => text.length === String(n).length * MEGABYTE)).toBe(true);
  });

  describe('what does not fit is refused, and the connection goes on', () => {
    let processId: number;
    const ownProcess = async (): Promise<number> =>
      (await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))?.pid ?? 0;
    beforeAll(async () => {
      processId = await ownProcess();
    });

    it.runIf(target.flavour === 'kci' && hasMemory(600 * MEGABYTE))(
      'a text longer than any string of JavaScript',
      async () => {
        const error = await rejectionOf(db.query(`SELECT repeat('x', ${600 * MEGABYTE}) AS value`));
        expect(error).toMatchObject({ name: 'UsageError', code: 'KB_VALUE_TOO_LARGE' });
        expect(error.hint).toContain('substring');
        expect(await ownProcess()).toBe(processId);
      },
      limit,
    );

    it('parameters of more than 1 GiB', async () => {
      // Zeroed pages take no memory until they are written to, and nothing writes to these.
      const error = await rejectionOf(db.query('SELECT $1::bytea', [new Uint8Array(GIGABYTE - 1)]));
      expect(error).toMatchObject({ name: 'UsageError', code: 'KB_VALUE_TOO_LARGE', parameterIndex: 0 });
      expect(await ownProcess()).toBe(processId);
    });

    it('a result that the server itself cannot hold', async () => {
      const error = await rejectionOf(db.query(`SELECT repeat('x', ${GIGABYTE}) AS value`));
      expect(error).toBeInstanceOf(DatabaseError);
      expect(await ownProcess()).toBe(processId);
    });

    it('an error thrown by a converter is not taken for one of these', async () => {
      const thrown = new RangeError('Invalid time value');
      const parse = (): never => {
        throw thrown;
      };
      await expect(db.query('SELECT 1::int4 AS v', [], { types: { int4: { parse } } })).rejects.toBe(thrown);
    });
  });
});
