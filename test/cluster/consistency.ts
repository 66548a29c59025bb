/**
 * - `npm run test:cluster -- [--seconds 120] [--seed n]`: clients write and read while servers and the network between fail, and
 * what they have seen is checked afterwards. Prints counts and violations, and ends with 1 where there is one. The same
 * seed gives the same faults in the same order.
 * - With `--recovery 10`: how long writes and reads are kept from succeeding when the primary changes, so many times for each
 * way in which it can.
 * - With `--jitter 20`: transactions in so many tasks while connections are reset at random; how many were lost or doubled, and
 * of how many it is unknown. Ends with 1 where any was.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from 'kingbase-native';
import { standInLibkci } from '../../scripts/client-libraries.js';
import { numericArguments } from '../resilience/support/arguments.js';
import { between, pick, seededRandom, shuffled, type Random } from '../resilience/support/random.js';
import { check } from './history.js';
import { underJitter } from './jitter.js';
import { recoveryTimes } from './recovery.js';
import { entriesOf, Workload } from './workload.js';
import { FAULTS, World } from './world.js';

const MAX_LAG = 500;
const PROGRAMS = 4;
const CLIENTS = 6;

const OPTIONS = { seconds: 120, seed: randomInt(2 ** 31), recovery: 0, jitter: 0 };

async function main(): Promise<void> {
  const { seconds, seed, recovery, jitter } = numericArguments(OPTIONS);
  const random = seededRandom(seed);
  if (recovery > 0) await recover(random, seed, recovery);
  else if (jitter > 0) await shake(random, seed, jitter, seconds);
  else await beConsistent(random, seed, seconds);
}

async function recover(random: Random, seed: number, times: number): Promise<void> {
  console.log(`seed ${seed}`);
  const world = await World.start(random);
  const db = world.open(await standInLibkci(), { recheckInterval: 300 }, 10);
  await recoveryTimes(world, db, times);
  await db.close({ timeout: 1_000 });
  await world.stop();
}

async function shake(random: Random, seed: number, tasks: number, seconds: number): Promise<void> {
  console.log(`seed ${seed}, ${tasks} tasks, ${seconds} s`);
  const world = await World.start(random);
  const db = world.open(await standInLibkci(), { recheckInterval: 300 }, tasks);
  const { counts, codes } = await underJitter(world, db, random, tasks, seconds);
  await db.close({ timeout: 1_000 });
  await world.stop();
  const { transactions, committed, lost, doubled, denied, unknown } = counts;
  const [rate, share] = [transactions / seconds, (100 * committed) / transactions];
  console.log(`${rate.toFixed(1)} transactions/s, ${share.toFixed(3)} % committed`);
  console.table(counts);
  if (codes.size > 0) console.log('those that were not committed, by code:', Object.fromEntries(codes));
  if (lost + doubled + denied + unknown > 0) process.exitCode = 1;
}

async function beConsistent(random: Random, seed: number, seconds: number): Promise<void> {
  console.log(`seed ${seed}, ${PROGRAMS} programs of ${CLIENTS} clients, ${seconds} s`);
  const world = await World.start(random);
  const library = await standInLibkci();
  const programs = Array.from({ length: PROGRAMS }, () =>
    world.open(library, { maxLag: MAX_LAG, maxWait: 100, recheckInterval: 300 }),
  );
  const load = new Workload(programs, CLIENTS, ['causal', 'causal', 'bounded'], random);
  const end = performance.now() + seconds * 1_000;
  const times = new Map<string, [number, number][]>();
  while (performance.now() < end) {
    for (const fault of shuffled(random, FAULTS)) {
      if (performance.now() >= end) break;
      const begun = performance.now();
      await world.happen(fault);
      const over = performance.now();
      await recovered(pick(random, programs), end);
      times.set(fault, [...(times.get(fault) ?? []), [over - begun, performance.now() - over]]);
      await sleep(between(random, 50, 500));
    }
  }
  await load.stop();
  const final = await entriesOf(pick(random, programs));
  const found = check(load.events, final, MAX_LAG);
  await Promise.all(programs.map((db) => db.close({ timeout: 1_000 })));
  await world.stop();
  const writes = load.events.filter(({ kind }) => kind === 'write').length;
  console.log(`${writes} writes acknowledged, ${load.events.length - writes} reads`);
  for (const [fault, all] of times) {
    const [lasted, recovery] = [0, 1].map((index) => all.map((each) => Math.round(each[index] ?? 0)));
    console.log(
      `${fault}: ${all.length}, lasted ${lasted?.join()} ms, a write succeeded after ${recovery?.join()} ms more`,
    );
  }
  console.log('calls that failed, by code:', Object.fromEntries(load.failures));
  for (const [kind, all] of Object.entries(found) as [string, string[]][]) {
    console.log(`${kind}: ${all.length}`);
    for (const each of all.slice(0, 10)) console.log(`  ${each}`);
  }
  if (Object.values(found).some((all: string[]) => all.length > 0)) process.exitCode = 1;
}

/** Waits until a write succeeds. */
async function recovered(db: Database, end: number): Promise<void> {
  const write = (): Promise<boolean> =>
    db.exec('UPDATE entry SET version = version WHERE key = -1', [], { timeout: 1_000 }).then(
      () => true,
      () => false,
    );
  while (!(await write()) && performance.now() < end) await sleep(10);
}

void main();
