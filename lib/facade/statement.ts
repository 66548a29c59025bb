import { inspect, type InspectOptions } from 'node:util';
import type { CachedStatement } from '../driver/statement-cache.js';
import { SessionState, type Session } from '../driver/session.js';
import { UsageError } from '../errors/index.js';
import type { ExecutionRequest, ResultView } from '../driver/operations/execution.js';
import {
  asExecResult,
  asFirstRow,
  asQueryResult,
  checkText,
  execute,
  rejection,
  type OperationRunner,
} from './calls/call.js';
import type { PlaceholderCache } from '../sql/placeholder-cache.js';
import type { CallContext } from './calls/call-context.js';
import { request } from './calls/request.js';
import { describe, shortened } from './describe.js';
import { rowSource } from './rows/row-source.js';
import { Rows } from './rows/rows.js';
import type {
  ArrayRowOptions,
  ExecResult,
  ObjectRowOptions,
  QueryOptions,
  QueryParameters,
  QueryResult,
  RowArray,
  RowObject,
  StallOptions,
} from './calls/options.js';

/** What a row of `T` is as an array: `T` itself where that was said to be one. */
type AsArray<T> = T extends readonly unknown[] ? T : RowArray;

/**
 * A prepared statement. One that a database made is prepared again on each of its connections when first needed there
 * (as `sql.Stmt` of Go's database/sql); one that a connection made belongs to that.
 */
export class Statement<T = RowObject> {
  private readonly onSessions = new WeakMap<Session, CachedStatement>();
  /** For closing: weak, since a statement outlives the connections it was prepared on. */
  private readonly sessions = new Set<WeakRef<Session>>();
  /** How many `sessions` are too many not to look which of them are gone. */
  private most = 16;
  private closed = false;
  /** The connection or transaction that it belongs to has ended. */
  private orphaned = false;
  private running = 0;
  /** A connection that is held for long keeps no statement that has been closed on it. */
  private readonly unwatch: (() => void) | undefined;

  /** The text as the program gave it. */
  readonly sql: string;

  /** The text as the server gets it. */
  readonly compiled: string;

  private constructor(
    sql: string,
    private readonly runner: OperationRunner,
    private readonly context: CallContext,
  ) {
    checkText(sql);
    this.sql = sql;
    this.compiled = compilePrepared(sql, context.placeholders);
    // Before its session is somebody else's. The runner refuses what is called afterwards.
    this.unwatch = runner.onEnd?.(() => {
      this.orphaned = true;
      this.discardIfUnused();
    });
  }

  /** @internal */
  static create<T>(sql: string, runner: OperationRunner, context: CallContext): Statement<T> {
    return new Statement<T>(sql, runner, context);
  }

  /** Runs the statement and gives all its rows. */
  query<R = AsArray<T>>(
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions,
  ): Promise<QueryResult<R>>;
  query<R = T>(parameters?: QueryParameters, options?: ObjectRowOptions): Promise<QueryResult<R>>;
  query<R = T | AsArray<T>>(parameters?: QueryParameters, options?: QueryOptions): Promise<QueryResult<R>>;
  query<R>(parameters?: QueryParameters, options?: QueryOptions): Promise<QueryResult<R>> {
    return this.#execute(parameters, options, asQueryResult<R>);
  }

  /** Runs the statement and gives its first row, undefined where there is none. */
  queryRow<R = AsArray<T>>(
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions,
  ): Promise<R | undefined>;
  queryRow<R = T>(parameters?: QueryParameters, options?: ObjectRowOptions): Promise<R | undefined>;
  queryRow<R = T | AsArray<T>>(parameters?: QueryParameters, options?: QueryOptions): Promise<R | undefined>;
  queryRow<R>(parameters?: QueryParameters, options?: QueryOptions): Promise<R | undefined> {
    return this.#execute(parameters, options, asFirstRow<R>);
  }

  /** Runs the statement for its effect. */
  exec(parameters?: QueryParameters, options?: QueryOptions): Promise<ExecResult> {
    return this.#execute(parameters, options, asExecResult);
  }

