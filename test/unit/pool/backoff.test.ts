import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay, CONNECT_BACKOFF } from '../../../lib/pool/backoff.js';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffDelay', () => {
  it('doubles from one attempt to the next, up to the longest', () => {
    const rule = { first: 100, longest: 1_000 };
    const ceilings = Array.from({ length: 6 }, (_, attempt) => backoffDelay(rule, attempt, 1));
    expect(ceilings).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('is neither nothing nor more than the rule allows, however many attempts there were', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        random,
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1_000, max: 60_000 }),
        (attempt, chance, first, longest) => {
          const delay = backoffDelay({ first, longest }, attempt, chance);
          const ceiling = Math.min(longest, first * 2 ** Math.min(attempt, 30));
          expect(delay).toBeGreaterThanOrEqual(ceiling * 0.1);
          expect(delay).toBeLessThanOrEqual(ceiling);
        },
      ),
    );
  });

  it('spreads over nearly all of the time, so that those who failed together do not come back together', () => {
    const delays = [0, 0.25, 0.5, 0.75, 1].map((chance) => backoffDelay(CONNECT_BACKOFF, 3, chance));
    const steps = delays.slice(1).map((delay, i) => delay - delays[i]!);
    for (const step of steps) expect(step).toBeCloseTo(steps[0]!);
    expect(backoffDelay(CONNECT_BACKOFF, 3, 1) / backoffDelay(CONNECT_BACKOFF, 3, 0)).toBeCloseTo(10);
  });
});
