/**
 * The driver in worker threads: each thread opens a database of its own. Plain JavaScript, since a worker thread does
 * not inherit tsx.
 *
 *     node examples/worker-thread.mjs kingbase://system@127.0.0.1:54321/test
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

async function sumUpTo(limit) {
  const db = open(process.argv[2] ?? process.env.KINGBASE_URL ?? {}, { pool: { max: 1 } });
  try {
    const row = await db.queryRow('SELECT sum(n)::int8 AS sum FROM generate_series(1, $1::int4) AS n', [
      limit,
    ]);
    return row?.sum;
  } finally {
    await db.close();
  }
}

function inWorker(limit) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: limit, argv: process.argv.slice(2) });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (isMainThread) {
  console.log('sums:', await Promise.all([inWorker(10), inWorker(1000), sumUpTo(100_000)]));
} else {
  parentPort?.postMessage(await sumUpTo(workerData));
}
