// The server ends connections under load: while they are idle, while a statement runs, and in between. Every call must
// end, and the pool must notice every loss.
import assert from 'node:assert/strict';
import { database, enter, randomNumbers, repeat, socketDirectory, withDatabase } from './support/harness.mjs';

const NAME = 'stress-lost';
const random = randomNumbers(4);

const STATEMENTS = [
  'SELECT 1',
  'SELECT i FROM generate_series(1, 3000) i',
  'SELECT pg_sleep(0.002)',
  `SELECT pg_terminate_backend(pg_backend_pid())`,
  'BEGIN; SELECT 1; COMMIT',
];

async function anyStatement(db) {
  const sql = STATEMENTS[Math.floor(random() * STATEMENTS.length)];
  try {
    if (sql.includes(';')) await db.script(sql);
    else await db.query(sql);
  } catch (error) {
    assert(error.code === 'KB_CONNECTION_LOST' || error.code === '57P01', error);
  }
}

function terminate(admin, condition, limit) {
  return admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = $1 AND ${condition} ORDER BY random() LIMIT $2`,
    [NAME, limit],
  );
}

async function keepTerminating(admin, condition, signal) {
  while (!signal.aborted) {
    await terminate(admin, condition, 2);
    await new Promise((resolve) => setTimeout(resolve, 5 * random()));
  }
}

async function loseUnderLoad(admin, overrides, condition) {
  const db = database({ applicationName: NAME, ...overrides });
  // A first connection that is lost as soon as it is made is told to the first call, as a server that is not there is.
  await db.ping();
  const controller = new AbortController();
  const terminating = keepTerminating(admin, condition, controller.signal);
  // Fewer calls at a time than connections, so that some are idle.
  await repeat(600, 6, () => anyStatement(db));
  controller.abort();
  await terminating;

  // Nobody asks these connections for anything when they are told to go; the pool must notice all the same.
  const end = Date.now() + 30_000;
  // One that is being made counts too: told to go in that moment, it would be lost under the call that gets it.
  while (db.stats().openConnections > 0 || db.stats().connecting > 0) {
    assert(Date.now() < end, `The pool keeps connections that are gone: ${JSON.stringify(db.stats())}`);
    await terminate(admin, 'true', 100);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual({ ...(await db.queryRow('SELECT 1 AS one')) }, { one: 1 });
  await db.close();
}

await withDatabase(
  async (admin) => {
    const host = await socketDirectory(admin);
    for (const overrides of [{}, { host }]) {
      for (const condition of ['true', `state = 'idle'`, `state = 'active'`]) {
        enter(`losing connections (${condition}) over ${overrides.host ?? 'TCP'}`);
        await loseUnderLoad(admin, overrides, condition);
      }
    }
  },
  { pool: { max: 1 } },
);
