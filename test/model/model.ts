/**
 * `npm run test:model -- [--runs 2000] [--seed n] [--parallel 16] [--failures 3] [--shrinking 60]`: so many random programs,
 * each of which uses the whole interface against a real server, through a proxy that does damage at messages. Program `i`
 * of a run has the seed `seed + i`, and is made again by `--seed` with that number and `--runs 1`. One that fails is made
 * smaller for `shrinking` s and printed; after so many failures the run ends, with 1. With `--pipeline 1` it is over the
 * newest libpq, and calls are sent together. KINGBASE_NATIVE_UNDER_TEST names the index.js of another build that is to be tested.
 */
import { randomInt } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { standInLibkci, stockLibpq } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';
import { numericArguments } from '../resilience/support/arguments.js';
import { program } from './program.js';
import { Pulse } from './pulse.js';
import { LONG_STALL, Stage, type Driver } from './stage.js';

/** Neighbouring seeds would give programs that begin alike. */
function mixed(seed: number): number {
  let state = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return state ^ (state >>> 15);
}

/** @param shrinking s that are spent on making a failure smaller */
async function check(stage: Stage, seed: number, shrinking: number): Promise<string | undefined> {
  let until = Infinity;
  const property = fc.asyncProperty(program, async (each) => {
    // What is not tried any more counts as good; so no run goes on when the next one begins.
    if (performance.now() > until) return;
    const violations = await stage.run(each);
    if (violations.length === 0) return;
    until = Math.min(until, performance.now() + shrinking * 1000);
    throw new Error(violations.join('\n'));
  });
  const details = await fc.check(property, { seed: mixed(seed), numRuns: 1 });
  if (!details.failed || details.counterexample === null) return undefined;
  const { message } = details.errorInstance as Error;
  const [smallest] = details.counterexample;
  return `Seed ${seed}, after ${details.numShrinks} times smaller:\n${JSON.stringify(smallest)}\n${message}`;
}

async function main(): Promise<void> {
  const defaults = {
    runs: 2_000,
    seed: randomInt(1e9),
    parallel: 16,
    failures: 3,
    shrinking: 60,
    pipeline: 0,
  };
  const { runs, seed, parallel, failures: enough, shrinking, pipeline } = numericArguments(defaults);
  const built = process.env['KINGBASE_NATIVE_UNDER_TEST'];
  const driver = (await import(
    built === undefined ? 'kingbase-native' : pathToFileURL(built).href
  )) as Driver;
  console.log(`${runs} programs from seed ${seed}`);
  const server = await startServer({ settings: { max_connections: '400' } });
  let failures = 0;
  try {
    const library = {
      clientLibrary: pipeline === 0 ? await standInLibkci() : stockLibpq(18),
      pipeline: pipeline !== 0,
    };
    const pulse = await Pulse.of(server, LONG_STALL);
    const start = performance.now();
    let next = 0;
    let done = 0;
    const work = async (_: unknown, number: number): Promise<void> => {
      const stage = await Stage.create(server, library, driver, number, pulse);
      while (next < runs && failures < enough) {
        const failure = await check(stage, seed + next++, shrinking);
        done++;
        if (failure !== undefined) {
          failures++;
          console.log(`\n${failure}`);
        }
        if (done % 500 === 0)
          console.log(`${done} programs in ${Math.round((performance.now() - start) / 1000)} s`);
      }
      await stage.end();
    };
    await Promise.all(Array.from({ length: parallel }, work));
    await pulse.end();
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`${done} programs in ${seconds} s, ${failures} failed`);
  } finally {
    await server.stop('immediate');
  }
  if (failures > 0) process.exitCode = 1;
}

process.on('unhandledRejection', (reason) => {
  console.log('An unhandled rejection:', reason);
  process.exitCode = 1;
});

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
