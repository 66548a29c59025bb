import { isError } from '../base/is-error.js';
import { DatabaseError, KingbaseError } from '../errors/index.js';
import { worthConnectingAgain } from '../errors/server-going-away.js';
import { PoolError } from './pool-error.js';
import type { PoolStats } from './stats.js';

/** What is known of a pool when it cannot give a session. */
export interface PoolState {
  readonly acquireTimeout: number;
  /** Calls that wait. */
  readonly waiting: number;
  /** Why the last attempt to connect failed, unless one has succeeded since. */
  readonly failure: { readonly error: unknown } | undefined;
  readonly stats: PoolStats;
  /** How many connections it may have together with others, where those are all there; else undefined. */
  readonly sharedMax: number | undefined;
}

/** Why a call has no session yet. */
export interface WaitReason {
  /** A clause without an end, such as "all 10 are in use". */
  readonly words: string;
  /** A sentence on the last attempt to connect, where that is what keeps the call waiting; '' otherwise. */
  readonly last: string;
  /** What that attempt failed with. */
  readonly cause: unknown;
  readonly hint: string;
  /** Calls that wait for a session, this one among them. */
  readonly waiting: number;
}

/** Says whether the pool is busy, connections are still being made, or none can be made. */
export function reasonOfWaiting({ failure, stats, waiting, sharedMax }: PoolState): WaitReason {
  const { maxOpenConnections: max, inUse, openConnections, connecting } = stats;
  const some = `${inUse} of ${max} are in use, and `;
  if (failure !== undefined && openConnections < max) {
    const { error } = failure;
    const last = isError(error) ? ` The last attempt said: ${error.message}` : '';
    const words = `${openConnections > 0 ? some : ''}${trouble(error, openConnections > 0)}`;
    return { words, last, cause: error, hint: remedy(error), waiting };
  }
  const busy = { last: '', cause: undefined, waiting };
  if (inUse < max && connecting > 0) {
    return {
      ...busy,
      words:
        inUse > 0
          ? `${some}${connecting} are still being made`
          : `${connecting} of ${max} are still being made`,
      hint: 'See why connecting takes so long: the network, the name server, the password function or the server.',
    };
  }
  if (inUse < max && sharedMax !== undefined) {
    return {
      ...busy,
      words: `all ${sharedMax} of the cluster are in use`,
      hint: 'Raise cluster.maxConnections or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
    };
  }
  return {
    ...busy,
    words: `all ${max} are in use`,
    hint: 'Inside of transaction() make all calls on the transaction itself. Raise pool.max or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
  };
}

function trouble(error: unknown, more: boolean): string {
  if (error instanceof DatabaseError) return `the server refuses ${more ? 'further ' : ''}connections`;
  const away = error instanceof KingbaseError && worthConnectingAgain(error.code);
  if (away) return 'the server cannot be reached';
  return `no ${more ? 'other ' : ''}connection can be made`;
}

function remedy(error: unknown): string {
  const passing = error instanceof KingbaseError && worthConnectingAgain(error.code);
  if (!passing) return 'Mend what the last attempt failed with; connecting is tried again then.';
  return error instanceof DatabaseError
    ? 'The server is there, but takes no connection now; connecting is tried again.'
    : 'Look whether the server runs and can be reached; connecting is tried again.';
}

/** The line is as long as it may be. */
export function poolFull(state: PoolState): PoolError {
  const { words, last, cause, hint, waiting } = reasonOfWaiting(state);
  const clause = words.charAt(0).toUpperCase() + words.slice(1);
  return new PoolError('KB_POOL_FULL', `${clause}, and ${waiting} calls wait for a connection.${last}`, {
    stats: state.stats,
    cause,
    hint:
      cause === undefined
        ? 'Raise pool.max or pool.maxWaiting, or let the program make fewer calls at a time.'
        : hint,
  });
}

/** Somebody has waited for as long as they may. */
export function acquireTimedOut(state: PoolState): PoolError {
  const { words, last, cause, hint } = reasonOfWaiting(state);
  return new PoolError(
    'KB_POOL_ACQUIRE_TIMEOUT',
    `No connection within ${state.acquireTimeout} ms: ${words}.${last}`,
    { stats: state.stats, cause, hint },
  );
}

export function poolClosed(): PoolError {
  return new PoolError('KB_POOL_CLOSED', 'The database has been closed.', {
    hint: 'Make no calls after close(), or open the database again.',
  });
}
