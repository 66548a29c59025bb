import { isRecord, itWas } from '../base/kind-of.js';
import { shown } from '../base/shown.js';
import { nearest } from '../errors/nearest.js';
import { checkMaxLag, maxLagOf, type MaxLag } from './max-lag.js';
import { badOption, checkKeys, didYouMean } from './options.js';

/**
 * What a read may show:
 *
 * - `causal`: everything that was written through this database before, and what `after` names;
 * - `bounded`: everything that was written anywhere, but for the last `maxLag` ms or bytes;
 * - `eventual`: what any standby has;
 * - `primary`: everything; it goes to the primary.
 */
export type Consistency = 'causal' | 'bounded' | 'eventual' | 'primary';

/** How reads are spread over a primary and its standbys. Times are in ms. */
export interface ClusterOptions {
  /** What reads of `db.readOnly` may show, where neither view nor call says it. Default `causal`. */
  consistency?: Consistency | undefined;
  /**
   * How long a read waits for a standby that may serve it, all its waits together, before it goes to the primary, or is refused
   * without `primaryFallback`. Default 200.
   */
  maxWait?: number | undefined;
  /** How far behind a `bounded` read may be: ms, or `{ bytes }` of the primary's log. Default 1000. */
  maxLag?: MaxLag | undefined;
  /** The share of the reads, from 0 to 1, that goes to the primary though standbys could serve them. Default 0. */
  primaryShare?: number | undefined;
  /** How often each server is asked what it is and how far it has come, with some jitter. Default 5000. */
  recheckInterval?: number | undefined;
  /**
   * Most connections to all servers together, at least 1; `pool.max` counts for each server besides. One more to each server,
   * on which it is asked what it is, and the one for LISTEN are not among them. Default: no limit.
   */
  maxConnections?: number | undefined;
  /**
   * Whether reads go to the primary where no standby can serve them; if not, they wait for one up to `maxWait`, also for one
   * that has failed, and are refused then (`KB_NO_STANDBY`). Default true.
   */
  primaryFallback?: boolean | undefined;
  /**
   * How much of the reads each standby gets in proportion to the others, by `host:port` or by host; 0: only what no other can
   * serve. Default 1 each.
   */
  weights?: Readonly<Record<string, number>> | undefined;
  /**
   * Whether calls on the database itself that surely only read go to the standbys, too, under `consistency`. Default false.
   */
  automatic?: boolean | undefined;
}

export type ResolvedClusterOptions = {
  readonly [K in keyof ClusterOptions]-?: NonNullable<ClusterOptions[K]>;
};

export const CLUSTER_DEFAULTS: ResolvedClusterOptions = {
  consistency: 'causal',
  maxWait: 200,
  maxLag: 1_000,
  primaryShare: 0,
  recheckInterval: 5_000,
  maxConnections: Infinity,
  primaryFallback: true,
  weights: {},
  automatic: false,
};

/** Before the bound, in a connection string. */
const BOUND = 'bounded:';

const LEVELS: readonly unknown[] = ['causal', 'bounded', 'eventual', 'primary'] satisfies Consistency[];

/** Throws a UsageError (`KB_BAD_OPTION`) for what is no level of consistency. */
export function checkConsistency(option: string, value: unknown): asserts value is Consistency | undefined {
  if (value === undefined || LEVELS.includes(value)) return;
  throw badOption(`The option "${option}" must be one of ${LEVELS.join(', ')}.`, itWas(value));
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what is no number of ms. */
export function checkTime(option: string, value: unknown): asserts value is number | undefined {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value < Infinity)) return;
  throw badOption(
    `The option "${option}" must be a finite number of milliseconds that is not negative.`,
    itWas(value),
  );
}

/**
 * Checks what was given as `cluster` and completes it; undefined where there is none. A connection string can only say
 * `true`, `false` or a level of consistency, and how far `bounded` goes: `bounded:16MB`. Throws a UsageError (`KB_BAD_OPTION`).
 */
