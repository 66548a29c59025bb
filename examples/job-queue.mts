/**
 * A queue of jobs in a table: SKIP LOCKED gives each job to one worker, LISTEN wakes the workers, and a job that fails is
 * tried again. A worker that dies loses nothing: its transaction is rolled back, and another takes the job.
 *
 *     npx tsx examples/job-queue.mts kingbase://system@127.0.0.1:54321/test
 */
import { EventEmitter, once } from 'node:events';
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});
const wakeUp = new EventEmitter().setMaxListeners(0);
const ATTEMPTS = 3;

interface Job {
  id: number;
  payload: { city: string };
  attempts: number;
}

/** Does the next job, if there is one; false where there is none. */
function doNext(work: (job: Job) => Promise<void>): Promise<boolean> {
  return db.transaction(async (tx) => {
    const job = await tx.queryRow<Job>(`SELECT id, payload, attempts FROM example_job
      WHERE done IS NULL AND attempts < ${ATTEMPTS} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`);
    if (job === undefined) return false;
    try {
      // What the work writes by its transaction is undone with it, and the job stays.
      await tx.savepoint(() => work(job));
      await tx.exec('UPDATE example_job SET done = now(), attempts = attempts + 1 WHERE id = $1', [job.id]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await tx.exec('UPDATE example_job SET attempts = attempts + 1, error = $2 WHERE id = $1', [
        job.id,
        reason,
      ]);
    }
    return true;
  });
}

async function worker(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Begins to wait before it looks, so that no notification falls between the two.
    const woken = once(wakeUp, 'job', { signal }).catch(() => undefined);
    const worked = await doNext(async ({ payload: { city }, attempts }) => {
      if (city === '苏州' && attempts === 0) throw new Error('not today');
      await Promise.resolve();
    });
    if (worked) wakeUp.emit('worked');
    else await woken;
  }
}

const stop = new AbortController();
await db.script(`CREATE TABLE example_job (id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL,
  attempts int4 NOT NULL DEFAULT 0, error text, done timestamptz)`);
const subscription = await db.listen('example_job', () => wakeUp.emit('job'));
// While the connection was away, jobs may have come.
subscription.on('gap', () => wakeUp.emit('job'));
const workers = [worker(stop.signal), worker(stop.signal)];

try {
  for (const city of ['杭州', '苏州', '上海']) {
    await db.transaction(async (tx) => {
      await tx.exec('INSERT INTO example_job (payload) VALUES ($1)', [{ city }]);
      await tx.exec(`SELECT pg_notify('example_job', '')`); // delivered when the transaction is committed
    });
  }
  const open = 'SELECT 1 FROM example_job WHERE done IS NULL';
  for (;;) {
    const worked = once(wakeUp, 'worked');
    if ((await db.queryRow(open)) === undefined) break;
    await worked;
  }
  const { rows } = await db.query(
    `SELECT payload->>'city' AS city, attempts, error FROM example_job ORDER BY id`,
  );
  console.log(rows);
} finally {
  stop.abort();
  await Promise.all(workers);
  await subscription.close();
  await db.exec('DROP TABLE example_job');
  await db.close();
}
