import { deepStrictEqual, strictEqual } from 'node:assert';
import type { Client } from '../client.js';
import { inFlight } from './in-flight.js';
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
const accounts = 10_000;

/** No two that are under way at the same time are of the same account, so that none waits for another's lock. */
const accountOf = (n: number): number => ((n * 7919) % accounts) + 1;
const amountOf = (n: number): number => (n % 100) - 50;

/** 'together': what does not need the answer of the one before is called with it. */
const contenders: Contender[] = [
  { label: 'kingbase-native', client: 'kingbase-native' },
  { label: 'kingbase-native together', client: 'kingbase-native', way: 'together' },
  { label: 'pg', client: 'pg' },
  { label: 'pg pipeline together', client: 'pg-pipeline', way: 'together' },
  { label: 'pg-native', client: 'pg-native' },
  { label: 'postgres', client: 'postgres' },
  { label: 'postgres together', client: 'postgres', way: 'together' },
];

async function transfer(client: Client, way: string, n: number): Promise<number> {
  const work = client.transfer?.[way];
  if (!work) throw new Error(`This client has no transaction '${way}'.`);
  return work(accountOf(n), amountOf(n));
}

/** Empties the ledger and the accounts, and takes away what updates have left behind. */
async function empty(client: Client): Promise<void> {
  await client.fetchAll('truncate bench_ledger');
  await client.fetchAll('update bench_accounts set balance = 0');
  await client.fetchAll('vacuum full bench_accounts');
}

/** Throws unless so many transactions have left what they should. */
async function check(client: Client, transactions: number): Promise<void> {
  const [row] = await client.fetchAll(
    `select (select count(*)::int4 from bench_ledger) as lines,
            (select sum(amount)::int4 from bench_ledger) as ledger,
            (select sum(balance)::int4 from bench_accounts) as balances`,
  );
  let sum = 0;
  for (let n = 0; n < transactions; n++) sum += amountOf(n);
  deepStrictEqual({ ...row }, { lines: transactions, ledger: sum, balances: sum });
}

export const w9: Workload = {
  title:
    'A transaction: BEGIN, select for update, update, insert, COMMIT; ' +
    `${connections} connections, ${loops} transactions in flight`,
  contenders,
  repeated: 'pg',
  comparisons: [
    { ours: 'kingbase-native', peers: [['pg'], ['pg-native'], ['postgres']], ratios: ahead },
    {
      ours: 'kingbase-native together',
      peers: [['pg pipeline together'], ['postgres together']],
      ratios: ahead,
    },
  ],
  connections,
  metrics: [rateMetric('transactions'), ...cpuMetrics('µs/transaction'), ...latencyMetrics, rssMetric],
  setup: [
    'drop table if exists bench_accounts, bench_ledger',
    `create unlogged table bench_accounts with (fillfactor = 50) as
       select i::int4 as id, 0::int4 as balance from generate_series(1, ${accounts}) as i`,
    'alter table bench_accounts add primary key (id)',
    'create unlogged table bench_ledger (account int4, amount int4, balance int4)',
    'vacuum analyze bench_accounts',
  ],
  supports: (client, way) => client.transfer?.[way] !== undefined,
  verify: async (client, pg, way) => {
    await empty(pg);
    for (let n = 0; n < 100; n++) strictEqual(await transfer(client, way, n), amountOf(n));
    await check(pg, 100);
    // The second one reads what the first has written.
    strictEqual(await transfer(client, way, 0), 2 * amountOf(0));
  },
  measure: async (open, { seconds }, way) => {
    const client = await open({ connections });
    await empty(client);
    const { measurement, operations } = await inFlight(loops, seconds, async (n) => {
      await transfer(client, way, n);
    });
    await check(client, operations);
    return measurement;
  },
};
