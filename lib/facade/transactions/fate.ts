import { setTimeout as pauseFor } from 'node:timers/promises';
import { RowMode } from '../../addon/interface.js';
import { ConnectionError } from '../../errors/index.js';
import { PoolError } from '../../pool/pool-error.js';
import { TypeMap } from '../../types/type-map.js';
import { executeUntraced } from '../calls/call.js';
import { Limit } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import { statementTimedOut } from '../calls/timeouts.js';

/** What became of a COMMIT whose answer was lost; `unknown` where the server could not be asked, or no longer knows. */
export type Fate = 'committed' | 'aborted' | 'unknown';

/** A transaction whose COMMIT got no answer. */
export interface LostTransaction {
  /** As the server numbers its transactions, in decimal digits. */
  readonly number: string;
  /** The server process of its session. */
  readonly backendPid: number;
}

/**
 * Gives the transaction its number, which the server would do with its first change (PostgreSQL manual, System Information
 * Functions). A standby gives none.
 */
export const NUMBER =
  'SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.txid_current() END';
/** From kernel 10. Null: so long ago that it is forgotten. */
const STATUS = 'SELECT pg_catalog.txid_status($1)';
/** Only where that process still runs that very transaction: its number may be another session's by now. */
const END = `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
  WHERE pid = $1 AND backend_xid::text = ($2::int8 % 4294967296)::text`;

const TYPES = new TypeMap();
/** ms in which the server must be reached and know. */
const LONGEST = 30_000;
/** ms that the transaction may still be going on before its session, which nobody can reach any more, is ended. */
const PATIENCE_WITH_SESSION = 1_000;
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;

/**
 * Asks, on another session, what became of the transaction. While it is still going on, and while no connection can be made,
 * the question is asked again, for 30 s at most.
 *
 * @param signal ends the asking early
 */
export async function fateOf(
  { number, backendPid }: LostTransaction,
  runner: OperationRunner,
  signal: AbortSignal | undefined,
): Promise<Fate> {
  const limit = new Limit({ timeout: LONGEST, signal }, statementTimedOut);
  const ask = (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    const request = { sql, parameters, rowMode: RowMode.Array, types: TYPES };
    return executeUntraced(runner, request, limit, (rows) => (rows as unknown[][] | undefined)?.[0]?.[0]);
  };
  const begun = performance.now();
  let ended = false;
  for (let pause = FIRST_PAUSE; !limit.over; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      const status = await ask(STATUS, [number]);
      if (status === 'committed' || status === 'aborted') return status;
      if (status !== 'in progress') return 'unknown';
      if (!ended && performance.now() - begun > PATIENCE_WITH_SESSION) {
        ended = true;
        await ask(END, [backendPid, number]);
      }
    } catch (error) {
      // The server may be starting again, or another be taking its place.
      const waits = error instanceof ConnectionError || error instanceof PoolError;
      if (!waits || error.code === 'KB_POOL_CLOSED') return 'unknown';
    }
    await limit.race(pauseFor(pause)).catch(() => undefined);
  }
  return 'unknown';
}
