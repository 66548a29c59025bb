import { deepStrictEqual, ok, rejects } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Limits, Row } from '../client.js';
import { inFlight } from './in-flight.js';
import { lookupId, lookupSetup, verifyLookup } from './lookup-table.js';
import {
  ahead,
  cpuMetrics,
  latencyMetrics,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const connections = 10;
const loops = 64;
/** ms; none of the calls that are measured takes that long. */
const timeout = 5_000;

/** The nearest that each client has; 'signal' is the limit of time and a signal of the call's own. */
const contenders: Contender[] = [
  { label: 'kingbase-native timeout', client: 'kingbase-native', way: 'timeout' },
  { label: 'kingbase-native timeout, signal', client: 'kingbase-native', way: 'signal' },
  { label: 'pg query_timeout', client: 'pg', way: 'timeout' },
  { label: 'pg query_timeout, not awaited on abort', client: 'pg', way: 'signal' },
  { label: 'pg pipeline query_timeout', client: 'pg-pipeline', way: 'timeout' },
  { label: 'pg pipeline query_timeout, not awaited on abort', client: 'pg-pipeline', way: 'signal' },
  { label: 'pg-native timer and cancel', client: 'pg-native', way: 'timeout' },
  { label: 'pg-native timer, listener and cancel', client: 'pg-native', way: 'signal' },
  { label: 'postgres timer and cancel()', client: 'postgres', way: 'timeout' },
  { label: 'postgres timer, listener and cancel()', client: 'postgres', way: 'signal' },
];
const peersBy = (way: string): string[][] =>
  contenders
    .filter((contender) => contender.client !== 'kingbase-native' && contender.way === way)
    .map(({ label }) => [label]);

async function lookup(client: Client, id: number, limits: Limits): Promise<Row | undefined> {
  if (!client.lookupWithin) throw new Error('This client has no limits.');
  return client.lookupWithin(id, limits);
}

const limitsOf = (way: string): Limits =>
  way === 'signal' ? { timeout, signal: new AbortController().signal } : { timeout };

export const w8: Workload = {
  title:
    `Look-up by primary key under a limit of ${timeout / 1000} s, without and with an AbortSignal for each call, ` +
    `${connections} connections, ${loops} operations in flight`,
  contenders,
  repeated: 'pg query_timeout',
  comparisons: [
    { ours: 'kingbase-native timeout', peers: peersBy('timeout'), ratios: ahead },
    { ours: 'kingbase-native timeout, signal', peers: peersBy('signal'), ratios: ahead },
  ],
  metrics: [rateMetric('operations'), ...cpuMetrics('µs/operation'), ...latencyMetrics, rssMetric],
  setup: lookupSetup,
  supports: (client) => client.lookupWithin !== undefined,
  verify: async (client, pg, way) => {
    await verifyLookup({ ...client, lookup: (id) => lookup(client, id, limitsOf(way)) }, pg);
    // The reads have to wait, so that the limit is what ends them.
    await pg.fetchAll('begin');
    await pg.fetchAll('lock table bench_lookup in access exclusive mode');
    if (way === 'signal') {
      const controller = new AbortController();
      const looking = lookup(client, 1, { timeout, signal: controller.signal });
      setImmediate(() => controller.abort());
      await rejects(looking);
      ok(controller.signal.aborted);
    } else await rejects(lookup(client, 1, { timeout: 50 }));
    await pg.fetchAll('rollback');
    // Where the call took its connection with it, there has to be another first.
    await sleep(100);
    deepStrictEqual({ ...(await lookup(client, 1, limitsOf(way))) }, { ...(await pg.lookup(1)) });
  },
  measure: async (open, { seconds }, way) => {
    const client = await open({ connections });
    const { measurement } = await inFlight(loops, seconds, async (n) => {
      if (!(await lookup(client, lookupId(n), limitsOf(way)))) throw new Error('A look-up found no row.');
    });
    return measurement;
  },
};
