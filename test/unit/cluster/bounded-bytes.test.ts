import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../lib/cluster/ledger.js';
import type { Position } from '../../../lib/cluster/position.js';
import { Reads, type ReadsHost } from '../../../lib/cluster/reads.js';
import { refine, termsOf } from '../../../lib/cluster/terms.js';
import { parseConfig } from '../../../lib/config/index.js';
import type { Operation } from '../../../lib/driver/session.js';

const options = parseConfig({ cluster: { maxWait: 0 } }, {}, {}, () => 'x').cluster;
if (options === undefined) throw new Error('there are no options');

const position = fc.record({
  timeline: fc.integer({ min: 1, max: 2 }),
  place: fc.integer({ min: 0, max: 40 }).map(BigInt),
});

interface Server {
  serves: boolean;
  position: Position;
}

/** Where one read goes that is bounded by bytes, and how often the primary was asked. */
async function placed(standbys: readonly Server[], primary: Position, bytes: number): Promise<unknown> {
  let asked = 0;
  const ledger = new Ledger(() => {
    asked++;
    return Promise.resolve(primary);
  });
  const nodes = standbys.map((each) => ({
    ...each,
    load: 0,
    free: true,
    latency: 1,
    weight: 1,
    look: () => Promise.resolve(),
  }));
  return new Promise((resolve) => {
    const went = (to: unknown): void => {
      // What only the primary can serve needs no position.
      expect(asked).toBe(standbys.some(({ serves }) => serves) ? 1 : 0);
      resolve(to);
    };
    const host = {
      options,
      ledger,
      topology: { known: true, nodes, primary: undefined },
      poolOf: (node: (typeof nodes)[number]) => ({ run: () => went(standbys[nodes.indexOf(node)]) }),
      writer: { run: () => went('primary') },
    };
    const terms = refine(termsOf(options as NonNullable<typeof options>), {
      consistency: 'bounded',
      maxLag: { bytes },
    });
    new Reads(host as unknown as ReadsHost).run({} as Operation, terms);
  });
}

describe('a read that may be some bytes behind', () => {
  it('is served by who is not further behind than the primary says, and else by the primary', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ serves: fc.boolean(), position }), { maxLength: 4 }),
        position,
        fc.integer({ min: 0, max: 20 }),
        async (standbys, primary, bytes) => {
          const near = standbys.filter(
            ({ serves, position: { timeline, place } }) =>
              serves && timeline >= primary.timeline && primary.place - place <= BigInt(bytes),
          );
          const to = await placed(standbys, primary, bytes);
          if (near.length === 0) expect(to).toBe('primary');
          else expect(near).toContain(to);
        },
      ),
      { numRuns: 300 },
    );
  });
});
