import { insertRow, insertRows, insertSetup, checkInserted, verifyInserted } from './insert-table.js';
import { inFlight } from './in-flight.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import {
  cpuMetrics,
  latencyMetrics,
  likePgRatios,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const connections = 10;
const loops = 64;
const verifiedRows = 100;

const contenders: Contender[] = [
  { label: 'Knex on kingbase-native/pg', client: 'knex-kingbase' },
  { label: 'Knex on pg', client: 'knex-pg' },
  { label: 'Drizzle on kingbase-native/pg', client: 'drizzle-kingbase' },
  { label: 'Drizzle on pg', client: 'drizzle-pg' },
];

/** The builder's own work is in both, so that of the driver's ratios only that of the rate can be asked for. */
const ratios = { rate: likePgRatios.rate, jsCpu: 1 };

const builders: Pick<Workload, 'contenders' | 'repeated' | 'comparisons' | 'connections' | 'metrics'> = {
  contenders,
  repeated: 'Knex on pg',
  comparisons: ['Knex', 'Drizzle'].map((builder) => ({
    ours: `${builder} on kingbase-native/pg`,
    peers: [[`${builder} on pg`]],
    ratios,
  })),
  connections,
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), ...latencyMetrics, rssMetric],
};

export const w15Select: Workload = {
  title: `Look-up by primary key as a query builder writes it, ${connections} connections, ${loops} in flight`,
  ...builders,
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

export const w15Insert: Workload = {
  title: `Insert of a row as a query builder writes it, ${connections} connections, ${loops} in flight`,
  ...builders,
  setup: insertSetup,
  supports: (client) => client.insertRow !== undefined,
  verify: async (client, reference) => {
    await reference.fetchAll('truncate bench_rows');
    await Promise.all(insertRows(verifiedRows).map(async (row) => client.insertRow?.(row)));
    await verifyInserted(reference, verifiedRows);
  },
  measure: async (open, { seconds }) => {
    const client = await open({ connections });
    await client.fetchAll('truncate bench_rows');
    const { measurement, operations } = await inFlight(loops, seconds, async (n) => {
      await client.insertRow?.(insertRow(n + 1));
    });
    await checkInserted(client, operations);
    return measurement;
  },
};
