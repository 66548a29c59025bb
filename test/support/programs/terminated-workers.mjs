// Terminates worker threads in the middle of their work, and prints what each had done until then, how it ended, and
// whether this thread can go on.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

function forever(call) {
  void call().then(
    () => {
      parentPort.postMessage('ended');
      forever(call);
    },
    () => forever(call),
  );
}

/** What a worker thread is terminated in the middle of. */
const WORK = {
  connecting: (config) => forever(() => open(config).query('SELECT 1')),
  query: (config) => {
    const db = open(config);
    forever(() => db.query('SELECT pg_sleep(0.01)'));
    forever(() => db.query('SELECT 1 / 0'));
  },
  largeResult: (config) => {
    const db = open(config);
    forever(() => db.query('SELECT i, md5(i::text) AS hash FROM generate_series(1, 200000) i'));
  },
  cancel: (config) => {
    const db = open(config);
    forever(() => db.query('SELECT pg_sleep(1)', [], { timeout: 5 }).catch(() => undefined));
  },
};

if (isMainThread) {
  const { config, work, workers } = JSON.parse(process.argv[2]);
  const ends = await Promise.all(
    Array.from({ length: workers }, async (_, i) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { config, work } });
      // Each at another moment after it has begun to work.
      await once(worker, 'message');
      await delay(i * 7);
      return worker.terminate();
    }),
  );
  const db = open(config);
  const { one } = await db.queryRow('SELECT 1 AS one');
  await db.close();
  console.log(JSON.stringify({ ends, one }));
} else {
  const { config, work } = workerData;
  WORK[work]({ ...config, pool: { max: 5 } });
}
