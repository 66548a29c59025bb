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

export const scalingKinds = ['fetch', 'insert', 'connections', 'columns', 'values'] as const;

/**
 * `size` is the number of rows of a result (`fetch`) or a batch (`insert`), of connections, of a result's columns, or of the bytes
 * of a value.
 */
export interface Scaling {
  of: (typeof scalingKinds)[number];
  size: number;
  seconds: number;
}

/** Rows that a point is measured on at least, in as many repeats as it takes. */
const rowsPerPoint = 200_000;
/** Fields of a result by number of columns, in as many rows as it takes. */
const fieldsPerResult = 50_000;
/** Bytes of a result by size of values, in as many rows as it takes and 10,000 at most. */
const bytesPerResult = 10_000_000;

const largestValue = 10_000_000;

/** Texts of all sizes, for each as many rows as a result has; stored as they are, so that unpacking is not measured. */
export const scalingSetup = [
  'drop table if exists bench_values',
  'create unlogged table bench_values (size int4, body text)',
  'alter table bench_values alter body set storage external',
  ...sizesUpTo(largestValue).map(
    (size) =>
      `insert into bench_values select ${size}, repeat('a', ${size}) from generate_series(1, ${valuesOf(size)})`,
  ),
  'create index on bench_values (size)',
  'vacuum analyze bench_values',
];

function sizesUpTo(largest: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size <= largest; size *= 10) sizes.push(size);
  return sizes;
}

function valuesOf(size: number): number {
  return Math.min(10_000, Math.max(1, Math.round(bytesPerResult / size)));
}

/** Time is in µs per row, operation, field or byte. */
export async function scale(
  open: (connections: number) => Promise<Client>,
  name: PackageName,
  { of, size, seconds }: Scaling,
): Promise<Measurement> {
  if (of === 'connections') return lookUp(await open(size), size, seconds);
  const client = await open(1);
  const { once, units, repeats, warmUp } = work(client, name, of, size);
  const samples: Times[] = [];
  for (let i = 0; i < repeats; i++) samples.push(await once());
  const counted = samples.slice(warmUp);
  const jsCpuUs = medianOfKnown(counted.map((sample) => sample.jsCpuUs));
  return {
    wall: (median(counted.map((sample) => sample.wallMs)) * 1000) / units,
    cpu: median(counted.map((sample) => sample.cpuUs)) / units,
    jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / units,
    rss: peakRssMb(),
  };
}

interface Work {
  once: () => Promise<Times>;
  /** What the time of one is divided by. */
  units: number;
  repeats: number;
  /** How many of them do not count: they are for the compiler. */
  warmUp: number;
}

function work(
  client: Client,
  name: PackageName,
  of: Exclude<Scaling['of'], 'connections'>,
  size: number,
): Work {
  const repeats = Math.max(2, rowsPerPoint / size);
  // Of the largest size one must do.
  const warmUp = Math.min(Math.ceil(repeats / 4), 20);
  switch (of) {
    case 'fetch':
      return {
        once: fetching(client, `${wideSql(streamTable)} limit ${size}`, size),
        units: size,
        repeats,
        warmUp,
      };
    case 'insert':
      return { once: inserting(client, insertWay(name), size), units: size, repeats, warmUp };
    case 'columns': {
      // V8 takes its time to compile what makes a row of hundreds of columns.
      const rows = Math.round(fieldsPerResult / size);
      const columns = Array.from({ length: size }, (_, column) => `i + ${column} as c${column}`);
      const sql = `select ${columns.join(', ')} from generate_series(1, ${rows}) as i`;
      return { once: fetching(client, sql, rows), units: rows * size, repeats: 80, warmUp: 60 };
    }
    case 'values': {
      const rows = valuesOf(size);
      const sql = `select body from bench_values where size = ${size}`;
      return { once: fetching(client, sql, rows), units: rows * size, repeats: 12, warmUp: 4 };
    }
  }
}

const insertWay = (name: PackageName): string => (name === 'kingbase-native' ? 'auto' : 'unnest');

function fetching(client: Client, sql: string, rowCount: number): () => Promise<Times> {
  return async () => {
    const stop = startClocks();
    const rows = await client.fetchAll(sql);
    const times = stop();
    if (rows.length !== rowCount)
      throw new Error(`${rows.length} rows came where ${rowCount} were expected.`);
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
      // Each does one at least, so that all connections are there after the warm-up.
      do {
        if (!(await client.lookup(lookupId(n++)))) throw new Error('A look-up found no row.');
      } while (performance.now() < end);
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
