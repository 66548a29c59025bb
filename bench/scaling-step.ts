/** What an operation costs as there is more of it: one point of the curve. */
import type { Client, PackageName } from './client.js';
import { peakRssMb, startClocks, type Times } from './clocks.js';
import { median, medianOfKnown } from './statistics.js';
import { checkInserted, insertRows } from './workloads/insert-table.js';
import { lookupId } from './workloads/lookup-table.js';
import { insertOnce } from './workloads/w5-insert.js';
import { streamTable } from './workloads/w7-stream.js';
import { wideSql } from './workloads/wide-table.js';
import type { Measurement } from './workloads/workload.js';

/** `size` is rows for the first two, and connections for the third. */
export interface Scaling {
  of: 'fetch' | 'insert' | 'connections';
  size: number;
  seconds: number;
}

/** Rows that a point is measured on at least, in as many repeats as it takes. */
const rowsPerPoint = 200_000;

/** Time is in µs per row or operation. */
export async function scale(
  open: (connections: number) => Promise<Client>,
  name: PackageName,
  { of, size, seconds }: Scaling,
): Promise<Measurement> {
  if (of === 'connections') return lookUp(await open(size), size, seconds);
  const client = await open(1);
  const once = of === 'fetch' ? fetching(client, size) : inserting(client, insertWay(name), size);
  const samples: Times[] = [];
  const repeats = Math.max(2, rowsPerPoint / size);
  // The first ones are for the compiler; of the largest size one must do.
  const warmUp = Math.min(Math.ceil(repeats / 4), 20);
  for (let i = 0; i < repeats; i++) samples.push(await once());
  const counted = samples.slice(warmUp);
  const jsCpuUs = medianOfKnown(counted.map((sample) => sample.jsCpuUs));
  return {
    wall: (median(counted.map((sample) => sample.wallMs)) * 1000) / size,
    cpu: median(counted.map((sample) => sample.cpuUs)) / size,
    jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / size,
    rss: peakRssMb(),
  };
}

const insertWay = (name: PackageName): string => (name === 'kingbase-native' ? 'auto' : 'unnest');

function fetching(client: Client, size: number): () => Promise<Times> {
  const sql = `${wideSql(streamTable)} limit ${size}`;
  return async () => {
    const stop = startClocks();
    const rows = await client.fetchAll(sql);
    const times = stop();
    if (rows.length !== size) throw new Error(`${rows.length} rows came where ${size} were expected.`);
    return times;
  };
}

function inserting(client: Client, way: string, size: number): () => Promise<Times> {
  const rows = insertRows(size);
  return async () => {
    const times = await insertOnce(client, way, rows);
    await checkInserted(client, size);
    return times;
  };
}

/** As many look-ups in flight as there are connections. */
async function lookUp(client: Client, connections: number, seconds: number): Promise<Measurement> {
  let n = 0;
  const run = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    const loop = async () => {
      while (performance.now() < end) {
        if (!(await client.lookup(lookupId(n++)))) throw new Error('A look-up found no row.');
      }
    };
    await Promise.all(Array.from({ length: connections }, loop));
  };
  await run(600);
  const warmUp = n;
  const stop = startClocks();
  await run(seconds * 1000);
  const { wallMs, cpuUs, jsCpuUs } = stop();
  const operations = n - warmUp;
  return {
    wall: (wallMs * 1000) / operations,
    cpu: cpuUs / operations,
    jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / operations,
    rss: peakRssMb(),
  };
}
