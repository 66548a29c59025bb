/**
 * How long the event loop stands still when one signal aborts many calls that wait for a connection, on sessions that
 * lead nowhere: `npx tsx bench/mass-abort.ts`. Prints ms, and ends with code 1 where the most calls take longer than they
 * may, or where the time grows faster than their number.
 */
import { runScript } from '../lib/facade/calls/call.js';
import { fakePool } from '../test/support/fake-sessions.js';
import { median } from './statistics.js';

const COUNTS = [10_000, 20_000, 40_000] as const;
/** ms that the last of them may take. */
const LIMIT = 50;
/** Four times the calls may take four times as long, and something for noise. */
const GROWTH = 8;
const ROUNDS = 9;

async function abort(count: number): Promise<number> {
  const { pool, server, run } = fakePool({ max: 1 });
  const busy = run('hold');
  while (pool.stats().inUse === 0) await new Promise(setImmediate);
  const controller = new AbortController();
  const { signal } = controller;
  let aborted = 0;
  const calls = Array.from({ length: count }, () =>
    runScript(pool, 'SELECT 1', { signal }).catch(() => {
      aborted++;
    }),
  );
  const start = performance.now();
  controller.abort();
  await new Promise(setImmediate);
  const took = performance.now() - start;
  if (aborted !== count) throw new Error(`Of ${count} calls ${aborted} were aborted.`);
  await Promise.all(calls);
  for (const connection of server.connections) connection.answer();
  await busy;
  await pool.close(0);
  return took;
}

async function main(): Promise<void> {
  const times: number[] = [];
  for (const count of COUNTS) {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await abort(count));
    // The first rounds are for the compiler.
    const time = median(rounds.slice(2));
    times.push(time);
    console.log(`${time.toFixed(1).padStart(8)} ms  ${count} calls aborted by one signal`);
  }
  const [first = NaN] = times;
  const last = times.at(-1) ?? NaN;
  if (last > LIMIT || last > GROWTH * first) process.exitCode = 1;
}

void main();
