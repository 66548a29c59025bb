import { fetchWorkload } from './fetch.js';

const rowCount = 100_000;

export const w3 = fetchWorkload({
  title:
    'Fetch of 100 000 rows: int4, int8, float8, numeric, text (20 characters), timestamptz, bool, text (null)',
  setup: [
    'drop table if exists bench_wide',
    `create unlogged table bench_wide as
       select i::int4 as a, i::int8 * 123456789 as b, i * 1.37::float8 as c, i * 1.123 as d,
              rpad('abcdefghijabcdefghij', 20 - length(i::text)) || i as e,
              timestamptz '2020-01-01 00:00:00Z' + i * interval '1.123 s' as f,
              i % 2 = 0 as g, null::text as h
         from generate_series(1, ${rowCount}) as i`,
    'vacuum analyze bench_wide',
  ],
  sql: 'select a, b, c, d, e, f, g, h from bench_wide',
  rowCount,
});
