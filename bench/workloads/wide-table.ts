/** The columns of a wide row with number `i`: every common type, and a null. */
const columns = `i::int4 as a, i::int8 * 123456789 as b, i * 1.37::float8 as c, i * 1.123 as d,
              rpad('abcdefghijabcdefghij', 20 - length(i::text)) || i as e,
              timestamptz '2020-01-01 00:00:00Z' + i * interval '1.123 s' as f,
              i % 2 = 0 as g, null::text as h`;

export const wideColumns =
  'int4, int8, float8, numeric, text (20 characters), timestamptz, bool, text (null)';

export const wideSetup = (table: string, rowCount: number): string[] => [
  `drop table if exists ${table}`,
  `create unlogged table ${table} as select ${columns} from generate_series(1, ${rowCount}) as i`,
  `vacuum analyze ${table}`,
];

export const wideSql = (table: string): string => `select a, b, c, d, e, f, g, h from ${table}`;
