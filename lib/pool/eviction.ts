/** Whether a connection is asked to be writable: then a server that has become read-only is the wrong one. */
export function wantsWritable(targetSessionAttributes: string | undefined): boolean {
  return targetSessionAttributes === 'read-write' || targetSessionAttributes === 'primary';
}

/** read_only_sql_transaction: what a server says to a write that takes none, or not in this transaction. */
export const READ_ONLY_TRANSACTION = '25006';

/**
 * Whether an SQLSTATE says that the connection should not be used again: class 08 (but for 08P01, which the server also
 * says to a wrong number of parameters; a protocol that is really broken ends the connection), the server ending or restarting
 * (57P01, 57P02, 57P03), or a server that takes no writes though a writable one was asked for (25006: a primary that
 * has been demoted answers `SELECT 1` as if nothing had happened).
 */
export function evicts(sqlState: string, writable: boolean): boolean {
  return (
    (sqlState.startsWith('08') && sqlState !== '08P01') ||
    sqlState === '57P01' ||
    sqlState === '57P02' ||
    sqlState === '57P03' ||
    (writable && sqlState === READ_ONLY_TRANSACTION)
  );
}

/**
 * Whether a failed attempt to connect may succeed later without anybody changing anything here: the server is away,
 * starting, or has no free connection. A wrong password or a missing database will not mend itself, and repeating
 * them can lock the account.
 */
export function isTemporary(code: string): boolean {
  return code === '57P03' || code === '53300' || code.startsWith('57P') || TEMPORARY_CONNECT.has(code);
}

const TEMPORARY_CONNECT: ReadonlySet<string> = new Set([
  'KB_CONNECT_REFUSED',
  'KB_CONNECT_HOST_NOT_FOUND',
  'KB_CONNECT_TIMEOUT',
  'KB_CONNECT_UNREACHABLE',
  'KB_CONNECT_NO_SOCKET',
  'KB_CONNECT_SESSION_ATTRS',
  'KB_CONNECT_LOST',
  'KB_CONNECT_FAILED',
  'KB_CONNECTION_LOST',
]);
