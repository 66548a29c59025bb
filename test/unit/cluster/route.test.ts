import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reaches, type Position } from '../../../lib/cluster/position.js';
import { route, type Candidate, type Demand } from '../../../lib/cluster/route.js';

const position = fc.record({
  timeline: fc.integer({ min: 1, max: 3 }),
  place: fc.integer({ min: 0, max: 5 }).map(BigInt),
});
const candidate: fc.Arbitrary<Candidate> = fc.record({
  serves: fc.boolean(),
  position: fc.option(position, { nil: undefined }),
  load: fc.integer({ min: 0, max: 20 }),
  free: fc.boolean(),
  latency: fc.double({ min: 0.1, max: 100, noNaN: true }),
  weight: fc.constantFrom(0, 0.5, 1, 3),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

interface Case {
  standbys: Candidate[];
  demand: Demand<Candidate>;
  draws: number[];
}
const cases: fc.Arbitrary<Case> = fc
  .record({
    standbys: fc.array(candidate, { maxLength: 5 }),
    needed: fc.option(position, { nil: undefined }),
    tried: fc.array(fc.nat(4), { maxLength: 4 }),
    preferred: fc.option(fc.nat(4), { nil: undefined }),
    primaryShare: fc.constantFrom(0, 0.3, 1),
    primaryAllowed: fc.boolean(),
    mayWait: fc.boolean(),
    draws: fc.array(random, { minLength: 3, maxLength: 3 }),
  })
  .map(({ standbys, draws, tried, preferred, ...demand }) => ({
    standbys,
    draws,
    demand: {
      ...demand,
      tried: new Set(standbys.filter((_each, index) => tried.includes(index))),
      preferred: preferred === undefined ? undefined : standbys[preferred],
    },
  }));

function decide({ standbys, demand, draws }: Case): ReturnType<typeof route<Candidate>> {
  let next = 0;
  return route(standbys, demand, () => draws[next++ % draws.length] ?? 0);
}

/** Which servers may serve it, said in another way than `route` does. */
function able({ standbys, demand: { needed, tried } }: Case): Candidate[] {
  return standbys.filter((each) => {
    if (!each.serves || tried?.has(each) === true) return false;
    if (needed === undefined) return true;
    return each.position !== undefined && reaches(each.position, needed);
  });
}

const check = (property: (given: Case) => void): void =>
  fc.assert(fc.property(cases, property), { numRuns: 2_000 });

describe('the router', () => {
  it('sends a read only where it may be served', () => {
    check((given) => {
      const to = decide(given);
      if (typeof to === 'object') expect(able(given)).toContain(to);
    });
  });

  it('sends it to the primary, lets it wait or refuses it only where that is allowed', () => {
    check((given) => {
      const { demand } = given;
      const to = decide(given);
      if (to === 'primary') {
        expect(demand.primaryAllowed).toBe(true);
        expect(able(given).length === 0 || demand.primaryShare > 0).toBe(true);
      }
      if (to === 'wait') {
        expect(demand.mayWait).toBe(true);
        // For one that is there and has not come far enough.
        expect(given.standbys.some((each) => each.serves && demand.tried?.has(each) !== true)).toBe(true);
      }
      if (to === 'wait' || to === 'nobody') expect(able(given)).toEqual([]);
      if (to === 'nobody') expect(demand.primaryAllowed).toBe(false);
    });
  });

  it('stays where it is to stay', () => {
    check((given) => {
      const { preferred, primaryAllowed, primaryShare } = given.demand;
      if (preferred === undefined || (primaryAllowed && primaryShare > 0)) return;
      if (able(given).includes(preferred)) expect(decide(given)).toBe(preferred);
    });
  });

  it('takes one without weight only where there is no other', () => {
    check((given) => {
      const to = decide(given);
      if (typeof to !== 'object' || to === given.demand.preferred || to.weight > 0) return;
      expect(able(given).every(({ weight }) => weight === 0)).toBe(true);
    });
  });

  it('lets it wait for a connection only where none that may serve it has one to give', () => {
    check((given) => {
      const to = decide(given);
      if (typeof to !== 'object' || to === given.demand.preferred || to.free) return;
      expect(able(given).some(({ free, weight }) => free && weight > 0)).toBe(false);
    });
  });

  const plain = { serves: true, position: undefined, load: 0, free: true, latency: 1, weight: 1 };
  const demand: Demand<Candidate> = {
    needed: undefined,
    tried: undefined,
    preferred: undefined,
    primaryShare: 0,
    primaryAllowed: true,
    mayWait: true,
  };

  /** How many of `count` reads each gets, if each takes for ever. */
  function share(standbys: { -readonly [K in keyof Candidate]: Candidate[K] }[], count: number): number[] {
    let seed = 1;
    const next = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < count; i++) {
      const to = route(standbys, demand, next) as { load: number };
      to.load++;
    }
    return standbys.map(({ load }) => load);
  }

  it('keeps the load even, and less of it on who is slow', () => {
    const [a = 0, b = 0, c = 0] = share([{ ...plain }, { ...plain }, { ...plain }], 3_000);
    expect(Math.max(a, b, c) - Math.min(a, b, c)).toBeLessThan(20);
    const [quick = 0, slow = 0] = share(
      [
        { ...plain, latency: 20 },
        { ...plain, latency: 80 },
      ],
      1_000,
    );
    expect(quick / slow).toBeGreaterThan(3.5);
  });

  it('gives each as much as its weight says, whether or not they have something to do', () => {
    const weights = [6, 3, 1];
    const standbys = weights.map((weight) => ({ ...plain, weight }));
    const busy = share(standbys, 1_000);
    busy.forEach((load, index) => expect(load / 100).toBeCloseTo(weights[index] ?? 0, 0));
    const idle = new Map<Candidate, number>();
    const resting = weights.map((weight, index) => ({ ...plain, weight, latency: 1 + index }));
    for (let i = 0; i < 10_000; i++) {
      const to = route(resting, demand, Math.random) as Candidate;
      idle.set(to, (idle.get(to) ?? 0) + 1);
    }
    resting.forEach((each, index) =>
      expect((idle.get(each) ?? 0) / 1_000).toBeCloseTo(weights[index] ?? 0, 0),
    );
  });

  it('does not run over one that comes back', () => {
    const back = { ...plain };
    const busy = { ...plain, load: 50 };
    share([back, busy, { ...busy }], 30);
    // All 30 would go to the one that has nothing to do.
    expect(back.load).toBeLessThan(30);
  });
});

describe('positions', () => {
  it('of an older timeline never have what was written on a newer one', () => {
    const old: Position = { timeline: 1, place: 100n };
    expect(reaches(old, { timeline: 2, place: 50n })).toBe(false);
    expect(reaches({ timeline: 2, place: 100n }, old)).toBe(true);
  });
});
