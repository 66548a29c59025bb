import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { ReferenceClient } from './reference-client.js';
import { ALL_SAMPLES, type Sample, type TypeSamples } from './value-samples.js';
import { withConnection } from './with-connection.js';

let reference: ReferenceClient;
beforeAll(async () => {
  reference = await ReferenceClient.connect();
});
afterAll(() => reference.end());

const sent = (sample: Sample): unknown => ('parameter' in sample ? sample.parameter : sample.value);

/** For array elements: an array would be a further dimension, and NULL is not the JSON value null. */
const elementsOf = ({ samples }: TypeSamples): Sample[] =>
  samples.filter(({ value }) => value !== null && !Array.isArray(value));

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  describe.each(ALL_SAMPLES)('$type', (type) => {
    it('reads what the server writes, as the reference driver does', async () => {
      const sql = `SELECT $1::text::${type.type}`;
      for (const { text, value } of type.samples) {
        // The second time the statement is prepared, from the third on only executed.
        const { rows } = await db.query(sql, [text], { rowMode: 'array' });
        expect(rows, text).toStrictEqual([[value]]);
        expect(await reference.rows(sql, [text]), text).toStrictEqual([[value]]);
      }
    });

    it('writes what it reads', async () => {
      const comparable = (value: string): string =>
        `${value}::${type.type}::text::${type.canonical ?? type.type}::text`;
      for (const sample of type.samples) {
        const { rows } = await db.query(
          `SELECT $1::${type.type}, ${comparable('$1')} IS NOT DISTINCT FROM ${comparable('$2::text')}`,
          [sent(sample), sample.text],
          { rowMode: 'array' },
        );
        expect(rows, sample.text).toStrictEqual([[sample.value, true]]);
      }
    });

    it('reads arrays of one, two and three dimensions', async () => {
      const elements = elementsOf(type);
      const [first, last] = [elements[0]!, elements.at(-1)!];
      const array = `${type.type}[]`;
      const literal = ({ text }: Sample): string => `'${text.replaceAll("'", "''")}'::text::${type.type}`;
      const [a, b] = [literal(first), literal(last)];
      const expected: [sql: string, value: unknown][] = [
        [
          `ARRAY[${[...elements.map(literal), 'NULL'].join()}]::${array}`,
          [...elements.map((e) => e.value), null],
        ],
        [`ARRAY[${a}]::${array}`, [first.value]],
        [`ARRAY[NULL, NULL]::${array}`, [null, null]],
        [`'{}'::${array}`, []],
        [
          `ARRAY[[${a}, NULL], [${b}, ${a}]]::${array}`,
          [
            [first.value, null],
            [last.value, first.value],
          ],
        ],
        [
          `ARRAY[[[${a}], [${b}]], [[NULL], [${a}]]]::${array}`,
          [
            [[first.value], [last.value]],
            [[null], [first.value]],
          ],
        ],
      ];
      for (const [sql, value] of expected) {
        const { rows } = await db.query(`SELECT ${sql}`, [], { rowMode: 'array' });
        expect(rows, sql).toStrictEqual([[value]]);
        if (type.semicolons === undefined) {
          expect(await reference.rows(`SELECT ${sql}`), sql).toStrictEqual([[value]]);
        }
      }
    });

    it('writes arrays of one, two and three dimensions', async () => {
      const elements = elementsOf(type);
      const [first, last] = [elements[0]!, elements.at(-1)!];
      const values = (...samples: (Sample | null)[]): [unknown[], unknown[]] => [
        samples.map((sample) => (sample === null ? null : sent(sample))),
        samples.map((sample) => (sample === null ? null : sample.value)),
      ];
      const [row1, read1] = values(first, null);
      const [row2, read2] = values(last, first);
      const [all, readAll] = values(...elements, null);
      const expected: [parameter: unknown[], value: unknown[]][] = [
        [all, readAll],
        [[], []],
        [
          [null, undefined],
          [null, null],
        ],
        [
          [row1, row2],
          [read1, read2],
        ],
        [
          [
            [row1, row2],
            [row2, row1],
          ],
          [
            [read1, read2],
            [read2, read1],
          ],
        ],
      ];
      for (const [parameter, value] of expected) {
        const { rows } = await db.query(`SELECT $1::${type.type}[]`, [parameter], { rowMode: 'array' });
        expect(rows).toStrictEqual([[value]]);
      }
    });

    it('tells NULL from every value', async () => {
      const row = await db.queryRow(`SELECT $1::${type.type} AS value, $1::${type.type} IS NULL AS absent`, [
        null,
      ]);
      expect(row).toStrictEqual({ value: null, absent: true });
    });
  });

  describe('arrays', () => {
    it('reads explicit bounds as plain arrays', async () => {
      const row = await db.queryRow(
        `SELECT '[0:2]={1,2,NULL}'::int4[] AS one, '[-3:-2][5:6]={{a,"b c"},{NULL,"\\"}"}}'::text[] AS two,
          '[2:2]={2024-01-01 00:00:00+00}'::timestamptz[] AS plain`,
      );
      expect(row).toStrictEqual({
        one: [1, 2, null],
        two: [
          ['a', 'b c'],
          [null, '"}'],
        ],
        plain: [new Date('2024-01-01T00:00:00Z')],
      });
    });

    it('reads and writes six dimensions and refuses a seventh', async () => {
      const six = [
        [
          [
            [
              [
                [1, 2],
                [3, 4],
              ],
            ],
          ],
        ],
      ];
      expect(await db.queryRow('SELECT $1::int4[] AS value', [six])).toStrictEqual({ value: six });
      await expect(db.query('SELECT $1::int4[] AS value', [[six]])).rejects.toMatchObject({
        name: 'UsageError',
        code: 'KB_BAD_PARAMETER',
        parameterIndex: 0,
      });
      expect(await db.queryRow('SELECT $1::int4[] AS value', [six])).toStrictEqual({ value: six });
    });

    it('lets the server refuse a ragged array', async () => {
      await expect(db.query('SELECT $1::int4[]', [[[1, 2], [3]]])).rejects.toMatchObject({
        name: 'DatabaseError',
        code: '22P02',
      });
    });

    it('reads arrays with many elements', async () => {
      const row = await db.queryRow<{ numbers: number[]; texts: string[] }>(
        `SELECT array_agg(i) AS numbers, array_agg('"' || i || '\\') AS texts FROM generate_series(1, 50000) AS i`,
      );
      expect(row?.numbers).toStrictEqual(Array.from({ length: 50_000 }, (_, i) => i + 1));
      expect(row?.texts).toStrictEqual(Array.from({ length: 50_000 }, (_, i) => `"${i + 1}\\`));
    });
  });

  it('reads records as the server writes them', async () => {
    const row = await db.queryRow(
      `SELECT ROW(1, 'a b', NULL, '"') AS composite, ARRAY[ROW(1, 'a')] AS composites`,
    );
    expect(row).toStrictEqual({ composite: '(1,"a b",,"""")', composites: ['(1,a)'] });
  });

  it('reads bytea in either form that the server writes', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) % 256));
    await withConnection(db, async (connection) => {
      for (const form of ['escape', 'hex']) {
        await connection.exec(`SET bytea_output TO ${form}`);
        const row = await connection.queryRow(
          `SELECT $1::bytea AS value, ARRAY[$1::bytea, ''::bytea, NULL] AS array, decode('5c', 'hex') AS backslash`,
          [bytes],
        );
        expect(row).toStrictEqual({
          value: bytes,
          array: [bytes, Buffer.alloc(0), null],
          backslash: Buffer.from('\\'),
        });
      }
    });
  });

  it('reads intervals in the style of the session', async () => {
    await withConnection(db, async (connection) => {
      const styles = {
        postgres: '1 year 2 mons -3 days +04:05:06.7',
        postgres_verbose: '@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs',
        sql_standard: '+1-2 -3 +4:05:06.7',
        iso_8601: 'P1Y2M-3DT4H5M6.7S',
      };
      for (const [style, text] of Object.entries(styles)) {
        await connection.exec(`SET intervalstyle TO ${style}`);
        expect(
          await connection.queryRow(
            `SELECT interval '1 year 2 months -3 days 04:05:06.7' AS value, $1::interval AS again`,
            [text],
          ),
        ).toStrictEqual({ value: text, again: text });
      }
      await connection.exec('RESET intervalstyle');
    });
  });

  it('reads xml where the server has it', async () => {
    const documents = ['<a b="c">中文</a>', 'plain &amp; content'];
    for (const text of documents) {
      try {
        const row = await db.queryRow('SELECT $1::xml AS value, ARRAY[$1::xml, NULL] AS array', [text]);
        expect(row).toStrictEqual({ value: text, array: [text, null] });
      } catch (error) {
        // Built without libxml, as the embedded server may be.
        expect(error).toMatchObject({ code: '0A000' });
      }
    }
  });
});
