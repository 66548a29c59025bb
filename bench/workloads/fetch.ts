import { deepStrictEqual, strictEqual } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Row } from '../client.js';
import { longestBlock, peakRssMb, startClocks, type Times } from '../clocks.js';
import { median } from '../statistics.js';
import { perRepeat } from './samples.js';
import {
  blockMetric,
  bunSql,
  cpuMetrics,
  inOneWay,
  pg,
  pgNative,
  postgres,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

/** A workload that fetches the whole of a table again and again and keeps all rows until the clock is read. */
export function fetchWorkload(table: {
  title: string;
  setup: string[];
  sql: string;
  rowCount: number;
  ratios: Record<string, number>;
}): Workload {
  return {
    title: table.title,
    ...inOneWay([pg, pgNative, postgres, bunSql], table.ratios),
    metrics: [rateMetric('rows'), ...cpuMetrics('ms'), blockMetric, rssMetric],
    setup: table.setup,
    ceiling: ({ fetches }) => ['fetch', table.sql, String(fetches)],
    verify: async (client, reference) => {
      const theirs = await reference.fetchAll(table.sql);
      const rows = await client.fetchAll(table.sql);
      strictEqual(rows.length, theirs.length);
      // Row by row, as assert would try to show the difference of the whole. Classes of row objects may differ; what
      // counts is names, values and their types.
      const asPgGives = (row: Row) => client.asPgGives?.(row) ?? row;
      rows.forEach((row, index) => deepStrictEqual({ ...asPgGives(row) }, { ...theirs[index] }));
    },
    measure: async (open, { fetches }) => {
      const client = await open({ connections: 1 });
      for (let i = 0; i < 2; i++) await client.fetchAll(table.sql);
      const samples: (Times & { blockMs: number })[] = [];
      for (let i = 0; i < fetches; i++) {
        samples.push(await fetchOnce(client, table));
        await sleep(30);
      }
      return {
        ...perRepeat(samples, table.rowCount),
        block: median(samples.map((sample) => sample.blockMs)),
        rss: peakRssMb(),
      };
    },
  };
}

/** A function of its own, so that nothing holds the rows any longer once it has returned. */
async function fetchOnce(client: Client, { sql, rowCount }: { sql: string; rowCount: number }) {
  const { result, blockMs } = await longestBlock(async () => {
    const stop = startClocks();
    const rows = await client.fetchAll(sql);
    return { times: stop(), rows };
  });
  if (result.rows.length !== rowCount) {
    throw new Error(`${result.rows.length} rows came where ${rowCount} were expected.`);
  }
  return { ...result.times, blockMs };
}
