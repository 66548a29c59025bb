import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const MEGABYTE = 1024 * 1024;

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  describe('rows and columns', () => {
    it('no columns', async () => {
      for (let i = 0; i < 3; i++) {
        expect(await db.query('SELECT')).toMatchObject({
          rows: [{}],
          fields: [],
          rowCount: 1,
          command: 'SELECT',
        });
        expect((await db.query('SELECT FROM generate_series(1, 3)')).rows).toStrictEqual([{}, {}, {}]);
        const arrays = await db.query('SELECT FROM generate_series(1, 3)', [], { rowMode: 'array' });
        expect(arrays.rows).toStrictEqual([[], [], []]);
        const many = await db.query('SELECT FROM generate_series(1, 5000)');
        expect(many.rowCount).toBe(5000);
        expect(many.rows).toHaveLength(5000);
        expect(await db.queryRow('SELECT WHERE false')).toBeUndefined();
      }
    });

    it('no rows', async () => {
      for (let i = 0; i < 3; i++) {
        const { rows, fields, rowCount, command } = await db.query('SELECT 1 AS a, NULL AS b WHERE false');
        expect({ rows, rowCount, command }).toStrictEqual({ rows: [], rowCount: 0, command: 'SELECT' });
        expect(fields.map(({ name }) => name)).toStrictEqual(['a', 'b']);
        expect(await db.queryRow('SELECT 1 WHERE false')).toBeUndefined();
      }
    });

    it('1,600 columns', async () => {
      const numbers = Array.from({ length: 1600 }, (_, i) => i);
      // Every type that is decoded, and one that is converted, in turn.
      const values = numbers.map(
        (i) => [i, BigInt(i), `文${i}`, i % 2 === 0, null, Buffer.of(i % 256)][i % 6],
      );
      const expressions = numbers.map(
        (i) =>
          [
            `g + ${i}`,
            `${i}::int8 + g`,
            `'文${i}'::text`,
            `${i} % 2 = g`,
            'NULL',
            `'\\x${(i % 256).toString(16).padStart(2, '0')}'::bytea`,
          ][i % 6]!,
      );
      const sql = `SELECT ${expressions.map((expression, i) => `${expression} AS "column ${i}"`).join()}
        FROM generate_series(0, 2) AS g WHERE g = 0 OR $1::bool`;
      const object = Object.fromEntries(values.map((value, i) => [`column ${i}`, value]));
      for (let i = 0; i < 3; i++) {
        const arrays = await db.query(sql, [false], { rowMode: 'array' });
        expect(arrays.rows).toStrictEqual([values]);
        expect(arrays.fields).toHaveLength(1600);
        const objects = await db.query(sql, [false]);
        expect(objects.rows).toStrictEqual([object]);
        expect(Object.keys(objects.rows[0]!)).toStrictEqual(numbers.map((n) => `column ${n}`));
        const three = await db.query<number[]>(sql, [true], { rowMode: 'array' });
        expect(three.rows.map((row) => [row.length, row[0], row[1590]])).toStrictEqual(
          [0, 1, 2].map((g) => [1600, g, 1590 + g]),
        );
      }
      const tooMany = `SELECT ${Array.from({ length: 1665 }, (_, i) => `${i}`).join()}`;
      await expect(db.query(tooMany)).rejects.toMatchObject({ code: '54011', condition: 'too_many_columns' });
    });
  });

  describe('parameters', () => {
    const statement = (count: number): string =>
      `SELECT sum(v) AS sum, count(v) AS count
        FROM unnest(ARRAY[${Array.from({ length: count }, (_, i) => `$${i + 1}::int4`).join()}]) AS v`;

    it.each([32_767, 65_535])('%d of them', async (count) => {
      const sql = statement(count);
      const numbers = Array.from({ length: count }, (_, i) => (i % 1000 === 999 ? null : i));
      const sum = numbers.reduce<number>((total, n) => total + (n ?? 0), 0);
      const expected = { sum: BigInt(sum), count: BigInt(numbers.filter((n) => n !== null).length) };
      // As it is, then prepared.
      for (let i = 0; i < 2; i++) expect(await db.queryRow(sql, numbers)).toStrictEqual(expected);
    });

    it('65,536 of them are refused by the library and the connection goes on', async () => {
      await withConnection(db, async (connection) => {
        const sql = statement(65_536);
        for (let i = 0; i < 2; i++) {
          await expect(connection.query(sql, new Array<number>(65_536).fill(1))).rejects.toMatchObject({
            name: expect.stringMatching(/^(UsageError|DatabaseError)$/) as string,
            message: expect.stringMatching(/65535|parameter/) as string,
          });
          expect(await connection.queryRow('SELECT $1::int4 AS v', [i])).toStrictEqual({ v: i });
        }
      });
    });
  });
});

