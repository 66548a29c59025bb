import type { ExecutionRequest } from '../driver/execution.js';
import { RowMode } from '../driver/native.js';
import type { TypeMap } from '../types/type-map.js';
import type { TypeOptions } from '../types/type-options.js';
import { UsageError } from '../errors/index.js';
import {
  asExecResult,
  asFirstRow,
  asQueryResult,
  execute,
  rejection,
  runScript,
  type OperationRunner,
  type ResultView,
} from './call.js';
import type { ExecResult, Parameters, QueryOptions, QueryResult, Row } from './types.js';

/** Gives the type map for a call's `types`, or the database's own. */
export type TypeMapOf = (types: TypeOptions | undefined) => TypeMap;

const NO_PARAMETERS: Parameters = Object.freeze([]);

/**
 * What is to be run. Throws a UsageError where `parameters` is not a list or `types` is not understood.
 */
export function request(
  sql: string,
  parameters: Parameters | undefined,
  options: QueryOptions | undefined,
  typeMapOf: TypeMapOf,
  statementOn?: ExecutionRequest['statementOn'],
): ExecutionRequest {
  if (parameters !== undefined && !Array.isArray(parameters)) {
    throw new UsageError(
      'KB_BAD_PARAMETER',
      'The parameters must be an array: the values for $1, $2, … in order.',
    );
  }
  return {
    sql,
    parameters: parameters ?? NO_PARAMETERS,
    rowMode: options?.rowMode === 'array' ? RowMode.Array : RowMode.Object,
    types: typeMapOf(options?.types),
    statementOn,
  };
}

/** What a database and a checked-out connection can both do. */
export abstract class Queryable {
  protected abstract readonly runner: OperationRunner;
  protected abstract readonly typeMapOf: TypeMapOf;

  /** Runs one statement and gives all its rows. */
  query<T = Row>(sql: string, parameters?: Parameters, options?: QueryOptions): Promise<QueryResult<T>> {
    return this.execute(sql, parameters, options, asQueryResult<T>);
  }

  /** Runs one statement and gives its first row, undefined where there is none. */
  queryRow<T = Row>(sql: string, parameters?: Parameters, options?: QueryOptions): Promise<T | undefined> {
    return this.execute(sql, parameters, options, asFirstRow<T>);
  }

  /** Runs one statement for its effect. */
  exec(sql: string, parameters?: Parameters, options?: QueryOptions): Promise<ExecResult> {
    return this.execute(sql, parameters, options, asExecResult);
  }

  /**
   * Runs several statements, separated by semicolons, by the simple protocol: without parameters, and as one
   * transaction unless the text says otherwise. Never put values into the text.
   */
  script(sql: string, options?: Pick<QueryOptions, 'signal' | 'timeout'>): Promise<ExecResult[]> {
    return runScript(this.runner, sql, options);
  }

  private execute<R>(
    sql: string,
    parameters: Parameters | undefined,
    options: QueryOptions | undefined,
    view: ResultView<R>,
  ): Promise<R> {
    let asked: ExecutionRequest;
    try {
      asked = request(sql, parameters, options, this.typeMapOf);
    } catch (error) {
      return rejection(error);
    }
    return execute(this.runner, asked, options, view);
  }
}
