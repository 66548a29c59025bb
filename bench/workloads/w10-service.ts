import { deepStrictEqual, strictEqual } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { LoadReport } from '../load.js';
import { peakRssMb, startClocks } from '../clocks.js';
import { checkInserted, insertSetup } from './insert-table.js';
import { lookupSetup } from './lookup-table.js';
import { perOperation } from './samples.js';
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

const connections = 10;
const clients = 64;
const verifiedRequests = 20;

const service = inOneWay([pg, pgPipeline, pgNative, postgres], ahead);

export const w10: Workload = {
  title:
    `A web service (Fastify): ${clients} clients in another process that keep their connections, a POST after the ` +
    `other; each does two look-ups and an insert on a pool of ${connections} and answers in JSON. CPU is the service's`,
  ...service,
  contenders: service.contenders.filter(({ client }) => client !== 'c'),
  connections,
  metrics: [rateMetric('requests'), ...cpuMetrics('µs/request'), ...latencyMetrics, rssMetric],
  setup: [...lookupSetup, ...insertSetup],
  supports: (client) => client.insertRow !== undefined,
  verify: async (client, reference) => {
    const answers = async (of: typeof client) => {
      await reference.fetchAll('truncate bench_rows');
      const { createService } = await import('../service.js');
      const app = createService(of);
      const bodies: unknown[] = [];
      for (let id = 1; id <= verifiedRequests; id++) {
        const { statusCode, body } = await app.inject({ method: 'POST', url: '/orders', payload: { id } });
        strictEqual(statusCode, 201, body);
        bodies.push(JSON.parse(body));
      }
      await checkInserted(reference, verifiedRequests);
      return bodies;
    };
    deepStrictEqual(await answers(client), await answers(reference));
  },
  measure: async (open, { seconds }) => {
    const client = await open({ connections });
    await client.fetchAll('truncate bench_rows');
    // Loaded here, so that it is in no other workload's memory.
    const { createService } = await import('../service.js');
    const app = createService(client);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const parameters = [String(port), String(clients), String(seconds)];
    const load = fork(path.join(__dirname, '..', 'load.js'), parameters, { execArgv: [] });
    const ended = once(load, 'exit').then(() => {
      throw new Error('The load ended before it had sent its report.');
    });
    // One message at the end of the warm-up, and one with what was measured.
    await Promise.race([once(load, 'message'), ended]);
    const stop = startClocks();
    const [report] = (await Promise.race([once(load, 'message'), ended])) as [LoadReport];
    const times = stop();
    ended.catch(() => undefined);
    await checkInserted(client, report.all);
    return {
      ...perOperation({ ...times, wallMs: report.wallMs }, report.measured),
      p50: report.p50,
      p99: report.p99,
      rss: peakRssMb(),
    };
  },
};
