import { deepStrictEqual, strictEqual } from 'node:assert';
import { createHistogram } from 'node:perf_hooks';
import type { Client, Row } from '../client.js';
import { longestBlock, peakRssMb, startClocks } from '../clocks.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import {
  ahead,
  blockMetric,
  cpuMetrics,
  latencyMetrics,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const table = 'bench_large';
const tableRows = 10_000;
const bytesPerRow = 10_240;
/** Rows that a peer's cursor fetches at a time, some 1 MB. */
const rowsAtATime = 100;
const connections = 4;
/** Look-ups are begun at this pace, whether those before have ended or not. */
const lookupsPerMs = 1;

const sql = `select id, body from ${table}`;

const contenders: Contender[] = [
  { label: 'kingbase-native rows()', client: 'kingbase-native', way: 'rows' },
  { label: 'kingbase-native batches()', client: 'kingbase-native', way: 'batches' },
  { label: 'pg-cursor', client: 'pg', way: 'pg-cursor' },
  { label: 'pg-query-stream', client: 'pg', way: 'pg-query-stream' },
  { label: 'pg-native FETCH', client: 'pg-native', way: 'FETCH' },
  { label: 'postgres cursor', client: 'postgres', way: 'cursor' },
];
const peers = contenders.filter(({ client }) => client !== 'kingbase-native').map(({ label }) => [label]);

/** Reads all rows once, and adds up what is in them. */
async function readAll(client: Client, way: string): Promise<{ rows: number; ids: number; bytes: number }> {
  const seen = { rows: 0, ids: 0, bytes: 0 };
  const look = (row: Row) => {
    seen.rows++;
    seen.ids += row['id'] as number;
    seen.bytes += (row['body'] as string).length;
  };
  await client.stream?.[way]?.(sql, look, rowsAtATime);
  return seen;
}

/**
 * Begins look-ups at their pace. A latency counts from when the look-up was due, so that time in which the event loop stood still
 * counts, and only if it was due while rows came.
 */
async function lookUpAtPace(client: Client, count: number, counts: () => boolean) {
  const latency = createHistogram();
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let n = 0; n < count;) {
    const due = Math.min(count, Math.floor((performance.now() - began) * lookupsPerMs));
    for (; n < due; n++) {
      const dueAt = began + n / lookupsPerMs;
      const counted = counts();
      const one = async (id: number) => {
        if (!(await client.lookup(id))) throw new Error('A look-up found no row.');
        if (counted) latency.record(Math.max(1, Math.round((performance.now() - dueAt) * 1e6)));
      };
      under.push(one(lookupId(n)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(under);
  return latency;
}

export const w13: Workload = {
  title:
    `A stream of ${tableRows} rows with a text of ${bytesPerRow / 1024} KB, read once for each second of the measurement, and ` +
    `beside it on ${connections} connections a thousand look-ups a second, each timed from when it was due. The work is the ` +
    `same for all. Cursors of peers: ${rowsAtATime} rows at a time`,
  contenders,
  repeated: 'pg-cursor',
  comparisons: [
    { ours: 'kingbase-native rows()', peers, ratios: ahead },
    { ours: 'kingbase-native batches()', peers, ratios: ahead },
  ],
  metrics: [rateMetric('rows'), ...latencyMetrics, ...cpuMetrics('ms'), blockMetric, rssMetric],
  setup: [
    ...lookupSetup,
    `drop table if exists ${table}`,
    // Stored as it is: unpacking is the server's affair.
    `create unlogged table ${table} (id int4, body text)`,
    `alter table ${table} alter body set storage external`,
    `insert into ${table} select i, lpad(i::text, 10, '0') || repeat('abcdefghij', ${bytesPerRow / 10 - 1})
       from generate_series(1, ${tableRows}) as i`,
    `vacuum analyze ${table}`,
  ],
  supports: ({ stream }, way) => stream?.[way] !== undefined,
  verify: async (client, pg, way) => {
    await verifyLookup(client, pg);
    const theirs = await pg.fetchAll(`${sql} limit 1000`);
    let n = 0;
    const compare = (row: Row) => deepStrictEqual({ ...row }, { ...theirs[n++] });
    await client.stream?.[way]?.(`${sql} limit 1000`, compare, rowsAtATime);
    strictEqual(n, 1000);
  },
  measure: async (open, { seconds }, way) => {
    const streaming = await open({ connections: 1 });
    const looking = await open({ connections });
    const passes = Math.max(1, Math.round(seconds));
    for (let n = 0; n < 200; n++)
      await Promise.all([looking.lookup(lookupId(n)), looking.lookup(lookupId(n))]);
    await readAll(streaming, way);

    const { result, blockMs } = await longestBlock(async () => {
      const stop = startClocks();
      let streams = true;
      let streamMs = 0;
      const stream = async () => {
        const start = performance.now();
        for (let pass = 0; pass < passes; pass++) {
          deepStrictEqual(await readAll(streaming, way), {
            rows: tableRows,
            ids: (tableRows * (tableRows + 1)) / 2,
            bytes: tableRows * bytesPerRow,
          });
        }
        streamMs = performance.now() - start;
        streams = false;
      };
      const lookups = Math.round(seconds * 1000 * lookupsPerMs);
      const [latency] = await Promise.all([lookUpAtPace(looking, lookups, () => streams), stream()]);
      return { times: stop(), latency, streamMs };
    });
    const { times, latency, streamMs } = result;
    return {
      rate: ((passes * tableRows) / streamMs) * 1000,
      cpu: times.cpuUs / 1000,
      jsCpu: times.jsCpuUs === undefined ? undefined : times.jsCpuUs / 1000,
      p50: latency.percentile(50) / 1000,
      p99: latency.percentile(99) / 1000,
      block: blockMs,
      rss: peakRssMb(),
    };
  },
};
