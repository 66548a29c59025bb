/**
 * `npm run test:hostile -- --runs 10000 --seed 1`: corrupted answers on every client library, one after the other and
 * with 16 calls in flight. Prints what must not be, and how to see it again.
 */
import { testLibraries } from '../../scripts/client-libraries.js';
import { numericArguments } from '../resilience/support/arguments.js';
import { corruptionRuns } from './support/corruption-runs.js';

async function main(): Promise<void> {
  const { runs, seed, flight } = numericArguments({
    runs: 10_000,
    seed: Date.now() % 1_000_000_000,
    flight: 0,
  });
  for (const { name, path } of await testLibraries()) {
    for (const inFlight of flight === 0 ? [1, 16] : [flight]) {
      const { findings, succeeded, failed } = await corruptionRuns({
        clientLibrary: path,
        encryption: 'none',
        inFlight,
        seed,
        runs,
      });
      console.log(
        `${name}, ${inFlight} in flight, seed ${seed}: ${runs} runs, ${succeeded} calls succeeded, ${failed} failed; ` +
          `${findings.length} findings`,
      );
      for (const finding of findings) console.log(`  ${finding}`);
      if (findings.length > 0) process.exitCode = 1;
    }
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