  /** The rows as they come, in bounded memory. Nothing is sent before they are iterated. */
  rows<R = AsArray<T>>(
    parameters: QueryParameters | undefined,
    options: ArrayRowOptions & StallOptions,
  ): Rows<R>;
  rows<R = T>(parameters?: QueryParameters, options?: ObjectRowOptions & StallOptions): Rows<R>;
  rows<R = T | AsArray<T>>(parameters?: QueryParameters, options?: QueryOptions & StallOptions): Rows<R>;
  rows<R>(parameters?: QueryParameters, options?: QueryOptions & StallOptions): Rows<R> {
    const build = (): ExecutionRequest => {
      const asked = this.request(parameters, options, 'rows');
      this.running++;
      return asked;
    };
    return new Rows<R>(rowSource<R>(this.runner, this.context, options, build, this.ended));
  }

  /** Done with it: the connections close their forms of it when they next have the time. */
  close(): Promise<void> {
    this.closed = true;
    this.discardIfUnused();
    return Promise.resolve();
  }

  /** Only once no call is pending: `discard` frees the server-side name, which a pending call still uses. */
  private discardIfUnused(): void {
    if (this.running > 0 || !(this.closed || this.orphaned)) return;
    this.unwatch?.();
    for (const reference of this.sessions) {
      const session = reference.deref();
      const statement = session && this.onSessions.get(session);
      if (session !== undefined && statement !== undefined) session.statements.discard(statement);
    }
    this.sessions.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a structured log may say of the statement. */
  toJSON(): object {
    return { sql: shortened(this.sql), closed: this.closed };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('Statement', this.toJSON(), depth, options);
  }

  #execute<R>(
    parameters: QueryParameters | undefined,
    options: QueryOptions | undefined,
    view: ResultView<R>,
  ): Promise<R> {
    let asked: ExecutionRequest;
    try {
      asked = this.request(parameters, options);
    } catch (error) {
      return rejection(error);
    }
    this.running++;
    return execute(this.runner, this.context, asked, options, view).finally(this.ended);
  }

  /** What is to be run. Throws a UsageError. */
  private request(
    parameters: QueryParameters | undefined,
    options: QueryOptions | undefined,
    call?: 'rows',
  ): ExecutionRequest {
    if (this.closed) throw new UsageError('KB_STATEMENT_CLOSED', 'The statement has been closed.');
    const asked = request(this.sql, parameters, options, this.context, this.statementOn, call);
    if (asked.sql === this.compiled) return asked;
    throw new UsageError(
      'KB_BAD_PARAMETER',
      'The parameters do not fit the placeholders that the statement was prepared with.',
      {
        hint: 'Give an array for $1, $2, … and for ?, an object for :name, and a value for each of them.',
      },
    );
  }

  private readonly ended = (): void => {
    this.running--;
    this.discardIfUnused();
  };

  /** @internal The form of the statement that a session has, prepared or not. */
  readonly statementOn = (session: Session): CachedStatement => {
    let statement = this.onSessions.get(session);
    if (statement === undefined) {
      statement = session.statements.create(this.compiled);
      this.onSessions.set(session, statement);
      if (this.sessions.size >= this.most) this.forgetClosed();
      this.sessions.add(new WeakRef(session));
    }
    session.statements.refresh(statement);
    return statement;
  };

  /** A statement of a database outlives many of its connections. */
  private forgetClosed(): void {
    for (const reference of this.sessions) {
      const session = reference.deref();
      if (session === undefined || session.state === SessionState.Closed) this.sessions.delete(reference);
    }
    this.most = Math.max(16, 2 * this.sessions.size);
  }
}

/**
 * Which placeholders a prepared text has must be known before there are parameters: `?` if there is one and no `$n`,
 * else `:name`. So the operator `?` is written `??` in a prepared statement, as in JDBC.
 */
function compilePrepared(sql: string, placeholders: PlaceholderCache): string {
  const positional = placeholders.get(sql, 'positional');
  if ((positional.count ?? 0) > 0) return positional.sql;
  try {
    const named = placeholders.get(sql, 'named');
    if ((named.names?.length ?? 0) > 0) return named.sql;
  } catch {
    // It has $n, which go as they are.
  }
  return positional.sql;
}
