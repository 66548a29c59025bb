import { inFlight } from './in-flight.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import {
  ahead,
  cpuMetrics,
  inOneWay,
  latencyMetrics,
  pg,
  pgNative,
  pgPipeline,
  postgres,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

const connections = 200;
const loops = 2000;

const many = inOneWay([pg, pgPipeline, pgNative, postgres], ahead);

export const w12: Workload = {
  title: `Look-up by primary key, ${connections} connections, ${loops} operations in flight`,
  ...many,
  contenders: many.contenders.filter(({ client }) => client !== 'c'),
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), ...latencyMetrics, rssMetric],
  setup: lookupSetup,
  verify: verifyLookup,
  measure: async (open, { seconds }) => {
    const client = await open({ connections });
    const { measurement } = await inFlight(loops, seconds, async (n) => {
      if (!(await client.lookup(lookupId(n)))) throw new Error('A look-up found no row.');
    });
    return measurement;
  },
};
