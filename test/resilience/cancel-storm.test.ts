import { describe, expect, inject, it } from 'vitest';
import { open } from 'kingbase-native';
import { cancelStorm } from './support/cancel-storm.js';
import { seededRandom } from './support/random.js';

const CANCELS = 1_000;

// `cancels.ts` is the same at length.
describe.each(inject('libraries'))('with $name', ({ path }) => {
  it(`${CANCELS} cancels at random moments hit what they are meant for, or nothing`, async () => {
    const { host, port, user, database } = inject('server');
    const db = open({ host, port, user, database, clientLibrary: path, pool: { max: 8 } });
    try {
      const result = await cancelStorm(db, { cancels: CANCELS, parallel: 12, random: seededRandom(20) });
      expect(result.violations).toEqual([]);
      expect(result.cancelled + result.completed).toBe(CANCELS);
      // Otherwise the moments were none.
      expect(result.cancelled).toBeGreaterThan(CANCELS / 20);
      expect(result.completed).toBeGreaterThan(CANCELS / 20);
      expect(db.stats()).toMatchObject({ inUse: 0, reconnects: 0, heartbeatFailures: 0 });
    } finally {
      await db.close();
    }
  });
});