export function resolveClusterOptions(given: unknown): ResolvedClusterOptions | undefined {
  if (given === undefined || given === false || given === 'false') return undefined;
  if (given === true || given === 'true') return CLUSTER_DEFAULTS;
  if (typeof given === 'string') {
    if (given.startsWith(BOUND)) {
      const maxLag = maxLagOf(given.slice(BOUND.length));
      if (maxLag !== undefined) return { ...CLUSTER_DEFAULTS, consistency: 'bounded', maxLag };
      throw badOption(
        'The option "cluster" must have a number with a unit after "bounded:".',
        'The units are ms and s, or B, kB, MB and GB: bounded:500ms, bounded:16MB.',
      );
    }
    if (LEVELS.includes(given)) return { ...CLUSTER_DEFAULTS, consistency: given as Consistency };
  }
  if (!isRecord(given)) {
    throw badOption(
      `The option "cluster" must be an object, true or false, or one of ${LEVELS.join(', ')}.`,
      'With bounded there can be a bound, as in bounded:500ms.',
    );
  }
  checkKeys('cluster', given, Object.keys(CLUSTER_DEFAULTS));
  const options = given as Record<keyof ClusterOptions, unknown>;
  checkConsistency('cluster.consistency', options.consistency);
  checkTime('cluster.maxWait', options.maxWait);
  const { recheckInterval: interval } = options;
  if (interval !== undefined && !(typeof interval === 'number' && interval > 0 && interval < Infinity)) {
    throw badOption(
      'The option "cluster.recheckInterval" must be a finite number of milliseconds greater than 0.',
      itWas(interval),
    );
  }
  checkMaxLag('cluster.maxLag', options.maxLag);
  const { primaryShare: share, weights, maxConnections: most } = options;
  if (most !== undefined && most !== Infinity && !(Number.isInteger(most) && Number(most) >= 1)) {
    throw badOption(
      'The option "cluster.maxConnections" must be a whole number of at least 1, or Infinity.',
      itWas(most),
    );
  }
  if (share !== undefined && !(typeof share === 'number' && share >= 0 && share <= 1)) {
    throw badOption('The option "cluster.primaryShare" must be a number from 0 to 1.', itWas(share));
  }
  for (const name of ['primaryFallback', 'automatic'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean') {
      throw badOption(`The option "cluster.${name}" must be true or false.`, itWas(options[name]));
    }
  }
  checkWeights(weights);
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...CLUSTER_DEFAULTS, ...(Object.fromEntries(said) as Partial<ResolvedClusterOptions>) };
}

function checkWeights(weights: unknown): void {
  if (weights === undefined) return;
  const values = isRecord(weights) ? Object.values(weights) : [NaN];
  if (values.every((weight) => typeof weight === 'number' && weight >= 0 && weight < Infinity)) return;
  throw badOption('The option "cluster.weights" must be an object of finite numbers that are not negative.');
}

/** What a host can be called. Whatever else stands in its place can hold a password, and is not shown. */
const HOST_NAME = /^(?:[\p{L}\d._-]{1,100}|\[?[\da-f:.]{2,45}\]?)(?::\d{0,5})?$/iu;

/** Throws a UsageError (`KB_BAD_OPTION`) for a weight that is of none of the hosts. */
export function checkWeightNames(
  weights: Readonly<Record<string, number>>,
  hosts: readonly { readonly host: string; readonly port: number }[],
): void {
  const names = new Set(hosts.flatMap(({ host, port }) => [`${host}:${port}`, host]));
  for (const name of Object.keys(weights)) {
    if (names.has(name)) continue;
    const hint = `The hosts are ${hosts.map((each) => `${each.host}:${each.port}`).join(', ')}.`;
    if (!HOST_NAME.test(name)) {
      throw badOption('The option "cluster.weights" has a weight of what is none of the hosts.', hint);
    }
    // A port that is wrong leads to the host with its own.
    const [host = ''] = name.split(/:\d*$/);
    const meant = [...names].find((each) => each.startsWith(`${host}:`)) ?? nearest(name, names);
    throw badOption(
      `The option "cluster.weights" has a weight of "${shown(name)}", which is none of the hosts${didYouMean(meant)}`,
      hint,
    );
  }
}
