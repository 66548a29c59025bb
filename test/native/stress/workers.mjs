// Four environments in one process, each with ten connections of its own.
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { enter, randomNumbers, repeat, untilGone, withDatabase } from './support/harness.mjs';
import { anything } from './support/operations.mjs';

const NAME = 'stress-workers';

function run(seed) {
  const workerData = { applicationName: NAME, seed, operations: 200 };
  const worker = new Worker(new URL('./support/worker.mjs', import.meta.url), { workerData });
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => {
      assert.equal(code, 0);
      assert.deepEqual(messages, ['started', 'done']);
      resolve();
    });
  });
}

await withDatabase(async (db) => {
  enter('four worker threads');
  await Promise.all([11, 12, 13, 14].map(run));
  await untilGone(db, NAME);
  enter('two worker threads and the main one');
  await Promise.all([run(15), run(16), repeat(200, 10, () => anything(db, randomNumbers(17)))]);
});
