/**
 * Rows through worker threads: this thread reads and writes, the workers calculate. Each worker has one batch at a time, and
 * the next batch is read only when a worker is free, so that the memory stays bounded.
 *
 *     node examples/worker-pipeline.mjs kingbase://system@127.0.0.1:54321/test
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { open } from 'kingbase-native';

const WORKERS = 2;

if (isMainThread) await main(process.argv[2]);
else parentPort.on('message', (rows) => parentPort.postMessage(rows.map(calculate)));

/** What takes the processor's time, and so must not hold up the thread that serves connections. */
function calculate({ id, text }) {
  return { id, digest: createHash('sha256').update(text).digest('hex') };
}

async function main(dsn) {
  const db = open(dsn);
  const workers = Array.from({ length: WORKERS }, () => new Worker(fileURLToPath(import.meta.url)));
  try {
    await db.exec('CREATE TABLE example_digest (id int4 PRIMARY KEY, digest text)');
    const { rowsInserted } = await db.batchInsert('example_digest', ['id', 'digest'], digests(db, workers));
    console.log(rowsInserted, 'digests');
    const { id, digest } = await db.queryRow('SELECT * FROM example_digest WHERE id = $1', [777]);
    console.log(id, digest === calculate({ id, text: `文档 ${id}` }).digest);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await db.exec('DROP TABLE IF EXISTS example_digest');
    await db.close();
  }
}

/** The results in any order, as they come. A generator is asked for the next row only when the server has taken the ones before. */
async function* digests(db, workers) {
  const free = [...workers];
  const under = new Map();
  const answer = async (worker) => ({ worker, rows: (await once(worker, 'message'))[0] });
  const batches = db
    .rows(`SELECT n AS id, '文档 ' || n AS text FROM generate_series(1, 20000) AS n`)
    .batches();
  for await (const batch of batches) {
    if (free.length === 0) yield* done(await Promise.race(under.values()));
    const worker = free.pop();
    under.set(worker, answer(worker));
    worker.postMessage(batch);
  }
  while (under.size > 0) yield* done(await Promise.race(under.values()));

  function done({ worker, rows }) {
    under.delete(worker);
    free.push(worker);
    return rows;
  }
}
