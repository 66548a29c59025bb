// Worker threads that are ended from outside at any moment. The process must live on and the server must lose the
// sessions.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { enter, randomNumbers, untilGone, withDatabase } from './support/harness.mjs';

const NAME = 'stress-termination';
const ROUNDS = 24;
const random = randomNumbers(9);

async function oneLife(program, seed) {
  const worker = new Worker(new URL(`./support/${program}.mjs`, import.meta.url), {
    workerData: { applicationName: NAME, seed },
  });
  const exit = once(worker, 'exit');
  await Promise.race([once(worker, 'message'), exit]);
  // From before its first connection to the middle of the load.
  await new Promise((resolve) => setTimeout(resolve, 250 * random() ** 2));
  await worker.terminate();
  await exit;
}

await withDatabase(
  async (admin) => {
    for (const program of ['worker', 'busy-worker', 'exiting-worker']) {
      for (let round = 0; round < ROUNDS; round += 3) {
        enter(`terminating ${program}, round ${round}`);
        await Promise.all([0, 1, 2].map((i) => oneLife(program, round + i)));
      }
      await untilGone(admin, NAME);
    }
  },
  { pool: { max: 1 } },
);
