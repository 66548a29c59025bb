// Cancel requests that race with the end of what they are to cancel. None may hit the next statement, and no call may
// stay without an end.
import assert from 'node:assert/strict';
import { enter, randomNumbers, repeat, socketDirectory, withDatabase } from './support/harness.mjs';

const random = randomNumbers(3);

/** About as long as the statement takes, so that the two ends meet. */
const around = (ms) => Math.max(0, Math.round(ms + (random() - 0.5) * 8));

const ACTIONS = [
  async (db) => {
    const ms = 1 + Math.floor(random() * 15);
    const call = db.queryRow('SELECT pg_sleep($1)', [ms / 1000], { timeout: Math.max(1, around(ms)) });
    await call.catch((error) => assert.equal(error.name, 'TimeoutError', error));
  },
  async (db) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new RangeError('enough')), around(6));
    const sql = 'SELECT i, repeat($1, 200) FROM generate_series(1, 20000) i';
    const { signal } = controller;
    await db.query(sql, ['x'], { signal }).then(
      ({ rows }) => assert.equal(rows.length, 20_000),
      (error) => assert.equal(error.message, 'enough', error),
    );
    clearTimeout(timer);
  },
  async (db) => {
    // Aborted while it waits for a connection, or before it is sent.
    const controller = new AbortController();
    const call = db.query('SELECT 1', [], { signal: controller.signal });
    if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await call.catch((error) => assert.equal(error.name, 'AbortError', error));
  },
  async (db) => {
    // A parameter that takes a while to send.
    const text = 'x'.repeat(1 << 20);
    await db.queryRow('SELECT length($1) AS length', [text], { timeout: around(6) + 1 }).then(
      ({ length }) => assert.equal(length, text.length),
      (error) => assert.equal(error.name, 'TimeoutError', error),
    );
  },
  async (db) => {
    const call = db.script('SELECT pg_sleep(0.004); SELECT pg_sleep(0.004)', { timeout: around(8) + 1 });
    await call.catch((error) => assert.equal(error.name, 'TimeoutError', error));
  },
];

const host = await withDatabase(socketDirectory);
for (const overrides of [{}, { host }]) {
  enter(`cancels over ${overrides.host ?? 'TCP'}`);
  await withDatabase(async (db) => {
    await repeat(400, 12, async () => {
      await ACTIONS[Math.floor(random() * ACTIONS.length)](db);
      // Nobody has asked for these to be cancelled.
      const { number } = await db.queryRow('SELECT 7 AS number');
      assert.equal(number, 7);
    });
  }, overrides);
}
