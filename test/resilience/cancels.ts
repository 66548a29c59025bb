/**
 * `tsx test/resilience/cancels.ts [--cancels 10000] [--seed 1]`: so many cancels at random moments, with each client
 * library. Ends with 1 where one of them hit something else, or nothing told how it ended.
 */
import { open } from 'kingbase-native';
import { testLibraries } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';
import { numericArguments } from './support/arguments.js';
import { cancelStorm } from './support/cancel-storm.js';
import { seededRandom } from './support/random.js';

async function main(): Promise<void> {
  const { cancels, seed } = numericArguments({ cancels: 10_000, seed: 1 });
  const server = await startServer();
  try {
    for (const library of await testLibraries()) {
      const { host, port, user, database } = server;
      const db = open({ host, port, user, database, clientLibrary: library.path, pool: { max: 8 } });
      const start = performance.now();
      const result = await cancelStorm(db, { cancels, parallel: 12, random: seededRandom(seed) });
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const { openConnections, inUse, reconnects } = db.stats();
      await db.close();
      console.log(
        `${library.name}: ${cancels} cancels in ${seconds} s: ${result.cancelled} calls cancelled, ` +
          `${result.completed} completed; ${result.neighbours} neighbours; ` +
          `${openConnections} connections, ${inUse} in use, ${reconnects} replaced; ` +
          `${result.violations.length} violations`,
      );
      for (const violation of result.violations.slice(0, 20)) console.log(`  ${violation}`);
      const settled = result.cancelled + result.completed === cancels;
      if (result.violations.length > 0 || !settled || inUse > 0 || reconnects > 0) process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  console.error(error);
});
