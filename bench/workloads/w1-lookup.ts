import { createHistogram } from 'node:perf_hooks';
import { peakRssMb, startClocks } from '../clocks.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import { perOperation } from './samples.js';
import {
  bunSql,
  cpuMetrics,
  inOneWay,
  latencyMetrics,
  pg,
  pgNative,
  postgres,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

export const w1: Workload = {
  title: 'Look-up by primary key, one connection, one operation after the other',
  ...inOneWay([pg, pgNative, postgres, bunSql], { rate: 1.15, jsCpu: 1.75, cpu: 1.3, p50: 1.1, p99: 1 }),
  pinned: true,
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), ...latencyMetrics, rssMetric],
  setup: lookupSetup,
  verify: verifyLookup,
  ceiling: ({ seconds }) => ['lookup', '1', String(seconds)],
  measure: async (open, { seconds }) => {
    const client = await open({ connections: 1 });
    let n = 0;
    const latency = createHistogram();
    const run = async (milliseconds: number) => {
      const end = performance.now() + milliseconds;
      while (performance.now() < end) {
        if (!(await client.lookup(lookupId(n++)))) throw new Error('A look-up found no row.');
        latency.recordDelta();
      }
    };

    await run(600);
    latency.reset();
    const warmUp = n;
    const stop = startClocks();
    // The first delta after a reset only sets the starting time.
    latency.recordDelta();
    await run(seconds * 1000);
    return {
      ...perOperation(stop(), n - warmUp),
      p50: latency.percentile(50) / 1000,
      p99: latency.percentile(99) / 1000,
      rss: peakRssMb(),
    };
  },
};
