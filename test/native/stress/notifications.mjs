// Notifications come at any time: to an idle connection, together with an answer, and while the next statement is being
// handed to the thread that runs it.
import assert from 'node:assert/strict';
import { enter, randomNumbers, repeat, socketDirectory, withDatabase } from './support/harness.mjs';

const random = randomNumbers(5);

await withDatabase(
  async (notifier) => {
    const host = await socketDirectory(notifier);
    for (const overrides of [{}, { host }]) {
      enter(`notifications over ${overrides.host ?? 'TCP'}`);
      await withDatabase(async (db) => {
        const connections = await Promise.all(Array.from({ length: 10 }, () => db.connect()));
        for (const connection of connections) await connection.exec('LISTEN stress');
        let answered = 0;
        const asking = repeat(6000, 10, async (i) => {
          const { number } = await connections[i % 10].queryRow('SELECT $1::int4 AS number', [i]);
          assert.equal(number, i);
          answered++;
        });
        while (answered < 6000) {
          const size = Math.floor(random() * 7000);
          await notifier.query(`SELECT pg_notify('stress', $1) FROM generate_series(1, 5)`, ['n'.repeat(size)]);
        }
        await asking;
        for (const connection of connections) await connection.release();
      }, overrides);
    }
  },
  { pool: { max: 1 } },
);
