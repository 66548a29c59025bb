import { isOpen, isRecord, itWas, kindOf } from '../base/kind-of.js';
import { badOption, checkKeys } from './options.js';

/** How the pool behaves. Times are in ms; a time of 0 means never, or no limit. */
export interface PoolOptions {
  /** Most connections at a time, at least 1. Default: 10. */
  max?: number | undefined;
  /** Connections that are kept open even when idle, at most `max`. Default: 0. */
  min?: number | undefined;
  /** Most connections that are kept idle; further ones are closed when they come back. Default: `max`. */
  maxIdle?: number | undefined;
  /** ms; an idle connection is closed after this time. Default: 30 minutes. */
  idleTimeout?: number | undefined;
  /** ms; a connection is replaced after this time, when it is not in use. Default: 1 hour. */
  maxLifetime?: number | undefined;
  /** ms; up to this much is taken off each lifetime at random, so that they do not all end together. Default: 5 minutes. */
  lifetimeJitter?: number | undefined;
  /** ms; how long a call waits for a connection before it rejects with `KB_POOL_ACQUIRE_TIMEOUT`. Default: 30 s. */
  acquireTimeout?: number | undefined;
  /** How many calls may wait beyond those for which there is room; one more rejects with `KB_POOL_FULL`. Default: no limit. */
  maxWaiting?: number | undefined;
  /** ms; how often idle connections are asked whether the server is still there. Default: 30 s. */
  heartbeatInterval?: number | undefined;
  /** ms; an answer to a heartbeat that takes longer counts as none, and the connection is closed. Default: 5 s. */
  heartbeatTimeout?: number | undefined;
  /** What a heartbeat asks. Default: `select 1`. */
  heartbeatSql?: string | undefined;
  /** ms; a connection that was idle for longer than this is checked before it is handed out. Default: 60 s. */
  validateAfterIdle?: number | undefined;
  /** ms; a connection that is in use for longer than this is reported as a probable leak. Default: 0, none is. */
  leakTimeout?: number | undefined;
  /**
   * What of a session's state is undone when a checked-out connection is released; calls of the database itself are not
   * followed by it. Default: nothing.
   */
  resetOnRelease?: readonly ResetItem[] | undefined;
}

/**
 * What a session can be freed of: `settings` (RESET ALL), `temporary` (DISCARD TEMP), `locks` (advisory locks), `listen`
 * (UNLISTEN), `cursors` (CLOSE ALL), or `all` (DISCARD ALL, which also drops the prepared statements).
 */
export type ResetItem = 'settings' | 'temporary' | 'locks' | 'listen' | 'cursors' | 'all';

const RESET_ITEMS: readonly ResetItem[] = ['settings', 'temporary', 'locks', 'listen', 'cursors', 'all'];

/** `maxIdle` stays open where nobody sets it: it follows `max`, also when that is changed later. */
export type ResolvedPoolOptions = {
  readonly [K in keyof Omit<PoolOptions, 'maxIdle'>]-?: NonNullable<PoolOptions[K]>;
} & { readonly maxIdle: number | undefined };

/** How many connections may be idle. */
export function mostIdle({ max, maxIdle }: ResolvedPoolOptions): number {
  return Math.min(maxIdle ?? max, max);
}

/** `max`, `acquireTimeout` are of wide use; the lifetimes are those of Go's pgxpool, with 5 minutes of jitter. */
export const POOL_DEFAULTS: Omit<ResolvedPoolOptions, 'maxIdle'> = {
  max: 10,
  min: 0,
  idleTimeout: 30 * 60_000,
  maxLifetime: 60 * 60_000,
  lifetimeJitter: 5 * 60_000,
  acquireTimeout: 30_000,
  maxWaiting: Infinity,
  heartbeatInterval: 30_000,
  heartbeatTimeout: 5_000,
  heartbeatSql: 'select 1',
  validateAfterIdle: 60_000,
  leakTimeout: 0,
  resetOnRelease: [],
};

/** What a number must be, in words that say all of it: who mends one thing is to meet no second refusal. */
interface NumberRule {
  readonly takes: (value: number) => boolean;
  readonly what: string;
}

const COUNT: NumberRule = {
  takes: (value) => Number.isInteger(value) && value >= 0,
  what: 'a whole number that is not negative',
};
const TIME: NumberRule = {
  takes: (value) => value >= 0 && value < Infinity,
  what: 'a finite number of milliseconds that is not negative; 0 means never, or no limit',
};

const NUMBERS = {
  max: { takes: (value) => Number.isInteger(value) && value >= 1, what: 'a whole number of at least 1' },
  min: COUNT,
  maxIdle: COUNT,
  maxWaiting: {
    takes: (value) => COUNT.takes(value) || value === Infinity,
    what: 'a whole number that is not negative, or Infinity',
  },
  idleTimeout: TIME,
  maxLifetime: TIME,
  lifetimeJitter: TIME,
  acquireTimeout: TIME,
  heartbeatInterval: TIME,
  heartbeatTimeout: TIME,
  validateAfterIdle: TIME,
  leakTimeout: TIME,
} as const satisfies Record<Exclude<keyof PoolOptions, 'heartbeatSql' | 'resetOnRelease'>, NumberRule>;
const NUMBER_NAMES = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];
const KNOWN: readonly string[] = [...NUMBER_NAMES, 'heartbeatSql', 'resetOnRelease'];

/** Checks `options` and puts them over `base`; throws a UsageError (`KB_BAD_OPTION`). */
export function resolvePoolOptions(
  options: unknown,
  base: Partial<ResolvedPoolOptions> = POOL_DEFAULTS,
): ResolvedPoolOptions {
  if (!isRecord(options)) throw badOption(`The option "pool" must be an object, not ${kindOf(options)}.`);
  if (isOpen(options)) {
    throw badOption(
      'The option "pool" must be an object of options such as { max: 20 }, not a pool.',
      'The driver has a pool of its own: give host, user, password and database beside "pool".',
    );
  }
  checkKeys('pool', options, KNOWN);
  const given: Partial<Record<keyof PoolOptions, unknown>> = options;
  for (const name of NUMBER_NAMES) {
    const value = given[name];
    if (value === undefined) continue;
    const { takes, what } = NUMBERS[name];
    if (typeof value !== 'number' || !takes(value)) {
      throw badOption(`The option "pool.${name}" must be ${what}.`, itWas(value));
    }
  }
  const sql = given.heartbeatSql;
  if (sql !== undefined && (typeof sql !== 'string' || sql.includes('\0'))) {
    throw badOption('The option "pool.heartbeatSql" must be a string.', itWas(sql));
  }

  const reset = given.resetOnRelease;
  if (reset !== undefined) {
    const known = Array.isArray(reset) && reset.every((item) => (RESET_ITEMS as unknown[]).includes(item));
    if (!known)
      throw badOption(
        `The option "pool.resetOnRelease" must be a list of ${RESET_ITEMS.join(', ')}.`,
        `${itWas(reset)} One item is written ['all'].`,
      );
  }

  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const merged = { ...POOL_DEFAULTS, ...base, ...said } as Omit<ResolvedPoolOptions, 'maxIdle'> & PoolOptions;
  const { max, min } = merged;
  if (min > max) throw badOption('The option "pool.min" must not be greater than "pool.max".');
  return { ...merged, maxIdle: merged.maxIdle };
}
