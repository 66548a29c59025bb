import { describe, expect, it } from 'vitest';
import { mostIdle, POOL_DEFAULTS, resolvePoolOptions, type PoolOptions } from '../../../lib/config/index.js';

const TIMES = [
  'idleTimeout',
  'maxLifetime',
  'lifetimeJitter',
  'acquireTimeout',
  'heartbeatInterval',
  'heartbeatTimeout',
  'validateAfterIdle',
  'leakTimeout',
];

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
    [{ min: 11 }, /must not be greater/],
    [{ acquireTimeout: NaN }, /not negative/],
    [{ acquireTimeout: Infinity }, /finite/],
    [{ idleTimeout: null }, /not negative/],
    [{ heartbeatSql: 1 }, /must be a string/],
    [{ maxWait: 1 }, /Unknown option "pool.maxWait"; did you mean "pool.maxWaiting"\?/],
    [{ idleTimeut: 1 }, /did you mean "pool.idleTimeout"\?/],
    [[], /must be an object/],
  ])('%j is refused', (options, message) => {
    expect(() => resolvePoolOptions(options as PoolOptions)).toThrow(message);
  });

  // Whatever is wrong with the value, the message says all that it has to be: who mends one thing meets no second refusal.
  it.each<[string, string, readonly unknown[]]>([
    ['max', 'a whole number of at least 1', [0, -1, 1.5, '5', Infinity, NaN, null]],
    ['min', 'a whole number that is not negative', [-1, 1.5, '5', Infinity, NaN, null]],
    ['maxIdle', 'a whole number that is not negative', [-1, 1.5, '5', Infinity, NaN, null]],
    ['maxWaiting', 'a whole number that is not negative, or Infinity', [-1, 1.5, '5', NaN, null]],
    ...TIMES.map((name): [string, string, readonly unknown[]] => [
      name,
      'a finite number of milliseconds that is not negative; 0 means never, or no limit',
      [-1, '5', Infinity, NaN, null],
    ]),
  ])('pool.%s must be %s', (name, what, values) => {
    for (const value of values) {
      expect(() => resolvePoolOptions({ [name]: value })).toThrow(
        `The option "pool.${name}" must be ${what}.`,
      );
    }
  });
});
