import { describe, expect, it } from 'vitest';
import { mostIdle, POOL_DEFAULTS, resolvePoolOptions, type PoolOptions } from '../../../lib/config/index.js';

describe('resolvePoolOptions', () => {
  it('fills in the defaults; as many idle connections as there may be', () => {
    expect(resolvePoolOptions({})).toEqual(POOL_DEFAULTS);
    expect(resolvePoolOptions({ max: 20, min: undefined })).toMatchObject({ max: 20, min: 0 });
    expect(mostIdle(resolvePoolOptions({ max: 5, maxIdle: 9 }))).toBe(5);
    expect(mostIdle(resolvePoolOptions({ max: 20 }, resolvePoolOptions({ max: 5 })))).toBe(20);
    expect(mostIdle(resolvePoolOptions({ max: 20 }, resolvePoolOptions({ max: 5, maxIdle: 2 })))).toBe(2);
    expect(resolvePoolOptions({ maxIdle: 0, maxWaiting: 0 })).toMatchObject({ maxIdle: 0, maxWaiting: 0 });
  });

  it('changes options that are in force', () => {
    const base = resolvePoolOptions({ max: 20, min: 2, maxIdle: 15, leakTimeout: 5 });
    expect(resolvePoolOptions({ max: 8 }, base)).toEqual({ ...base, max: 8 });
  });

  it.each<[object, RegExp]>([
    [{ max: 0 }, /"pool.max" must be at least 1/],
    [{ max: -1 }, /"pool.max" must be a number that is not negative/],
    [{ max: 1.5 }, /"pool.max" must be a whole number/],
    [{ max: '5' }, /"pool.max" must be a number/],
    [{ max: Infinity }, /"pool.max" must be a whole number/],
    [{ min: 11 }, /must not be greater/],
    [{ acquireTimeout: NaN }, /not negative/],
    [{ acquireTimeout: Infinity }, /must be finite/],
    [{ idleTimeout: null }, /not negative/],
    [{ heartbeatSql: 1 }, /must be a string/],
    [{ maxWait: 1 }, /Unknown option "pool.maxWait"; did you mean "pool.maxWaiting"\?/],
    [{ idleTimeut: 1 }, /did you mean "pool.idleTimeout"\?/],
    [[], /must be an object/],
  ])('%j is refused', (options, message) => {
    expect(() => resolvePoolOptions(options as PoolOptions)).toThrow(message);
  });
});
