import type { Field } from '../../driver/result-shape.js';
import type { TypeOptions } from '../../types/type-options.js';

/** What a call takes besides the statement. */
export interface QueryOptions {
  /** Aborting cancels the statement on the server; the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** ms; afterwards the statement is cancelled on the server and the call rejects with a TimeoutError. Default: none. */
  timeout?: number | undefined;
  /** Rows as objects by column name, or as arrays in column order. Default `object`. */
  rowMode?: 'object' | 'array' | undefined;
  /** How values are read and written, over the database's own `types`. */
  types?: TypeOptions | undefined;
  /** Handed on to whoever traces the call, as `traceContext` of the tracing channel's context. */
  traceContext?: unknown;
}

/** Values for `$1`, `$2`, … or for each `?` in order, or an object with a value for each `:name`. */
export type Parameters = readonly unknown[] | object;

export interface QueryResult<T> {
  /** Empty for a statement that returns none. */
  rows: T[];
  fields: readonly Field[];
  /** Rows returned or, for a statement that returns none, changed. */
  rowCount: number;
  /** The command tag without numbers, such as `SELECT`. */
  command: string;
}

export interface ExecResult {
  rowsAffected: number;
  command: string;
}

/** A row as an object; `unknown` values until the caller says more. */
export type Row = Record<string, unknown>;
