import { peakRssMb, startClocks } from '../clocks.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import { perOperation } from './samples.js';
import {
  bunSql,
  cpuMetrics,
  inOneWay,
  oursPipeline,
  pg,
  pgNative,
  pgPipeline,
  postgres,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

const connections = 10;
const loops = 64;

const inPool = inOneWay([pg, pgPipeline, pgNative, postgres, bunSql], { rate: 1.1, jsCpu: 3.5, cpu: 1.4 });

export const w2: Workload = {
  title: `Look-up by primary key, ${connections} connections, ${loops} operations in flight`,
  ...inPool,
  contenders: [...inPool.contenders, oursPipeline],
  comparisons: [
    ...inPool.comparisons,
    {
      ours: oursPipeline.label,
      peers: [[pgPipeline.label], [postgres.label], [bunSql.label]],
      ratios: { rate: 1, jsCpu: 1, cpu: 1 },
    },
  ],
  supports: ({ able }) => able !== false,
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), rssMetric],
  setup: lookupSetup,
  verify: verifyLookup,
  ceiling: ({ seconds }) => ['lookup', String(connections), String(seconds)],
  measure: async (open, { seconds }) => {
    const client = await open({ connections });
    let n = 0;
    const run = async (milliseconds: number) => {
      const end = performance.now() + milliseconds;
      const loop = async () => {
        while (performance.now() < end) {
          if (!(await client.lookup(lookupId(n++)))) throw new Error('A look-up found no row.');
        }
      };
      await Promise.all(Array.from({ length: loops }, loop));
    };

    await run(600);
    const warmUp = n;
    const stop = startClocks();
    await run(seconds * 1000);
    return { ...perOperation(stop(), n - warmUp), rss: peakRssMb() };
  },
};
