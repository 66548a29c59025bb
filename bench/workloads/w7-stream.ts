import { deepStrictEqual, strictEqual } from 'node:assert';
import { cursorRows, type Client, type Row } from '../client.js';
import { longestBlock, peakRssMb, startClocks } from '../clocks.js';
import { perRepeat } from './samples.js';
import { wideColumns, wideSetup, wideSql } from './wide-table.js';
import {
  blockMetric,
  c,
  cpuMetrics,
  likePgRatios,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const verifiedRows = 20_000;

export const streamTable = 'bench_stream';
export const streamSetup = wideSetup(streamTable, 1_000_000);

const sqlOf = (rowCount: number): string => `${wideSql(streamTable)} limit ${rowCount}`;

const contenders: Contender[] = [
  { label: 'kingbase-native rows()', client: 'kingbase-native', way: 'rows' },
  { label: 'kingbase-native batches()', client: 'kingbase-native', way: 'batches' },
  { label: 'kingbase-native/pg Cursor', client: 'kingbase-native-pg', way: 'pg-cursor' },
  { label: 'kingbase-native/pg QueryStream', client: 'kingbase-native-pg', way: 'pg-query-stream' },
  { label: 'pg-cursor', client: 'pg', way: 'pg-cursor' },
  { label: 'pg-query-stream', client: 'pg', way: 'pg-query-stream' },
  { label: 'pg-native FETCH', client: 'pg-native', way: 'FETCH' },
  { label: 'postgres cursor', client: 'postgres', way: 'cursor' },
];
const peers = contenders
  .filter(({ client }) => !client.startsWith('kingbase-native'))
  .map(({ label }) => [label]);
const targets = {
  peers,
  ratios: { rate: 2.7, jsCpu: 8, cpu: 2.4, rss: 1 },
  limits: { block: 10 },
};

export const w7: Workload = {
  title: `Stream of rows in bounded memory, each row looked at, once per process: ${wideColumns}. Cursors of peers: ${cursorRows} rows at a time`,
  contenders: [...contenders, c],
  repeated: 'pg-cursor',
  comparisons: [
    { ours: 'kingbase-native rows()', ...targets },
    { ours: 'kingbase-native batches()', ...targets },
    { ours: 'kingbase-native/pg Cursor', peers: [['pg-cursor']], ratios: likePgRatios },
    { ours: 'kingbase-native/pg QueryStream', peers: [['pg-query-stream']], ratios: likePgRatios },
  ],
  metrics: [rateMetric('rows'), ...cpuMetrics('ms'), blockMetric, rssMetric],
  setup: streamSetup,
  ceiling: ({ streamedRows }) => ['stream', sqlOf(streamedRows)],
  supports: ({ stream }, way) => stream?.[way] !== undefined,
  verify: async (client, pg, way) => {
    const theirs = await pg.fetchAll(sqlOf(verifiedRows));
    let n = 0;
    await client.stream?.[way]?.(sqlOf(verifiedRows), (row) =>
      deepStrictEqual({ ...row }, { ...theirs[n++] }),
    );
    strictEqual(n, verifiedRows);
  },
  measure: async (open, { streamedRows }, way) => {
    const client = await open({ connections: 1 });
    const { result, blockMs } = await longestBlock(async () => {
      const stop = startClocks();
      const seen = await look(client, way, sqlOf(streamedRows));
      return { times: stop(), seen };
    });
    deepStrictEqual(result.seen, {
      rows: streamedRows,
      numbers: (streamedRows * (streamedRows + 1)) / 2,
      characters: 20 * streamedRows,
    });
    return { ...perRepeat([result.times], streamedRows), block: blockMs, rss: peakRssMb() };
  },
};

async function look(client: Client, way: string, sql: string) {
  const seen = { rows: 0, numbers: 0, characters: 0 };
  await client.stream?.[way]?.(sql, (row: Row) => {
    seen.rows++;
    seen.numbers += row['a'] as number;
    seen.characters += (row['e'] as string).length;
  });
  return seen;
}
