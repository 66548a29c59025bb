import type { ExecutionRequest } from '../driver/execution.js';
import { RowMode } from '../driver/native.js';
import type { Telemetry } from '../observability/telemetry.js';
import type { PlaceholderCache } from '../sql/placeholder-cache.js';
import { bindPlaceholders } from '../sql/placeholders.js';
import type { TypeCatalogue } from '../types/type-catalogue.js';
import type { TypeMap } from '../types/type-map.js';
import type { TypeOptions } from '../types/type-options.js';
import {
  asExecResult,
  asFirstRow,
  asQueryResult,
  checkText,
  execute,
  rejection,
  runScript,
  type OperationRunner,
  type ResultView,
} from './call.js';
import { LargeObjects } from './large-objects.js';
import type { ExecResult, Parameters, QueryOptions, QueryResult, Row } from './types.js';

/** What the calls of one database have in common. */
export interface CallContext {
  /** The type map for a call's `types`, or the database's own. */
  readonly typeMapOf: (types: TypeOptions | undefined) => TypeMap;
  readonly catalogue: TypeCatalogue;
  readonly telemetry: Telemetry;
  readonly placeholders: PlaceholderCache;
}

/**
 * What is to be run. Throws a UsageError where the parameters do not fit the statement's placeholders or `types` is not
 * understood.
 */
export function request(
  sql: string,
  parameters: Parameters | undefined,
  options: QueryOptions | undefined,
  context: CallContext,
  statementOn?: ExecutionRequest['statementOn'],
): ExecutionRequest {
  checkText(sql);
  const bound = bindPlaceholders(sql, parameters, context.placeholders);
  return {
    sql: bound.sql,
    parameters: bound.values,
    rowMode: options?.rowMode === 'array' ? RowMode.Array : RowMode.Object,
    types: context.typeMapOf(options?.types),
    lookUp: context,
    typeOptions: options?.types,
    statementOn,
  };
}

/** What a database and a checked-out connection can both do. */
export abstract class Queryable {
  protected abstract readonly runner: OperationRunner;
  protected abstract readonly context: CallContext;

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
  script(
    sql: string,
    options?: Pick<QueryOptions, 'signal' | 'timeout' | 'traceContext'>,
  ): Promise<ExecResult[]> {
    const { telemetry } = this.context;
    const run = (): Promise<ExecResult[]> => runScript(this.runner, sql, options);
    return telemetry.watchesQueries
      ? telemetry.query(sql, [], options?.traceContext, () => undefined, run)
      : run();
  }

  /** The server's large objects, as streams. */
  largeObjects(): LargeObjects {
    return new LargeObjects(this);
  }

  private execute<R>(
    sql: string,
    parameters: Parameters | undefined,
    options: QueryOptions | undefined,
    view: ResultView<R>,
  ): Promise<R> {
    let asked: ExecutionRequest;
    try {
      asked = request(sql, parameters, options, this.context);
    } catch (error) {
      return rejection(error);
    }
    return execute(this.runner, this.context.telemetry, asked, options, view);
  }
}
