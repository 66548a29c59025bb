import { beginText } from '../../sql/begin.js';
import type { CallLimits } from '../calls/options.js';
import { NUMBER } from './fate.js';

export const ISOLATION_LEVELS: Readonly<Record<NonNullable<TransactionOptions['isolation']>, string>> = {
  'read uncommitted': 'READ UNCOMMITTED',
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
};

export interface TransactionOptions {
  /** Default: the server's default_transaction_isolation. */
  isolation?: 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable' | undefined;
  readOnly?: boolean | undefined;
  /** Only with `serializable` and `readOnly`: waits until it can run without the danger of being cancelled. */
  deferrable?: boolean | undefined;
  /** Aborting cancels what is going on, rolls back, and rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Handed on to whoever traces; see docs. */
  traceContext?: unknown;
  /**
   * ms for the whole transaction, afterwards as for `signal`, with a TimeoutError. Default: none; the database's `timeout` is
   * for its beginning, and for each call in it.
   */
  timeout?: number | undefined;
}

/** How often, and after what pauses, a transaction is run again that has failed through no fault of its own. */
export interface TransactionRetry {
  /** Attempts in all. Default 5. */
  maxAttempts?: number | undefined;
  /** ms before attempt 2, 3, …; `attempt` is the number of the attempt that has failed. Default: jittered, from 10 ms. */
  backoff?: ((attempt: number) => number) | undefined;
  /**
   * Whether the server is asked what became of a COMMIT whose answer was lost: where it was carried out the call resolves, and
   * where it was undone the transaction is run again. Default false: such a call rejects with `outcome: 'unknown'`. The
   * server numbers each transaction then, also one that only reads. Kernels before 10 cannot be asked.
   */
  resolve?: boolean | undefined;
}

/** What begins the transaction, and asks for its number where that is wanted. */
export function startText(options: (TransactionOptions & { retry?: TransactionRetry }) | undefined): string {
  const modes: string[] = [];
  if (options?.isolation !== undefined) modes.push(`ISOLATION LEVEL ${ISOLATION_LEVELS[options.isolation]}`);
  if (options?.readOnly !== undefined) modes.push(options.readOnly ? 'READ ONLY' : 'READ WRITE');
  if (options?.deferrable !== undefined) modes.push(options.deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE');
  const begin = beginText(modes);
  return options?.retry?.resolve === true ? `${begin}; ${NUMBER}` : begin;
}

/** How a transaction is committed. */
export interface CommitOptions extends CallLimits {
  /**
   * Whether the server is asked what became of the COMMIT if its answer is lost; as `retry.resolve` of `transaction`. Without
   * that the transaction's number has to be asked for first, which is one round trip more.
   */
  resolve?: boolean | undefined;
}
