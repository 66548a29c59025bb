import { describe, expect, it } from 'vitest';
import { deferred, type Deferred } from '../../../lib/base/deferred.js';
import { Ledger } from '../../../lib/cluster/ledger.js';
import type { Position } from '../../../lib/cluster/position.js';

describe('the ledger', () => {
  function ledgerWith(): { ledger: Ledger; asked: Deferred<Position>[] } {
    const asked: Deferred<Position>[] = [];
    const ledger = new Ledger(() => {
      const answer = deferred<Position>();
      asked.push(answer);
      return answer.promise;
    });
    return { ledger, asked };
  }

  it('asks only where something was written since it asked last', async () => {
    const { ledger, asked } = ledgerWith();
    ledger.note();
    const first = ledger.current();
    asked[0]?.resolve({ timeline: 1, place: 5n });
    expect(await first).toEqual({ timeline: 1, place: 5n });
    expect(await ledger.current()).toEqual({ timeline: 1, place: 5n });
    expect(asked).toHaveLength(1);
  });

  it('asks again for what was written after the question', async () => {
    const { ledger, asked } = ledgerWith();
    ledger.note();
    const first = ledger.current();
    ledger.note();
    const second = ledger.current();
    asked[0]?.resolve({ timeline: 1, place: 5n });
    expect(await first).toMatchObject({ place: 5n });
    expect(ledger.covers(1)).toBe(true);
    expect(ledger.covers(2)).toBe(false);
    asked[1]?.resolve({ timeline: 1, place: 9n });
    expect(await second).toMatchObject({ place: 9n });
    expect(ledger.covers(2)).toBe(true);
  });

  it('asks once for all who ask at a time, and asks again after a failure', async () => {
    const { ledger, asked } = ledgerWith();
    ledger.note();
    const all = Promise.allSettled([ledger.current(), ledger.current()]);
    expect(asked).toHaveLength(1);
    asked[0]?.reject(new Error('away'));
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = ledger.current();
    asked[1]?.resolve({ timeline: 1, place: 1n });
    await again;
  });
});
