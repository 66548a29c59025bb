// Notifications come at any time: to an idle connection, together with an answer, and while the next statement is being
// handed to the thread that runs it. None may be lost or wait for something else to happen.
import assert from 'node:assert/strict';
import { enter, randomNumbers, repeat, socketDirectory, withDatabase } from './support/harness.mjs';
import { openAddon, someTurns } from './support/native.mjs';

const LISTENERS = 10;
const random = randomNumbers(5);
const received = [];
const native = openAddon({
  notified: (connection, payload) => {
    received[connection] = (received[connection] ?? 0) + payload.length;
  },
});

async function listener(settings) {
  const connection = native.create();
  assert((await native.connect(connection, settings)).facts);
  await native.execute(connection, 'LISTEN stress');
  return connection;
}

/** As many statements as it likes, with pauses in which nothing but notifications comes. */
async function ask(connection, until) {
  while (!until()) {
    const { rows } = await native.execute(connection, 'SELECT 1');
    assert.equal(rows, 1);
    if (random() < 0.3) await someTurns(random, 20);
  }
}

await withDatabase(
  async (notifier) => {
    const host = await socketDirectory(notifier);
    for (const settings of [{}, { host }]) {
      enter(`notifications over ${settings.host ?? 'TCP'}`);
      const listeners = await Promise.all(Array.from({ length: LISTENERS }, () => listener(settings)));
      let sent = 0;
      let done = false;
      // Half of them only listen.
      const asking = Promise.all(listeners.slice(LISTENERS / 2).map((one) => ask(one, () => done)));
      await repeat(300, 1, async () => {
        const length = Math.floor(random() * 7000);
        const times = 1 + Math.floor(random() * 8);
        // The same payload twice in a transaction would be one notification.
        await notifier.query(
          `SELECT pg_notify('stress', rpad(i::text || '-', $1, 'n')) FROM generate_series(1, $2) i`,
          [Math.max(length, 9), times],
        );
        sent += Math.max(length, 9) * times;
      });
      done = true;
      await asking;
      const end = Date.now() + 30_000;
      const complete = () => received.slice(-LISTENERS).every((total) => total === sent);
      while (!complete()) {
        assert(Date.now() < end, `${sent} sent, but received ${received.slice(-LISTENERS).join()}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (const one of listeners) one.close();
    }
  },
  { pool: { max: 1 } },
);
