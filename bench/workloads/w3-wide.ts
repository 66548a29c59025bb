import { fetchWorkload } from './fetch.js';
import { wideColumns, wideSetup, wideSql } from './wide-table.js';

const rowCount = 100_000;

export const w3 = fetchWorkload({
  title: `Fetch of 100 000 rows: ${wideColumns}`,
  setup: wideSetup('bench_wide', rowCount),
  sql: wideSql('bench_wide'),
  rowCount,
  ratios: { rate: 1.8, jsCpu: 4, cpu: 1.65, block: 3.5 },
});
