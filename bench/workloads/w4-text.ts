import { fetchWorkload } from './fetch.js';
import type { Workload } from './workload.js';

const rowCount = 10_000;

/** About 1 KB of UTF-8 in each row; the number in it keeps the rows apart. */
function textWorkload(what: string, table: string, text: string, ratios: Record<string, number>): Workload {
  return fetchWorkload({
    title: `Fetch of 10 000 rows: int4 and a text of 1 KB, ${what}`,
    setup: [
      `drop table if exists ${table}`,
      // Stored as it is: unpacking is the server's affair.
      `create unlogged table ${table} (id int4, body text)`,
      `alter table ${table} alter body set storage external`,
      `insert into ${table} select i, ${text} from generate_series(1, ${rowCount}) as i`,
      `vacuum analyze ${table}`,
    ],
    sql: `select id, body from ${table}`,
    rowCount,
    ratios,
  });
}

export const w4Ascii = textWorkload(
  '1024 ASCII characters',
  'bench_ascii',
  "lpad(i::text, 24, '0') || repeat('abcdefghij', 100)",
  { rate: 1.1, jsCpu: 3, cpu: 1.65 },
);

export const w4Chinese = textWorkload(
  '341 characters, Chinese but for five',
  'bench_chinese',
  "lpad(i::text, 5, '0') || repeat('数据库连接驱动程序测试中文文本', 22) || '数据库连接驱'",
  { rate: 1.4, jsCpu: 5, cpu: 1.6 },
);
