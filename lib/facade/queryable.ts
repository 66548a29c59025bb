import { RowMode } from '../addon/interface.js';
import type { TypeMap } from '../types/type-map.js';
import type { ExecutionRequest, ResultView } from '../driver/operations/execution.js';
import { batchInsert } from './batch/insert.js';
import type {
  BatchInsertOptions,
  BatchInsertResult,
  BatchReturned,
  BatchReturning,
  BatchRows,
} from './batch/options.js';
import type { BatchPlace } from './batch/place.js';
import type { CallContext } from './calls/call-context.js';
import {
  asExecResult,
  asFirstRow,
  asQueryResult,
  checkText,
  execute,
  rejection,
  runRowScript,
  runScript,
  type OperationRunner,
} from './calls/call.js';
import {
  CopyFromStream as CopyWriter,
  CopyToStream as CopyReader,
  type CopyContext,
  type CopyOptions,
} from './streams/copy-streams.js';
import type { CopyFromStream, CopyToStream } from './streams/public-streams.js';
import { LargeObjects } from './streams/large-objects.js';
import { rowSource } from './rows/row-source.js';
import { Rows } from './rows/rows.js';
import { checkOptions } from './calls/check-options.js';
import { withDefault } from './calls/default-timeout.js';
import { needsSession } from './calls/pooler.js';
import { prepareOn } from './calls/prepare.js';
import { request } from './calls/request.js';
import { sqlTag, type SqlTag } from './sql-tag/tag.js';
import { Statement } from './statement.js';
import type {
  ArrayRowOptions,
  CallLimits,
  ExecResult,
  ObjectRowOptions,
  QueryOptions,
  QueryParameters,
  QueryResult,
  RowArray,
  RowObject,
  StallOptions,
} from './calls/options.js';

/** What a database and a checked-out connection can both do. */
export abstract class Queryable {
  /** @internal */
  protected abstract readonly runner: OperationRunner;
  /** @internal */
  protected abstract readonly context: CallContext;

  #sql: SqlTag | undefined;

