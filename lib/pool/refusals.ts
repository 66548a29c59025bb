import { PoolError } from './pool-error.js';
import type { PoolStats } from './stats.js';

/** What is known of a pool when it cannot give a session. */
export interface PoolState {
  readonly max: number;
  readonly acquireTimeout: number;
  /** Calls that wait. */
  readonly waiting: number;
  /** Connections that are being made. */
  readonly opening: number;
  readonly inUse: number;
  /** Why the server cannot be reached, if it cannot. */
  readonly outage: { readonly error: unknown } | undefined;
  readonly stats: PoolStats;
}

/** The line is as long as it may be. */
export function poolFull({ outage, waiting, max, stats }: PoolState): PoolError {
  if (outage !== undefined) {
    return new PoolError(
      'KB_POOL_FULL',
      `The server cannot be reached, and ${waiting} calls wait for a connection already.`,
      {
        stats,
        cause: outage.error,
        hint: 'Look whether the server runs and can be reached; connecting is tried again.',
      },
    );
  }
  return new PoolError('KB_POOL_FULL', `All ${max} connections are in use and ${waiting} calls wait.`, {
    stats,
    hint: 'Raise pool.max or pool.maxWaiting, or let the program make fewer calls at a time.',
  });
}

/** Somebody has waited for as long as they may: says whether the pool was busy or the server away. */
export function acquireTimedOut(state: PoolState): PoolError {
  const { acquireTimeout, max, opening, inUse, outage, stats } = state;
  const cause = outage?.error;
  if (cause !== undefined) {
    const words = cause instanceof Error ? ` The last attempt said: ${cause.message}` : '';
    return new PoolError(
      'KB_POOL_ACQUIRE_TIMEOUT',
      `No connection within ${acquireTimeout} ms: the server cannot be reached.${words}`,
      {
        stats,
        cause,
        hint: 'Look whether the server runs and can be reached; connecting is tried again.',
      },
    );
  }
  if (inUse < max && opening > 0) {
    return new PoolError(
      'KB_POOL_ACQUIRE_TIMEOUT',
      `No connection within ${acquireTimeout} ms: ${opening} of ${max} are still being made.`,
      {
        stats,
        hint: 'pool.acquireTimeout is shorter than connectTimeout; see why connecting takes so long.',
      },
    );
  }
  return new PoolError(
    'KB_POOL_ACQUIRE_TIMEOUT',
    `No connection within ${acquireTimeout} ms: all ${max} are in use.`,
    {
      stats,
      hint: 'Raise pool.max or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
    },
  );
}

export function poolClosed(): PoolError {
  return new PoolError('KB_POOL_CLOSED', 'The database has been closed.', {
    hint: 'Make no calls after close(), or open the database again.',
  });
}
