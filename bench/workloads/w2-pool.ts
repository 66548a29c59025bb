import { peakRssMb, startClocks } from '../clocks.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import { cpuMetrics, rssMetric, type Workload } from './workload.js';

const connections = 10;
const loops = 64;

export const w2: Workload = {
  title: `Look-up by primary key, ${connections} connections, ${loops} operations in flight`,
  extraClients: ['pg-pipeline'],
  metrics: [
    { key: 'rate', title: 'operations/s', better: 'higher' },
    ...cpuMetrics('µs/operation'),
    rssMetric,
  ],
  setup: lookupSetup,
  verify: verifyLookup,
  measure: async (open, { seconds }) => {
    const client = await open(connections);
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
    const { wallMs, cpuUs, jsCpuUs } = stop();
    const operations = n - warmUp;
    return {
      rate: (operations / wallMs) * 1000,
      cpu: cpuUs / operations,
      jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / operations,
      rss: peakRssMb(),
    };
  },
};
