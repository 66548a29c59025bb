/**
 * What `cluster` costs per call: `npx tsx bench/cluster-overhead.ts [--rounds 40] [--ms 400]`. Look-ups on one server with and
 * without it, and reads that are spread over three servers, in alternating rounds. Prints processor time per look-up.
 *
 * More connections mean fewer answers at a time, whoever spreads the calls: what that alone costs is shown by three databases
 * without `cluster`, of which each call takes the next.
 */
import { open, type Database } from '../lib/index.js';
import { standInLibkci } from '../scripts/client-libraries.js';
import { numericArguments } from '../test/resilience/support/arguments.js';
import { startTestCluster } from '../test/support/cluster.js';
import { startClocks } from './clocks.js';
import { median } from './statistics.js';
import { lookupId, lookupSetup } from './workloads/lookup-table.js';

const SQL = 'select id, name, balance, created_at from bench_lookup where id = $1';

type LookUp = (id: number) => Promise<unknown>;

interface Cost {
  /** µs of the JavaScript thread, and of all threads. */
  readonly js: number;
  readonly cpu: number;
}

/** So many look-ups at a time for so many ms. */
async function measure(lookUp: LookUp, atATime: number, ms: number): Promise<Cost> {
  let done = 0;
  const run = async (milliseconds: number): Promise<void> => {
    const end = performance.now() + milliseconds;
    const loop = async (): Promise<void> => {
      while (performance.now() < end) await lookUp(lookupId(done++));
    };
    await Promise.all(Array.from({ length: atATime }, loop));
  };
  await run(ms / 5);
  done = 0;
  const stop = startClocks();
  await run(ms);
  const { cpuUs, jsCpuUs } = stop();
  return { js: (jsCpuUs ?? NaN) / done, cpu: cpuUs / done };
}

async function main(): Promise<void> {
  const { rounds, ms } = numericArguments({ rounds: 40, ms: 400 });
  const cluster = await startTestCluster(2);
  const [primary, ...standbys] = cluster.servers;
  if (primary === undefined) throw new Error('there is no server');
  // A standby shows no unlogged tables.
  for (const sql of lookupSetup) await cluster.on(primary, sql.replace('unlogged ', ''));
  await cluster.replayed(primary, standbys);
  const { user, database } = primary;
  const clientLibrary = await standInLibkci();
  const config = { user, database, clientLibrary, pool: { max: 10 } };
  const hosts = cluster.servers.map(({ host, port }) => ({ host, port }));
  const plain = open({ ...config, hosts: hosts.slice(0, 1) });
  const one = open({ ...config, hosts: hosts.slice(0, 1), cluster: true });
  const again = open({ ...config, hosts: hosts.slice(0, 1) });
  const three = open({ ...config, hosts, cluster: { consistency: 'eventual', primaryShare: 1 / 3 } });
  const apart = hosts.map((host) => open({ ...config, hosts: [host] }));
  const on =
    (db: Pick<Database, 'queryRow'>): LookUp =>
    (id) =>
      db.queryRow(SQL, [id]);
  let next = 0;
  const inTurn: LookUp = (id) => (apart[next++ % apart.length] ?? plain).queryRow(SQL, [id]);
  const contenders: Record<string, LookUp> = {
    without: on(plain),
    // What two that are the same differ by.
    'without again': on(again),
    'cluster of one': on(one),
    'readOnly of one': on(one.readOnly),
    'three without': inTurn,
    'readOnly of three': on(three.readOnly),
  };
  for (const [name, atATime] of [
    ['one at a time', 1],
    ['64 at a time, 10 connections to each server', 64],
  ] as const) {
    const costs = new Map<string, Cost[]>();
    for (let round = 0; round < rounds; round++) {
      // Forwards and backwards in turn, so that none always comes after the same.
      const order = Object.entries(contenders);
      for (const [contender, lookUp] of round % 2 === 0 ? order : order.reverse()) {
        const cost = await measure(lookUp, atATime, ms);
        costs.set(contender, [...(costs.get(contender) ?? []), cost]);
      }
    }
    const base = costs.get('without') ?? [];
    const rows = [...costs].map(([contender, all]) => {
      // Each round against the one beside it: what else runs on the machine slows down both.
      const ratio = (of: keyof Cost): string =>
        median(all.map((each, round) => each[of] / (base[round]?.[of] ?? NaN))).toFixed(3);
      const [js, cpu] = [median(all.map((each) => each.js)), median(all.map((each) => each.cpu))];
      return {
        contender,
        'JS µs': js.toFixed(1),
        'all µs': cpu.toFixed(1),
        'JS ratio': ratio('js'),
        'all ratio': ratio('cpu'),
      };
    });
    console.log(`Look-ups, ${name}, ${rounds} rounds of ${ms} ms:`);
    console.table(rows);
  }
  await Promise.all([plain, again, one, three, ...apart].map((db) => db.close()));
  await cluster.stop();
}

void main();
