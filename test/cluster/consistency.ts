/**
 * `npm run test:cluster -- [--seconds 120] [--seed n]`: clients write and read while servers and the network between fail, and
 * what they have seen is checked afterwards. Prints counts and violations, and ends with 1 where there is one. The same
 * seed gives the same faults in the same order.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { standInLibkci } from '../../scripts/client-libraries.js';
import { numericArguments } from '../resilience/support/arguments.js';
import { between, pick, seededRandom, shuffled } from '../resilience/support/random.js';
import { check } from './history.js';
import { entriesOf, Workload } from './workload.js';
import { FAULTS, World } from './world.js';

const MAX_LAG = 500;
const PROGRAMS = 4;
const CLIENTS = 6;

async function main(): Promise<void> {
  const { seconds, seed } = numericArguments({ seconds: 120, seed: randomInt(2 ** 31) });
  console.log(`seed ${seed}, ${PROGRAMS} programs of ${CLIENTS} clients, ${seconds} s`);
  const random = seededRandom(seed);
  const world = await World.start(random);
  const library = await standInLibkci();
  const programs = Array.from({ length: PROGRAMS }, () =>
    world.open(library, { maxLag: MAX_LAG, maxWait: 100, recheckInterval: 300 }),
  );
  const load = new Workload(programs, CLIENTS, ['causal', 'causal', 'bounded'], random);
  const end = performance.now() + seconds * 1_000;
  const happened = new Map<string, number>();
  while (performance.now() < end) {
    for (const fault of shuffled(random, FAULTS)) {
      if (performance.now() >= end) break;
      await world.happen(fault);
      happened.set(fault, (happened.get(fault) ?? 0) + 1);
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
  console.log('faults:', Object.fromEntries(happened));
  console.log('calls that failed, by code:', Object.fromEntries(load.failures));
  for (const [kind, all] of Object.entries(found) as [string, string[]][]) {
    console.log(`${kind}: ${all.length}`);
    for (const each of all.slice(0, 10)) console.log(`  ${each}`);
  }
  if (Object.values(found).some((all: string[]) => all.length > 0)) process.exitCode = 1;
}

void main();
