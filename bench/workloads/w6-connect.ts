import { strictEqual } from 'node:assert';
import { peakRssMb, startClocks } from '../clocks.js';
import { perOperation } from './samples.js';
import {
  cpuMetrics,
  inOneWay,
  pg,
  pgNative,
  postgres,
  rateMetric,
  rssMetric,
  type Workload,
} from './workload.js';

const warmUp = 20;

function connectWorkload(authentication: string, password: boolean): Workload {
  return {
    title: `Connect until the server is ready, and close; one after the other; authentication ${authentication}`,
    ...inOneWay([pg, pgNative, postgres], { rate: 1.15, jsCpu: 3, cpu: 1.3 }),
    password,
    metrics: [rateMetric('connections'), ...cpuMetrics('µs/connection'), rssMetric],
    setup: [],
    ceiling: ({ seconds }) => ['connect', String(seconds)],
    verify: async (client) => {
      const [row] = await client.fetchAll('select 1::int4 as one');
      strictEqual(row?.['one'], 1);
    },
    measure: async (open, { seconds }) => {
      const connect = async () => {
        const client = await open({ connections: 1, closedAtOnce: true });
        await client.close();
      };
      for (let i = 0; i < warmUp; i++) await connect();
      const stop = startClocks();
      const end = performance.now() + seconds * 1000;
      let connections = 0;
      for (; performance.now() < end; connections++) await connect();
      return { ...perOperation(stop(), connections), rss: peakRssMb() };
    },
  };
}

export const w6Trust = connectWorkload('trust', false);
export const w6Scram = connectWorkload('scram-sha-256', true);
