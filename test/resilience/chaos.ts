/**
 * `npm run test:resilience -- [--seconds 180] [--seed n] [--tls 12|13]`: a mixed load from 50 tasks on a pool of 10, through proxies,
 * while everything around it fails. Goes on until the time is over and every kind of fault has been there at least once.
 * Prints what happened and ends with 1 where one of the proofs fails. The same seed gives the same faults in the same
 * order; what they meet depends on the moment.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { open, type Database } from 'kingbase-native';
import { standInLibkci } from '../../scripts/client-libraries.js';
import { FAULTS } from './chaos/faults.js';
import { Ledger, saysUnknown } from './chaos/ledger.js';
import { Load } from './chaos/load.js';
import { Report } from './chaos/report.js';
import { Watch } from './chaos/watch.js';
import { APPLICATION, World } from './chaos/world.js';
import { numericArguments } from './support/arguments.js';
import { becomes, processHandles, residentMemory } from './support/process-handles.js';
import { between, seededRandom, shuffled } from './support/random.js';

const TASKS = 50;
const CONNECTIONS = 10;
/** ms in which everything that is under way has to end when the load stops: the longest time limit, and room. */
const LONGEST_CALL = 30_000;

function openDatabase(world: World, clientLibrary: string): Database {
  const { user, database } = world.pair.primary;
  return open({
    hosts: world.hosts,
    user,
    database,
    clientLibrary,
    applicationName: APPLICATION,
    target_session_attrs: 'read-write',
    sslMode: world.encrypted ? 'require' : 'disable',
    connectTimeout: 2_000,
    statementCacheSize: 20,
    pool: {
      max: CONNECTIONS,
      min: 2,
      acquireTimeout: 10_000,
      heartbeatInterval: 500,
      heartbeatTimeout: 500,
      validateAfterIdle: 200,
      maxLifetime: 2_000,
      lifetimeJitter: 1_000,
      resetOnRelease: ['all'],
    },
  });
}

/** The time (ms) until a write succeeds that begins now. */
async function timeToRecover(db: Database, ledger: Ledger): Promise<number> {
  const start = performance.now();
  for (;;) {
    const entry = ledger.enter('look whether it works again');
    try {
      await db.exec('INSERT INTO ledger VALUES ($1, 1)', [entry.id], { timeout: 1_000 });
      ledger.settle(entry, 'late');
      return performance.now() - start;
    } catch (error) {
      ledger.settle(entry, saysUnknown(error) ? 'unknown' : 'refused', error);
    }
  }
}

async function main(): Promise<void> {
  const { seconds, seed, tls } = numericArguments({ seconds: 180, seed: randomInt(1e9), tls: 0 });
  if (tls !== 0 && tls !== 12 && tls !== 13) throw new Error('--tls takes 12 or 13, for TLS 1.2 or 1.3.');
  console.log(`Chaos run of ${seconds} s, seed ${seed}`);
  const random = seededRandom(seed);
  const ledger = new Ledger();
  const watch = new Watch();
  const clientLibrary = await standInLibkci();
  const world = await World.create(
    ledger,
    random,
    tls === 0 ? undefined : tls === 12 ? 'TLSv1.2' : 'TLSv1.3',
  );
  try {
    // Once before, for what stays for as long as the process: the library, the addon's threads.
    const first = openDatabase(world, clientLibrary);
    await first.ping();
    await first.close();
    const handlesBefore = processHandles();

    const db = openDatabase(world, clientLibrary);
    const report = new Report(seed);
    const load = new Load(db, ledger, watch);
    await load.start(TASKS, seed);
    await sleep(1_000);
    const memoryBefore = residentMemory();
    const end = performance.now() + seconds * 1_000;
    let deck = shuffled(random, FAULTS);
    const missing = new Set(FAULTS);
    while (performance.now() < end || missing.size > 0) {
      if (deck.length === 0) deck = shuffled(random, FAULTS);
      const fault = deck.pop();
      if (fault === undefined) break;
      missing.delete(fault);
      const tidyUp = await fault.run(world);
      report.recovered(fault.name, await timeToRecover(db, ledger));
      await tidyUp?.();
      await sleep(between(random, 200, 600));
    }

    // Everything is well again: what is under way ends, and so do the tasks.
    const stopped = await Promise.race([load.stop().then(() => true), sleep(LONGEST_CALL, false)]);
    const stats = db.stats();
    const closed = await Promise.race([db.close({ timeout: 5_000 }).then(() => true), sleep(10_000, false)]);
    let left: string[] = [];
    const quiet = await becomes(async () => {
      left = await world.connections();
      return left.length === 0;
    }, 10_000);
    const released = await becomes(() => {
      const { files, threads } = processHandles();
      return files <= handlesBefore.files && threads <= handlesBefore.threads;
    }, 10_000);

    report.prove('the load came to its end', stopped);
    report.prove('no promise unsettled', watch.unsettled.length === 0, watch.unsettled);
    report.prove('no unhandled rejection', watch.unhandled.length === 0, watch.unhandled);
    report.prove(
      'no error or answer without an explanation',
      watch.violations.length === 0,
      watch.violations,
    );
    const comparison = await ledger.compare(world.pair.primary);
    report.prove('no acknowledged write lost', comparison.lost.length === 0, comparison.lost);
    report.prove('no write made twice', comparison.twice.length === 0, comparison.twice);
    report.prove('no write made that was said not to be', comparison.ghosts.length === 0, comparison.ghosts);
    report.prove('no transaction made by halves', comparison.torn.length === 0, comparison.torn);
    report.prove(
      'no connection in use, none beyond the limit',
      stats.inUse === 0 && stats.openConnections <= CONNECTIONS,
    );
    report.prove('the database closes', closed);
    report.prove('no connection left at the servers or the proxies', quiet, left);
    const handles = processHandles();
    report.prove('no handle left in the process', released, [
      `${handlesBefore.files} files and ${handlesBefore.threads} threads before, ${handles.files} and ${handles.threads} after`,
    ]);
    report.print(watch, ledger, comparison, stats, [memoryBefore, residentMemory()]);
    if (!report.passed) process.exitCode = 1;
  } finally {
    await world.end();
  }
}

main().then(
  // Where a proof failed something may still be there that keeps the process.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
