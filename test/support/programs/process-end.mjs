// A process that ends in the way that its argument names, while it uses the database.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const { config, way } = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const ignore = () => undefined;

/** Tells the test that what is to be interrupted has begun; at once, since a pipe may be lost at the exit. */
const begun = () => writeSync(1, JSON.stringify({ begun: true }));

function keepBusy(db) {
  const forever = (sql, options) => {
    const again = () => forever(sql, options);
    void db.query(sql, [], options).then(again, again);
  };
  forever('SELECT i, md5(i::text) AS hash FROM generate_series(1, 50000) i');
  forever('SELECT pg_sleep(0.01)');
  // Not for long: the server does not notice that a client is gone before it has something to tell it.
  forever('SELECT pg_sleep(1)', { timeout: 10 });
}

/** Queries in the middle, one of them a large result. */
async function busy() {
  const db = open({ ...config, pool: { max: 5 } });
  keepBusy(db);
  await db.query('SELECT pg_sleep(0.05)');
}

async function idle() {
  const db = open({ ...config, pool: { max: 3 } });
  await Promise.all([1, 2, 3].map(() => db.query('SELECT pg_sleep(0.01)')));
  // Checked out and never released.
  await (await db.connect()).query('LISTEN process_end');
}

const WAYS = {
  async exit() {
    await busy();
    begun();
    process.exit(3);
  },
  async exitFromCallback() {
    const db = open({ ...config, types: { text: { parse: () => process.exit(3) } } });
    keepBusy(db);
    begun();
    await db.query(`SELECT 'text'::text FROM generate_series(1, 1000)`);
  },
  async exitWhileConnecting() {
    for (let i = 0; i < 5; i++) void open(config).query('SELECT 1').catch(ignore);
    begun();
    setImmediate(() => process.exit(3));
  },
  async exitWithWorkers() {
    const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), { workerData: { config, way } }));
    await Promise.all([busy(), ...workers.map((worker) => once(worker, 'message'))]);
    begun();
    process.exit(3);
  },
  async uncaught() {
    await busy();
    begun();
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  },
  async unhandled() {
    await busy();
    begun();
    await open(config).query('SELECT 1 / 0');
  },
  async byItself() {
    await idle();
    begun();
    process.exitCode = 3;
  },
  async byItselfWithWorkers() {
    const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), { workerData: { config, way } }));
    const exits = Promise.all(workers.map((worker) => once(worker, 'exit')));
    await idle();
    const codes = (await exits).map(([code]) => code);
    if (codes.some((code) => code !== 0)) throw new Error(`Worker threads ended with ${codes.join()}.`);
    begun();
    process.exitCode = 3;
  },
  /** What is going on keeps the process alive until it has ended. */
  async afterLastQuery() {
    void open(config)
      .query('SELECT pg_sleep(0.3)')
      .then(() => {
        begun();
        process.exitCode = 3;
      });
  },
  /** So does what waits for a connection whose last query has been cancelled. */
  async behindCancel() {
    const connection = await open(config).connect();
    for (let i = 0; i < 10; i++) {
      const cancelled = connection.query('SELECT pg_sleep(5)', [], { timeout: 5 }).catch(ignore);
      await Promise.all([cancelled, connection.query('SELECT 1')]);
    }
    begun();
    process.exitCode = 3;
  },
};

if (isMainThread) {
  await WAYS[way]();
} else if (way === 'byItselfWithWorkers') {
  await idle();
} else {
  await busy();
  parentPort.postMessage('busy');
}
