import { strictEqual } from 'node:assert';
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakRssMb, startClocks, type Times } from '../clocks.js';
import type { Client } from '../client.js';
import { checkInserted, insertSetup, insertText, verifyInserted } from './insert-table.js';
import { perRepeat } from './samples.js';
import {
  c,
  cpuMetrics,
  ours,
  parity,
  postgres,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const rowCount = 200_000;
const pgCopyStreams: Contender = { label: 'pg-copy-streams', client: 'pg' };

const common = {
  contenders: [ours, pgCopyStreams, postgres, c],
  repeated: pgCopyStreams.label,
  comparisons: [
    {
      ours: ours.label,
      peers: [[pgCopyStreams.label], [postgres.label]],
      ratios: { rate: parity, jsCpu: 1.5, cpu: parity },
    },
  ],
  metrics: [rateMetric('rows'), ...cpuMetrics('ms'), rssMetric],
} satisfies Partial<Workload>;

const columns = 'id, account, amount, name, created_at';
const inSql = `copy bench_rows (${columns}) from stdin`;
const outSql = `copy bench_rows (${columns}) to stdout`;

export const copyIn: Workload = {
  title: '200 000 rows by COPY … FROM STDIN, text format, from bytes that are ready, in pieces of 64 KB',
  ...common,
  setup: insertSetup,
  ceiling: ({ copies }) => ['copy-in', inSql, String(copies)],
  supports: (client) => client.copyIn !== undefined,
  verify: async (client) => {
    await copyInOnce(client, insertText(rowCount).chunks);
    await verifyInserted(client, rowCount);
  },
  measure: async (open, { copies }) => {
    const client = await open({ connections: 1 });
    const { chunks } = insertText(rowCount);
    const samples: Times[] = [];
    for (let i = 0; i < copies; i++) {
      samples.push(await copyInOnce(client, chunks));
      await checkInserted(client, rowCount);
      await sleep(30);
    }
    return { ...perRepeat(samples.slice(1), rowCount), rss: peakRssMb() };
  },
};

async function copyInOnce(client: Client, chunks: Buffer[]): Promise<Times> {
  await client.fetchAll('truncate bench_rows');
  const stop = startClocks();
  await client.copyIn?.(inSql, chunks);
  return stop();
}

export const copyOut: Workload = {
  title: '200 000 rows by COPY … TO STDOUT, text format, bytes counted and dropped',
  ...common,
  setup: [
    ...insertSetup,
    `insert into bench_rows
       select i, i::int8 * 1234567, i * 1.25, 'account holder ' || i,
              timestamptz '2020-01-01 00:00:00Z' + i * interval '1.123 s'
         from generate_series(1, ${rowCount}) as i`,
    'vacuum analyze bench_rows',
  ],
  ceiling: ({ copies }) => ['copy-out', outSql, String(copies)],
  supports: (client) => client.copyOut !== undefined,
  verify: async (client, pg) => {
    const digest = async (from: Client) => {
      const hash = createHash('md5');
      await from.copyOut?.(
        outSql,
        sink((chunk) => hash.update(chunk)),
      );
      return hash.digest('hex');
    };
    strictEqual(await digest(client), await digest(pg));
  },
  measure: async (open, { copies }) => {
    const client = await open({ connections: 1 });
    const samples: Times[] = [];
    const sizes = new Set<number>();
    for (let i = 0; i < copies; i++) {
      let bytes = 0;
      const stop = startClocks();
      await client.copyOut?.(
        outSql,
        sink((chunk) => {
          bytes += chunk.length;
        }),
      );
      samples.push(stop());
      sizes.add(bytes);
      await sleep(30);
    }
    const [bytes = 0] = await client
      .fetchAll(`select sum(length(concat_ws(' ', ${columns})) + 1)::float8 as bytes from bench_rows`)
      .then((rows) => rows.map((row) => Number(row['bytes'])));
    if (sizes.size !== 1 || !sizes.has(bytes)) {
      throw new Error(`COPY gave ${[...sizes].join(', ')} bytes where ${bytes} were expected.`);
    }
    return { ...perRepeat(samples.slice(1), rowCount), rss: peakRssMb() };
  },
};

const sink = (use: (chunk: Buffer) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      use(chunk);
      done();
    },
  });
