/**
 * Every `code` of this package's errors, by class. A program compares with these; the lists are closed, so that a
 * misspelled code does not compile. Each has a topic in `explain/`, which a test makes sure of.
 */

/** Codes of a ConnectionError. */
export const CONNECTION_ERROR_CODES = [
  'KB_CONNECT_REFUSED',
  'KB_CONNECT_HOST_NOT_FOUND',
  'KB_CONNECT_TIMEOUT',
  'KB_CONNECT_UNREACHABLE',
  'KB_CONNECT_NO_SOCKET',
  'KB_CONNECT_TLS',
  'KB_CONNECT_TLS_CERTIFICATE',
  'KB_CONNECT_TLS_UNSUPPORTED',
  'KB_CONNECT_AUTH',
  'KB_CONNECT_AUTH_METHOD',
  'KB_CONNECT_PASSWORD_MISSING',
  'KB_CONNECT_SESSION_ATTRS',
  'KB_CONNECT_LOST',
  'KB_CONNECT_OPTION',
  'KB_CONNECT_SETUP',
  'KB_CONNECT_FAILED',
  'KB_CONNECTION_LOST',
  // Of a cluster.
  'KB_NO_PRIMARY',
  'KB_NO_STANDBY',
  'KB_SPLIT_BRAIN',
  // The answer cannot be right. The connection is closed; whether the server did its work is unknown.
  'KB_PROTOCOL',
  // There is no memory for what the server sent.
  'KB_OUT_OF_MEMORY',
  // The system has no thread or no file descriptor for a connection.
  'KB_RESOURCES',
] as const;

/** Codes of a ClientLibraryError. */
export const CLIENT_LIBRARY_ERROR_CODES = [
  'KB_LIBRARY_NOT_FOUND',
  'KB_LIBRARY_WRONG_ARCHITECTURE',
  'KB_LIBRARY_MISSING_DEPENDENCY',
  'KB_LIBRARY_MISSING_SYMBOL',
  'KB_LIBRARY_UNSUPPORTED_VERSION',
  'KB_LIBRARY_NOT_A_LIBRARY',
  'KB_LIBRARY_LOAD_FAILED',
] as const;

/** Codes of a PoolError. */
export const POOL_ERROR_CODES = ['KB_POOL_ACQUIRE_TIMEOUT', 'KB_POOL_FULL', 'KB_POOL_CLOSED'] as const;

/** Codes of a UsageError. */
export const USAGE_ERROR_CODES = [
  'KB_ADDON_LOAD_FAILED',
  'KB_ADDON_NOT_FOUND',
  'KB_BAD_IDENTIFIER',
  'KB_BAD_OPTION',
  'KB_BAD_PARAMETER',
  'KB_BAD_STATEMENT',
  'KB_COMMAND_REFUSED',
  'KB_CONNECTION_RELEASED',
  'KB_LARGE_OBJECTS_UNSUPPORTED',
  'KB_NOT_COPY',
  'KB_OPTION_UNSUPPORTED',
  'KB_PLATFORM_UNSUPPORTED',
  'KB_POOLER',
  'KB_READ_ONLY',
  'KB_ROW_COUNT',
  'KB_ROWS_OPEN',
  'KB_ROWS_TAKEN',
  'KB_SAVEPOINT_OPEN',
  'KB_STATEMENT_CLOSED',
  'KB_TRANSACTION_DONE',
  'KB_TRANSACTION_OPEN',
  'KB_TRANSACTION_ROLLED_BACK',
  'KB_VALUE_NOT_EXACT',
  'KB_VALUE_TOO_LARGE',
  'KB_VALUE_UNREADABLE',
] as const;

export type ConnectionErrorCode = (typeof CONNECTION_ERROR_CODES)[number];
export type ClientLibraryErrorCode = (typeof CLIENT_LIBRARY_ERROR_CODES)[number];
export type PoolErrorCode = (typeof POOL_ERROR_CODES)[number];
export type UsageErrorCode = (typeof USAGE_ERROR_CODES)[number];
export type TimeoutErrorCode = 'KB_TIMEOUT';

/** Every code of this package's own; what the server reports has a SQLSTATE instead. */
export type KingbaseErrorCode =
  ConnectionErrorCode | ClientLibraryErrorCode | PoolErrorCode | UsageErrorCode | TimeoutErrorCode;

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Letter =
  | ('A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M')
  | ('N' | 'O' | 'P' | 'Q' | 'R' | 'S' | 'T' | 'U' | 'V' | 'W' | 'X' | 'Y' | 'Z');

/**
 * A SQLSTATE: five digits and capital letters. Servers, extensions and functions have codes of their own, so any is
 * taken, but none that could be a misspelled `KB_…`.
 */
export type SqlState =
  | `${Digit | Exclude<Letter, 'K'>}${string}`
  | `K${Digit | Exclude<Letter, 'B'>}${string}`
  | `KB${Digit | Letter}${string}`;
