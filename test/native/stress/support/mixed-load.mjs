import assert from 'node:assert/strict';
import { anything } from './operations.mjs';
import { enter, randomNumbers, repeat, socketDirectory, withDatabase } from './harness.mjs';

/** Everything at once on ten connections, over TCP and over the Unix socket. */
export async function mixedLoad({ operations, seed }) {
  const random = randomNumbers(seed);
  const host = await withDatabase(socketDirectory);
  for (const overrides of [{}, { host }]) {
    enter(`mixed load over ${overrides.host ?? 'TCP'}`);
    let notices = 0;
    await withDatabase(
      async (db) => {
        db.on('notice', () => notices++);
        await repeat(operations, 16, () => anything(db, random));
        assert.equal(db.stats().openConnections, 10);
      },
      // Few, so that statements are closed on the server all the time.
      { ...overrides, statementCacheSize: 8 },
    );
    assert(notices > 0);
  }
}
