/**
 * What follows from an SQLSTATE for the connection, apart from its statement. The one list of the states that mean "the
 * server, or this session of it, goes away"; what the driver says itself (`KB_CONNECT_…`) is below.
 */
interface Meaning {
  /** The session is not to be used again. */
  readonly evicts?: true;
  /** Said at login: another host may serve. */
  readonly nextHost?: true;
  /** Said at login: the same attempt may succeed later without anybody changing anything here. */
  readonly connectAgain?: true;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  // admin_shutdown, crash_shutdown, cannot_connect_now: ending, restarting, or in recovery.
  '57P01': { evicts: true, nextHost: true, connectAgain: true },
  '57P02': { evicts: true, nextHost: true, connectAgain: true },
  '57P03': { evicts: true, nextHost: true, connectAgain: true },
  // database_dropped: who connects again is told 3D000.
  '57P04': { evicts: true },
  // idle_session_timeout
  '57P05': { evicts: true, connectAgain: true },
  // too_many_connections; out_of_memory: no process could be made for the session.
  '53300': { nextHost: true, connectAgain: true },
  '53200': { nextHost: true, connectAgain: true },
};

/** read_only_sql_transaction: the server, or this transaction, takes no writes. */
export const READ_ONLY_TRANSACTION = '25006';

/** Failures of the driver's own that may pass by themselves. All others need somebody to change something. */
const PASSING: ReadonlySet<string> = new Set([
  'KB_CONNECT_REFUSED',
  'KB_CONNECT_HOST_NOT_FOUND',
  'KB_CONNECT_TIMEOUT',
  'KB_CONNECT_UNREACHABLE',
  'KB_CONNECT_NO_SOCKET',
  'KB_CONNECT_SESSION_ATTRS',
  'KB_CONNECT_LOST',
  'KB_CONNECT_FAILED',
  'KB_CONNECTION_LOST',
  'KB_NO_PRIMARY',
]);

/**
 * Whether the session that was told this should not be used again: class 08 (but for 08P01, which the server also says to
 * a wrong number of parameters; a protocol that is really broken ends the connection), a server that ends it, or one that
 * takes no writes though a writable one was asked for (a primary that has been demoted answers `SELECT 1` as if nothing
 * had happened).
 */
export function evicts(sqlState: string, writable: boolean): boolean {
  return (
    (sqlState.startsWith('08') && sqlState !== '08P01') ||
    MEANINGS[sqlState]?.evicts === true ||
    (writable && sqlState === READ_ONLY_TRANSACTION)
  );
}

/** Whether a login that was refused with this may be tried at the next host. A wrong password may not. */
export function worthAnotherHost(sqlState: string): boolean {
  return MEANINGS[sqlState]?.nextHost === true;
}

/**
 * Whether an attempt to connect that failed with this may succeed later without anybody changing anything here: the server
 * is away, starting, or has no free connection. A wrong password or a missing database will not mend itself, and repeating
 * them can lock the account.
 */
export function worthConnectingAgain(code: string): boolean {
  return MEANINGS[code]?.connectAgain === true || PASSING.has(code);
}
