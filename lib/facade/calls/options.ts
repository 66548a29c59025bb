import type { ReadTerms } from '../../cluster/terms.js';
import type { Column } from '../../types/column.js';
import type { TypeOptions } from '../../types/type-options.js';

/**
 * What a call takes besides the statement. What it says of reads counts for calls that a standby of a cluster may serve, and
 * changes nothing for others.
 */
export interface QueryOptions extends ReadTerms {
  /** Aborting cancels the statement on the server; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * ms for the whole call, including the wait for a connection. Afterwards the statement is cancelled on the server and the
   * call rejects with a TimeoutError. `Infinity`: no limit. Default: the database's `timeout`.
   */
  timeout?: number | undefined;
  /** Rows as objects by column name, or as arrays in column order. Default `object`. */
  rowMode?: 'object' | 'array' | undefined;
  /** How values are read and written, over the database's own `types`. */
  types?: TypeOptions | undefined;
  /** Handed on to whoever traces the call, as `traceContext` of the tracing channel's context. */
  traceContext?: unknown;
  /**
   * Of `query`, `queryRow` and `exec`: called when a session begins with the statement, with the number of its server process and
   * the address of the server, and again if the statement is run again on another session. What it throws the call rejects with, and nothing is sent;
   * where the session was given the statement ahead of its turn it is thrown to nobody (an uncaught exception), and the
   * call's outcome is the statement's.
   */
  onSession?: ((processId: number, address: string) => void) | undefined;
  /**
   * Of `query`, `queryRow` and `exec`: where the call fails once a session has begun with it, that session is closed before
   * anybody else has it. Default false.
   */
  discardOnError?: boolean | undefined;
}

/** Options of a call whose rows are objects by column name, as they are unless said otherwise. */
export interface ObjectRowOptions extends QueryOptions {
  rowMode?: 'object' | undefined;
}

/** Options of a call whose rows are arrays in column order. */
export interface ArrayRowOptions extends QueryOptions {
  rowMode: 'array';
}

/** What `rows()` takes besides. */
export interface StallOptions {
  /**
   * ms that another call on the same connection or transaction waits for these rows while the program asks for none of
   * them; then that call is refused (`KB_ROWS_OPEN`). `Infinity`: it waits for ever. Default 2000.
   */
  stallTimeout?: number | undefined;
}

/** What a call takes that has no rows of its own: a script, a checkout, a prepare. */
export type CallLimits = Pick<QueryOptions, 'signal' | 'timeout'>;

/** Values for `$1`, `$2`, … or for each `?` in order, or an object with a value for each `:name`. */
export type QueryParameters = readonly unknown[] | Readonly<Record<string, unknown>>;

export interface QueryResult<T> {
  /** Empty for a statement that returns none. */
  rows: T[];
  fields: readonly Column[];
  /** Rows returned or, for a statement that returns none, changed. */
  rowCount: number;
  /** The command tag without numbers, such as `SELECT`. */
  command: string;
  /**
   * There where the server has answered one execution by several results, as procedures may: all of them. The first is also
   * in the properties above.
   */
  results?: readonly QueryResult<unknown>[] | undefined;
}

export interface ExecResult {
  rowsAffected: number;
  command: string;
}

/** A row as an object by column name; `unknown` values until the caller says more. */
export type RowObject = Record<string, unknown>;

/** A row with `rowMode: 'array'`: its values in column order. */
export type RowArray = unknown[];
