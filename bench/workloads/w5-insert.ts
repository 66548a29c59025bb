import { strictEqual } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { unnestRows, valuesRows, type Client, type InsertRow } from '../client.js';
import { peakRssMb, startClocks, type Times } from '../clocks.js';
import { checkInserted, insertRows, insertSetup, verifyInserted } from './insert-table.js';
import { perRepeat } from './samples.js';
import {
  cpuMetrics,
  likePgRatios,
  rateMetric,
  rssMetric,
  type Contender,
  type Workload,
} from './workload.js';

const rowCount = 100_000;
const peers = ['pg', 'pg-native', 'postgres'] as const;
const contender = (client: Contender['client'], way: string): Contender => ({
  label: `${client} ${way}`,
  client,
  way,
});

export const w5: Workload = {
  title:
    '100 000 rows of int4, int8, float8, text, timestamptz into an unlogged table, in one transaction. ' +
    `VALUES of peers: ${valuesRows} rows a statement; unnest: ${unnestRows}`,
  contenders: [
    ...['auto', 'copy', 'unnest', 'values', 'unnest returning'].map((way) =>
      contender('kingbase-native', way),
    ),
    ...['values', 'unnest'].map((way) => contender('kingbase-native-pg', way)),
    ...['values', 'unnest', 'unnest returning'].flatMap((way) => peers.map((peer) => contender(peer, way))),
  ],
  repeated: 'pg unnest',
  comparisons: [
    {
      ours: 'kingbase-native auto',
      peers: peers.map((peer) => [`${peer} values`, `${peer} unnest`]),
      ratios: { rate: 6, jsCpu: 8, cpu: 8 },
    },
    {
      ours: 'kingbase-native unnest returning',
      peers: peers.map((peer) => [`${peer} unnest`]),
      ratios: { rate: 2.5, jsCpu: 7, cpu: 7 },
    },
    {
      ours: 'kingbase-native unnest returning',
      peers: peers.map((peer) => [`${peer} unnest returning`]),
      ratios: {},
    },
    { ours: 'kingbase-native unnest', peers: peers.map((peer) => [`${peer} unnest`]), ratios: {} },
    { ours: 'kingbase-native values', peers: peers.map((peer) => [`${peer} values`]), ratios: {} },
    ...['values', 'unnest'].map((way) => ({
      ours: `kingbase-native-pg ${way}`,
      peers: [[`pg ${way}`]],
      ratios: likePgRatios,
    })),
  ],
  metrics: [rateMetric('rows'), ...cpuMetrics('ms'), rssMetric],
  setup: insertSetup,
  supports: ({ insert }, way) => insert?.[way] !== undefined,
  verify: async (client, _pg, way) => {
    await insertOnce(client, way, insertRows(rowCount));
    await verifyInserted(client, rowCount);
  },
  measure: async (open, { inserts }, way) => {
    const client = await open({ connections: 1 });
    const rows = insertRows(rowCount);
    const samples: Times[] = [];
    for (let i = 0; i < inserts; i++) {
      samples.push(await insertOnce(client, way, rows));
      await checkInserted(client, rowCount);
      await sleep(30);
    }
    return { ...perRepeat(samples.slice(1), rowCount), rss: peakRssMb() };
  },
};

/** Empties the table, which is not timed, and inserts the rows. */
export async function insertOnce(client: Client, way: string, rows: InsertRow[]): Promise<Times> {
  const insert = client.insert?.[way];
  if (!insert) throw new Error(`This client does not insert by '${way}'.`);
  await client.fetchAll('truncate bench_rows');
  const stop = startClocks();
  const returned = await insert(rows);
  const times = stop();
  if (way.endsWith('returning')) checkReturned(returned ?? [], rows);
  return times;
}

/** What RETURNING gives is in no promised order. */
function checkReturned(returned: { id?: unknown }[], rows: InsertRow[]): void {
  strictEqual(returned.length, rows.length);
  const sum = (of: { id?: unknown }[]) => of.reduce((total, { id }) => total + Number(id), 0);
  strictEqual(sum(returned), sum(rows));
}
