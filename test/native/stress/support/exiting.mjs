// A process that ends in one of many ways while it uses the database. The first argument says how.
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { database } from './harness.mjs';

const [, , way, milliseconds] = process.argv;
const ignore = () => undefined;

function keepBusy(db) {
  const again = (call) => {
    void call().then(
      () => again(call),
      () => again(call),
    );
  };
  for (let i = 0; i < 3; i++) {
    again(() => db.query('SELECT i, md5(i::text) FROM generate_series(1, 50000) i'));
    again(() => db.query('SELECT 1'));
    again(() => db.query('SELECT pg_sleep(0.01)', [], { timeout: 5 }));
    again(() => db.script(`DO $$BEGIN RAISE NOTICE 'busy'; END$$`));
  }
}

/** Runs the ways that begin alike in a worker thread too. */
async function inWorkers(count) {
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL(import.meta.url), { workerData: way }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

const WAYS = {
  /** Idle connections do not keep a process alive. */
  async idle() {
    const databases = [database(), database()];
    await Promise.all(
      databases.flatMap((db) => [db.query('LISTEN exiting'), db.query('SELECT 1'), db.query('SELECT 2')]),
    );
    process.exitCode = 7;
  },
  async idleWorkers() {
    const workers = await inWorkers(3);
    await WAYS.idle();
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
  },
  /** A command that is going on does. */
  async oneCommand() {
    const db = database();
    void db.query('SELECT pg_sleep(0.2)').then(() => {
      process.exitCode = 7;
    });
  },
  async busy() {
    keepBusy(database());
    setTimeout(() => process.exit(7), Number(milliseconds));
  },
  async busyWorkers() {
    await inWorkers(3);
    keepBusy(database());
    setTimeout(() => process.exit(7), Number(milliseconds));
  },
  async connecting() {
    for (let i = 0; i < 10; i++) void database().query('SELECT 1').catch(ignore);
    setTimeout(() => process.exit(7), Number(milliseconds) / 10);
  },
  async cancelling() {
    const db = database();
    await Promise.all(Array.from({ length: 10 }, () => db.query('SELECT pg_sleep(0.02)')));
    const controller = new AbortController();
    for (let i = 0; i < 10; i++) {
      void db.query('SELECT pg_sleep(1)', [], { signal: controller.signal }).catch(ignore);
    }
    setTimeout(
      () => {
        controller.abort();
        process.exit(7);
      },
      Number(milliseconds) / 10,
    );
  },
  async uncaught() {
    keepBusy(database());
    setTimeout(() => {
      throw new Error('uncaught on purpose');
    }, Number(milliseconds));
  },
  async unhandled() {
    keepBusy(database());
    await database().query('SELECT 1 / 0');
  },
  async fromConverter() {
    const types = { text: { parse: () => process.exit(7) } };
    keepBusy(database());
    await database({ types }).query(`SELECT 'x' AS t FROM generate_series(1, 1000)`);
  },
  async fromNotice() {
    const db = database();
    db.on('notice', () => process.exit(7));
    keepBusy(db);
  },
  /** Too late to be carried out, but no harm. */
  async inExitListener() {
    const db = database();
    await db.query('SELECT 1');
    const connection = await db.connect();
    void connection.query('SELECT pg_sleep(1)').catch(ignore);
    process.on('exit', () => {
      process.exitCode = 7;
      void db.query('SELECT 1').catch(ignore);
      void database().query('SELECT 1').catch(ignore);
      void db.close().catch(ignore);
    });
    setTimeout(() => process.exit(), Number(milliseconds));
  },
};

const IN_WORKER = {
  async idleWorkers() {
    await WAYS.idle();
    process.exitCode = 0;
    parentPort.postMessage('ready');
  },
  async busyWorkers() {
    keepBusy(database());
    parentPort.postMessage('ready');
  },
};

await (isMainThread ? WAYS[way]() : IN_WORKER[workerData]());
