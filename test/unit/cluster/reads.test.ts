import { describe, expect, it } from 'vitest';
import { deferred } from '../../../lib/base/deferred.js';
import { Ledger } from '../../../lib/cluster/ledger.js';
import type { Position } from '../../../lib/cluster/position.js';
import { Reads, type ReadsHost } from '../../../lib/cluster/reads.js';
import { termsOf } from '../../../lib/cluster/terms.js';
import { parseConfig } from '../../../lib/config/index.js';
import type { Operation } from '../../../lib/driver/session.js';

const options = parseConfig({ cluster: { maxWait: 60_000 } }, {}, {}, () => 'x').cluster;
if (options === undefined) throw new Error('there are no options');

describe('reads that wait for the primary to say how far it is', () => {
  it('have it asked once, and are looked at once when it has answered', async () => {
    const answer = deferred<Position>();
    let asked = 0;
    const ledger = new Ledger(() => {
      asked++;
      return answer.promise;
    });
    ledger.note();
    let looks = 0;
    const node = {
      serves: true,
      position: { timeline: 1, place: 9n },
      load: 0,
      free: true,
      latency: 1,
      weight: 1,
      look: () => Promise.resolve(),
    };
    const topology = {
      known: true,
      get nodes() {
        looks++;
        return [node];
      },
    };
    const ran: Operation[] = [];
    const host = {
      options,
      ledger,
      topology,
      poolOf: () => ({ run: (operation: Operation) => ran.push(operation) }),
    };
    const reads = new Reads(host as unknown as ReadsHost);
    const operations = Array.from({ length: 500 }, () => ({}) as Operation);
    for (const operation of operations) reads.run(operation, termsOf(options));
    const before = looks;
    answer.resolve({ timeline: 1, place: 5n });
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toEqual(operations);
    expect(asked).toBe(1);
    expect(looks - before).toBe(operations.length);
  });
});
