import { ok } from 'node:assert';
import type { Client } from '../client.js';
import type { Tracing } from '../tracing.js';
import { inFlight } from './in-flight.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import {
  ahead,
  cpuMetrics,
  inOneWay,
  latencyMetrics,
  pg,
  pgPipeline,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

const connections = 10;
const loops = 64;

const traced = inOneWay([pg, pgPipeline], ahead);

let tracing: Tracing | undefined;

/** A look-up within a span of the program's own, as within that of a request. */
const tracedLookup = async (client: Client, n: number): Promise<void> => {
  const found = await tracing?.within('request', () => client.lookup(lookupId(n)));
  if (!found) throw new Error('A look-up found no row.');
};

export const w14: Workload = {
  title:
    `Look-up by primary key within a span of OpenTelemetry, traced as a span of its own, ${connections} connections, ` +
    `${loops} operations in flight`,
  ...traced,
  contenders: traced.contenders.filter(({ client }) => client !== 'c'),
  without: [
    { label: 'pg-native', reason: 'OpenTelemetry has no instrumentation of it alone, only of pg.native' },
    { label: 'postgres', reason: 'OpenTelemetry has no instrumentation of it' },
  ],
  connections,
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), ...latencyMetrics, rssMetric],
  setup: lookupSetup,
  prepare: async () => {
    // Loaded here, so that it is in no other workload's memory.
    const { startTracing } = await import('../tracing.js');
    tracing = await startTracing();
  },
  verify: async (client, reference) => {
    await verifyLookup(client, reference);
    const before = tracing?.children() ?? 0;
    for (let n = 0; n < 20; n++) await tracedLookup(client, n);
    ok(
      (tracing?.children() ?? 0) - before >= 20,
      'Each look-up should have a span below that of its request.',
    );
  },
  measure: async (open, { seconds }) => {
    const client = await open({ connections });
    const { measurement, operations } = await inFlight(loops, seconds, (n) => tracedLookup(client, n));
    ok((tracing?.children() ?? 0) >= operations);
    return measurement;
  },
};