  /**
   * The tag of templates that are statements on this: ``await db.sql`SELECT * FROM town WHERE id = ${id}` ``. Each value is a
   * parameter, and never becomes part of the text; see {@link SqlTag}.
   */
  get sql(): SqlTag {
    return (this.#sql ??= sqlTag(this));
  }

  /** @internal Whether all its calls reach the same session of the server, also through a pooler. */
  protected get keepsServer(): boolean {
    return false;
  }

  /** Runs one statement and gives all its rows. */
  query<T = RowArray>(
    sql: string,
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions,
  ): Promise<QueryResult<T>>;
  query<T = RowObject>(
    sql: string,
    parameters?: QueryParameters,
    options?: ObjectRowOptions,
  ): Promise<QueryResult<T>>;
  query<T = RowObject | RowArray>(
    sql: string,
    parameters?: QueryParameters,
    options?: QueryOptions,
  ): Promise<QueryResult<T>>;
  query<T>(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<QueryResult<T>> {
    return this.#execute(sql, parameters, options, asQueryResult<T>);
  }

  /**
   * Runs one statement and gives its first row, undefined where there is none. The server sends all rows: of a query that
   * has many, ask for one (`LIMIT 1`), or take the first of `rows()` and leave the loop.
   */
  queryRow<T = RowArray>(
    sql: string,
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions,
  ): Promise<T | undefined>;
  queryRow<T = RowObject>(
    sql: string,
    parameters?: QueryParameters,
    options?: ObjectRowOptions,
  ): Promise<T | undefined>;
  queryRow<T = RowObject | RowArray>(
    sql: string,
    parameters?: QueryParameters,
    options?: QueryOptions,
  ): Promise<T | undefined>;
  queryRow<T>(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<T | undefined> {
    return this.#execute(sql, parameters, options, asFirstRow<T>);
  }

  /** Runs one statement for its effect. */
  exec(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<ExecResult> {
    return this.#execute(sql, parameters, options, asExecResult);
  }

  /**
   * The rows of one statement as they come, in bounded memory; see {@link Rows}. Nothing is sent before they are
   * iterated.
   */
  rows<T = RowArray>(
    sql: string,
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions & StallOptions,
  ): Rows<T>;
  rows<T = RowObject>(
    sql: string,
    parameters?: QueryParameters,
    options?: ObjectRowOptions & StallOptions,
  ): Rows<T>;
  rows<T = RowObject | RowArray>(
    sql: string,
    parameters?: QueryParameters,
    options?: QueryOptions & StallOptions,
  ): Rows<T>;
  rows<T>(sql: string, parameters?: QueryParameters, options?: QueryOptions & StallOptions): Rows<T> {
    const build = (): ExecutionRequest => request(sql, parameters, options, this.context, undefined, 'rows');
    return new Rows<T>(rowSource<T>(this.runner, this.context, options, build));
  }

  /**
   * Prepares a statement, so that a mistake in it shows now: rejects with a DatabaseError when the server refuses it. A
   * database prepares it again on each of its connections when first needed there; a connection or a transaction
   * prepares it on its own session.
   */
  async prepare<T = RowObject>(sql: string, options?: CallLimits): Promise<Statement<T>> {
    checkOptions('prepare', options);
    if (!this.keepsServer) needsSession(this.context, 'A prepared statement outside of a transaction');
    const statement = Statement.create<T>(sql, this.runner, this.context);
    await prepareOn(this.runner, statement, withDefault(options, this.context));
    return statement;
  }

  /**
   * Runs several statements, separated by semicolons, by the simple protocol: without parameters, and as one
   * transaction unless the text says otherwise. Never put values into the text.
   */
  script(sql: string, options?: CallLimits & Pick<QueryOptions, 'traceContext'>): Promise<ExecResult[]> {
    try {
      checkOptions('script', options);
      checkText(sql);
    } catch (error) {
      return rejection(error);
    }
    return this.#tracedScript(sql, options, () =>
      runScript(this.runner, sql, withDefault(options, this.context)),
    );
  }

  /**
   * As `script`, for the rows of each statement too: gives what `query` gives for each of them. Values of types that the
   * server's catalogue has not been asked about are the server's text.
   */
  scriptRows<T = RowObject | RowArray>(sql: string, options?: QueryOptions): Promise<QueryResult<T>[]> {
    let types: TypeMap;
    try {
      checkOptions('scriptRows', options);
      checkText(sql);
      types = this.context.typeMapOf(options?.types);
    } catch (error) {
      return rejection(error);
    }
    const rowMode = options?.rowMode === 'array' ? RowMode.Array : RowMode.Object;
    return this.#tracedScript(sql, options, () =>
      runRowScript<T>(this.runner, sql, rowMode, types, withDefault(options, this.context)),
    );
  }

  #tracedScript<R>(sql: string, options: QueryOptions | undefined, run: () => Promise<R>): Promise<R> {
    const { telemetry } = this.context;
    return telemetry.watchesQueries
      ? telemetry.query(sql, [], options?.traceContext, () => undefined, run)
      : run();
  }

  /**
   * Inserts rows, however many: they are taken from their source as they are sent. How they go to the server is chosen by
   * what is asked for (COPY, an INSERT of arrays or of VALUES), and all of them are inserted or none. A value becomes what
   * it becomes as the parameter of a single INSERT.
   *
   * @param table `'table'`, `'schema.table'`, or the same as an array where a name contains a dot
   * @param columns names as they stand: they are quoted
   * @param rows arrays in the order of the columns, or objects with a property for each of them
   * @returns how many, and how. Rejects with a UsageError (`KB_BAD_PARAMETER`) or a DatabaseError for a row that cannot be
   *   inserted, which has `rowIndex`, `column` and `valueType` as far as they are known
   */
  batchInsert<T = RowArray>(
    table: string | readonly string[],
    columns: readonly string[],
    rows: BatchRows,
    options: BatchReturning & ArrayRowOptions,
  ): Promise<BatchReturned<T>>;
  batchInsert<T = RowObject>(
    table: string | readonly string[],
    columns: readonly string[],
    rows: BatchRows,
    options: BatchReturning & ObjectRowOptions,
  ): Promise<BatchReturned<T>>;
  batchInsert<T = RowObject | RowArray>(
    table: string | readonly string[],
    columns: readonly string[],
    rows: BatchRows,
    options: BatchReturning,
  ): Promise<BatchReturned<T>>;
  batchInsert<T = RowObject>(
    table: string | readonly string[],
    columns: readonly string[],
    rows: BatchRows,
    options?: BatchInsertOptions,
  ): Promise<BatchInsertResult<T>>;
  async batchInsert<T>(
    table: string | readonly string[],
    columns: readonly string[],
    rows: BatchRows,
    options: BatchInsertOptions = {},
  ): Promise<BatchInsertResult<T>> {
    return batchInsert<T>(this.batchPlace(), table, columns, rows, options);
  }

  /** @internal Where a batch runs. */
  protected abstract batchPlace(): BatchPlace;

  /** COPY … FROM STDIN: a stream to write the data into; see {@link CopyFromStream}. */
  copyFrom(sql: string, options?: CopyOptions): CopyFromStream {
    checkOptions('copyFrom', options);
    checkText(sql);
    return new CopyWriter(sql, this.#copyContext(), options ?? {});
  }

  /** COPY … TO STDOUT: a stream to read the data from; see {@link CopyToStream}. */
  copyTo(sql: string, options?: CopyOptions): CopyToStream {
    checkOptions('copyTo', options);
    checkText(sql);
    return new CopyReader(sql, this.#copyContext(), options ?? {});
  }

  #copyContext(): CopyContext {
    const { runner, context } = this;
    // Of a checked-out connection its own watch tells.
    const watch = runner.watch?.bind(runner) ?? context.leakWatch();
    return { runner, telemetry: context.telemetry, watch, timeout: context.timeout };
  }

  /** The server's large objects, as streams. */
  largeObjects(): LargeObjects {
    return new LargeObjects(this);
  }

  #execute<R>(
    sql: string,
    parameters: QueryParameters | undefined,
    options: QueryOptions | undefined,
    view: ResultView<R>,
  ): Promise<R> {
    let asked: ExecutionRequest;
    try {
      asked = request(sql, parameters, options, this.context);
    } catch (error) {
      return rejection(error);
    }
    return execute(this.runner, this.context, asked, options, view);
  }
}