// What is large depends on the library, not on the transport.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name, large values', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  it.each([
    ['ASCII', 'abcdefghijklmnop'],
    ['Chinese', '简体中文测试'],
    ['4-byte characters', '😀🀄𠀀'],
    ['text of all lengths', 'aé中😀'],
  ])('1 MB of %s', async (_name, piece) => {
    const size = Buffer.byteLength(piece);
    const text = piece.repeat(Math.ceil(MEGABYTE / size));
    for (let i = 0; i < 3; i++) {
      const row = await db.queryRow<{ back: string; made: string; length: number; list: string[] }>(
        `SELECT $1::text AS back, repeat($2::text, $3::int4) AS made, octet_length($1::text) AS length,
          ARRAY[$1::text] AS list`,
        [text, piece, Math.ceil(MEGABYTE / size)],
      );
      // Compared by hand: a difference in a megabyte is nothing to print.
      expect(
        row!.back === text && row!.made === text && row!.list[0] === text && row!.list.length === 1,
      ).toBe(true);
      expect(row!.length).toBe(Buffer.byteLength(text));
    }
  });

  it('10 MB of bytea both ways, in either form of the server', async () => {
    const bytes = Buffer.alloc(
      10 * MEGABYTE,
      Buffer.from(Array.from({ length: 251 }, (_, i) => (i * 37) % 256)),
    );
    await withConnection(db, async (connection) => {
      for (const form of ['hex', 'escape']) {
        await connection.exec(`SET bytea_output TO ${form}`);
        const row = await connection.queryRow<{ back: Buffer; length: number }>(
          'SELECT $1::bytea AS back, length($1::bytea) AS length',
          [bytes],
        );
        expect(row!.length).toBe(bytes.length);
        expect(row!.back.equals(bytes)).toBe(true);
      }
      // The memory that this took is not what the next value is read from.
      expect(await connection.queryRow('SELECT $1::bytea AS v', [Buffer.of(1)])).toStrictEqual({
        v: Buffer.of(1),
      });
    });
  });

  it('a statement of 5 MB', async () => {
    const text = '中'.repeat(MEGABYTE);
    const row = await db.queryRow<{ v: string; n: number }>(
      `SELECT '${text}' AS v, $1::int4 AS n -- ${'x'.repeat(2 * MEGABYTE)}`,
      [1],
    );
    expect(row!.v === text && row!.n === 1).toBe(true);
  });

  /** Rows of many types whose every value follows from the row's number. */
  const ROWS = `SELECT i AS int4, i::int8 * 4000000000 AS int8, i / 8.0::float8 AS float8, (i % 100)::numeric / 10 AS numeric,
    'row ' || i AS ascii, repeat('文', i % 7) || i AS chinese, i % 2 = 0 AS bool, nullif(i % 3, 0) AS sometimes,
    to_timestamp(i) AS time, int4send(i) AS bytes, ARRAY[i, NULL, -i] AS list, json_build_object('i', i) AS json
    FROM generate_series(1, $1::int4) AS i`;

  function wrongRows(rows: Record<string, unknown>[]): number {
    let wrong = 0;
    for (let i = 1; i <= rows.length; i++) {
      const row = rows[i - 1]!;
      const list = row['list'] as unknown[];
      const right =
        row['int4'] === i &&
        row['int8'] === BigInt(i) * 4000000000n &&
        row['float8'] === i / 8 &&
        Number(row['numeric']) === (i % 100) / 10 &&
        row['ascii'] === `row ${i}` &&
        row['chinese'] === '文'.repeat(i % 7) + String(i) &&
        row['bool'] === (i % 2 === 0) &&
        row['sometimes'] === (i % 3 === 0 ? null : i % 3) &&
        (row['time'] as Date).getTime() === i * 1000 &&
        (row['bytes'] as Buffer).readInt32BE() === i &&
        list.length === 3 &&
        list[0] === i &&
        list[1] === null &&
        list[2] === -i &&
        (row['json'] as { i: number }).i === i;
      if (!right) wrong++;
    }
    return wrong;
  }

  it('100,000 rows of many types', async () => {
    await withConnection(db, async (connection) => {
      // As it is; prepared; and, now that it is known to be large, read row by row.
      for (let i = 0; i < 3; i++) {
        const { rows, rowCount } = await connection.query(ROWS, [100_000]);
        expect(rowCount).toBe(100_000);
        expect(rows).toHaveLength(100_000);
        expect(wrongRows(rows)).toBe(0);
      }
      const { rows, fields } = await connection.query(ROWS, [100_000], { rowMode: 'array' });
      expect(rows).toHaveLength(100_000);
      expect(
        wrongRows(rows.map((row) => Object.fromEntries(fields.map(({ name }, i) => [name, row[i]])))),
      ).toBe(0);
      // Few rows by a statement that is read row by row, and none.
      expect((await connection.query(ROWS, [3])).rows).toHaveLength(3);
      expect((await connection.query(ROWS, [0])).rows).toStrictEqual([]);
    });
  });

  it('rows arrive whole while the event loop is busy', async () => {
    let busy = true;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const occupy = (): void => {
      if (!busy) return;
      // Longer than a delivery may take, so that chunks pile up and connections have to stop reading.
      Atomics.wait(pause, 0, 0, 20);
      setImmediate(occupy);
    };
    occupy();
    try {
      for (let round = 0; round < 2; round++) {
        const results = await Promise.all([1, 2, 3, 4].map((n) => db.query(ROWS, [n * 8000])));
        for (const [i, { rows }] of results.entries()) {
          expect(rows).toHaveLength((i + 1) * 8000);
          expect(wrongRows(rows)).toBe(0);
        }
      }
    } finally {
      busy = false;
    }
  });

  it('an error after many rows is the outcome', async () => {
    const sql = 'SELECT 1 / (50000 - i) AS v FROM generate_series(1, $1::int4) AS i';
    await withConnection(db, async (connection) => {
      expect((await connection.query(sql, [49_999])).rows).toHaveLength(49_999);
      for (let i = 0; i < 3; i++) {
        await expect(connection.query(sql, [60_000])).rejects.toMatchObject({
          code: '22012',
          condition: 'division_by_zero',
        });
        expect((await connection.query(sql, [49_999])).rows[49_998]).toStrictEqual({ v: 1 });
      }
    });
  });
});
