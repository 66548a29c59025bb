/**
 * What the pool costs per acquire and release, on sessions that lead nowhere: `npx tsx bench/pool-overhead.ts`. Prints
 * microseconds, and ends with code 1 where the pool takes longer than it may; with `--json`, prints them for the report.
 */
import { createPool } from 'generic-pool';
import { TransactionStatus } from '../lib/addon/interface.js';
import type { Operation, Session } from '../lib/driver/session.js';
import { checkOut } from '../lib/facade/sessions/borrow.js';
import { Lease } from '../lib/facade/sessions/lease.js';
import { fakePool } from '../test/support/fake-sessions.js';
import { startClocks } from './clocks.js';
import type { PoolOverhead } from './report/pool.js';
import { median } from './statistics.js';

/** µs; what may be spent on an acquire and a release. */
const LIMIT = 0.4;
const ROUNDS = 15;
const PER_ROUND = 100_000;

const nothing = (): void => undefined;

/** As a checkout: has the session for no time at all. */
class Touch implements Operation {
  readonly refuse = nothing;
  readonly result = nothing;
  readonly ended = nothing;
  readonly threw = nothing;
  readonly failed = nothing;

  begin(session: Session): void {
    session.finish(TransactionStatus.Idle);
  }
}

async function microseconds(work: (times: number) => Promise<void> | void): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Processor time, which others that run on the machine do not add to.
    const stop = startClocks();
    await work(PER_ROUND);
    const { jsCpuUs, cpuUs } = stop();
    times.push((jsCpuUs ?? cpuUs) / PER_ROUND);
  }
  // The first rounds are for the compiler.
  return median(times.slice(5));
}

/** A pool with so many idle sessions, and the options that a program has by default. */
async function warmPool(sessions: number): Promise<ReturnType<typeof fakePool>['pool']> {
  const { pool, server, run } = fakePool({
    max: sessions,
    idleTimeout: 30 * 60_000,
    maxLifetime: 60 * 60_000,
    heartbeatInterval: 30_000,
    validateAfterIdle: 60_000,
  });
  const opened = Array.from({ length: sessions }, () => run('hold'));
  while (pool.stats().inUse < sessions) await new Promise(setImmediate);
  for (const connection of server.connections) connection.answer();
  await Promise.all(opened);
  return pool;
}

async function idleSession(): Promise<number> {
  const pool = await warmPool(10);
  const operation = new Touch();
  const took = await microseconds((times) => {
    for (let i = 0; i < times; i++) pool.run(operation);
  });
  await pool.close(0);
  return took;
}

/** Each operation waits, in a line of this many, for the one session there is. */
const LINE = 1_000;

async function handedOver(): Promise<number> {
  const pool = await warmPool(1);
  const line = (): Promise<void> =>
    new Promise((resolve) => {
      const first = new Touch();
      // In use while the others come.
      first.begin = (session) => {
        setImmediate(() => {
          session.finish(TransactionStatus.Idle);
        });
      };
      const last = new Touch();
      last.begin = (session) => {
        session.finish(TransactionStatus.Idle);
        resolve();
      };
      pool.run(first);
      const operation = new Touch();
      for (let i = 2; i < LINE; i++) pool.run(operation);
      pool.run(last);
    });
  const took = await microseconds(async (times) => {
    for (let i = 0; i < times; i += LINE) await line();
  });
  await pool.close(0);
  return took;
}

async function connectAndRelease(): Promise<number> {
  const pool = await warmPool(10);
  const took = await microseconds(async (times) => {
    for (let i = 0; i < times; i++) {
      const lease = await checkOut(pool, (session) => new Lease(session, pool, ''), '', undefined);
      await lease.release();
    }
  });
  await pool.close(0);
  return took;
}

async function genericPool(): Promise<number> {
  const pool = createPool(
    { create: () => Promise.resolve({}), destroy: () => Promise.resolve() },
    { max: 10 },
  );
  const took = await microseconds(async (times) => {
    for (let i = 0; i < times; i++) await pool.release(await pool.acquire());
  });
  await pool.drain();
  await pool.clear();
  return took;
}

async function main(): Promise<void> {
  const overhead: PoolOverhead = {
    limit: LIMIT,
    measured: [
      { what: 'an idle session', us: await idleSession(), limited: true },
      { what: 'handed to the next who waits', us: await handedOver(), limited: true },
      { what: 'connect() and release(), with their promises', us: await connectAndRelease(), limited: false },
    ],
    compared: [{ what: 'generic-pool', us: await genericPool() }],
  };
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(overhead));
    return;
  }
  for (const { what, us } of [...overhead.measured, ...overhead.compared]) {
    console.log(`${us.toFixed(3)} µs  ${what}`);
  }
  const slowest = Math.max(...overhead.measured.filter(({ limited }) => limited).map(({ us }) => us));
  if (slowest > LIMIT) {
    console.error(
      `The pool may take ${LIMIT} µs per acquire and release, but took ${slowest.toFixed(3)} µs.`,
    );
    process.exitCode = 1;
  }
}

void main();
