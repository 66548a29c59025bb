// Runs queries in several worker threads at once and prints what each of them found.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const QUERIES = 200;

/** All queries at once on ten connections, each with an answer of its own. */
async function work(config) {
  const db = open({ ...config, pool: { max: 10 } });
  // All ten at once, so that there are ten: otherwise fewer may do.
  const connections = await Promise.all(Array.from({ length: 10 }, () => db.connect()));
  await Promise.all(connections.map((connection) => connection.release()));
  const answers = await Promise.all(
    Array.from({ length: QUERIES }, (_, i) =>
      db.queryRow('SELECT $1::int4 AS number, pg_backend_pid() AS pid', [i]),
    ),
  );
  const { openConnections } = db.stats();
  await db.close();
  return {
    right: answers.filter(({ number }, i) => number === i).length,
    backends: new Set(answers.map(({ pid }) => pid)).size,
    openConnections,
  };
}

if (isMainThread) {
  const { config, workers } = JSON.parse(process.argv[2]);
  const found = await Promise.all(
    Array.from(
      { length: workers },
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: config });
          worker.on('message', resolve).on('error', reject);
        }),
    ),
  );
  console.log(JSON.stringify(found));
} else {
  parentPort.postMessage(await work(workerData));
}
