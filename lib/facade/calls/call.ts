import { startTimer } from '../../base/timers.js';
import { Execution, type ExecutionRequest, type ResultView } from '../../driver/operations/execution.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import { Script } from '../../driver/operations/script.js';
import { GIVEN_UP, type Operation, type Session } from '../../driver/session.js';
import { DatabaseError, TimeoutError, UsageError } from '../../errors/index.js';
import type { Telemetry } from '../../observability/telemetry.js';
import type { StatementResult } from '../../driver/result-shape.js';
import type { Column } from '../../types/column.js';
import type { ReadingProgress } from '../sessions/stalled-reader.js';
import type { ExecResult, QueryOptions, QueryResult } from './options.js';

/** Where operations run: a database's pool, or one session. */
export interface OperationRunner {
  run(operation: Operation): void;
  /** Takes an operation out that has not begun; false when it has. */
  withdraw(operation: Operation): boolean;
  /**
   * Looks after rows that keep other operations waiting here while the program does not read on; gives what ends that.
   * Absent where nothing waits for one session.
   */
  watch?(progress: ReadingProgress): () => void;
}

export function asQueryResult<T>(
  rows: unknown[] | undefined,
  fields: readonly Column[],
  command: string,
  count: number,
): QueryResult<T> {
  return {
    rows: (rows ?? []) as T[],
    fields,
    rowCount: count >= 0 ? count : (rows?.length ?? 0),
    command,
  };
}

export function asFirstRow<T>(rows: unknown[] | undefined): T | undefined {
  return rows?.[0] as T | undefined;
}

export const asExecResult: ResultView<ExecResult> = (_rows, _fields, command, count) =>
  execResult({ command, count });

export function execResult({ command, count }: { command: string; count: number }): ExecResult {
  return { rowsAffected: Math.max(count, 0), command };
}

/** Runs one statement. */
export function execute<R>(
  runner: OperationRunner,
  telemetry: Telemetry,
  request: ExecutionRequest,
  options: QueryOptions | undefined,
  view: ResultView<R>,
): Promise<R> {
  if (!telemetry.watchesQueries) return executeUntold(runner, request, options, view);
  let rows: number | undefined;
  const counting: ResultView<R> = (returned, fields, command, count) => {
    rows = returned?.length;
    return view(returned, fields, command, count);
  };
  return telemetry.query(
    request.sql,
    request.parameters,
    options?.traceContext,
    () => rows,
    () => executeUntold(runner, request, options, counting),
  );
}

/** Runs one statement that is part of a call of which telemetry tells. */
export function executeUntold<R>(
  runner: OperationRunner,
  request: ExecutionRequest,
  options: QueryOptions | undefined,
  view: ResultView<R>,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    if (options === undefined) runner.run(new Execution(request, view, resolve, reject));
    else startOperation(runner, (fail) => new Execution(request, view, resolve, fail), options, reject);
  });
}

/** Runs several statements by the simple protocol. */
export function runScript(
  runner: OperationRunner,
  sql: string,
  options: QueryOptions | undefined,
): Promise<ExecResult[]> {
  try {
    checkText(sql);
  } catch (error) {
    return rejection(error);
  }
  return new Promise((resolve, reject) => {
    startOperation(
      runner,
      (fail) =>
        new Script(
          sql,
          (results) => {
            resolve(results.map(execResult));
          },
          fail,
        ),
      options,
      reject,
    );
  });
}

/** Mistakes reject like everything else that goes wrong in a call; `error` is what was thrown. */
export function rejection(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

/** Throws a UsageError (`KB_BAD_STATEMENT`) for what cannot be a statement. */
export function checkText(sql: unknown): void {
  if (typeof sql !== 'string') {
    throw new UsageError('KB_BAD_STATEMENT', `The statement must be a string, not ${typeof sql}.`);
  }
  if (sql.includes('\0')) {
    // The library takes the text up to the first NUL, and would run half of it.
    throw new UsageError('KB_BAD_STATEMENT', 'The statement contains a NUL character, which SQL cannot.');
  }
}

/**
 * @param what is being done, for the message of a timeout
 * @returns what the runner has been given, to withdraw it by
 */
export function startOperation(
  runner: OperationRunner,
  create: (fail: (error: unknown) => void) => Operation,
  options: QueryOptions | undefined,
  reject: (error: unknown) => void,
  what: 'query' | 'connect' = 'query',
): Operation | undefined {
  if (options?.signal === undefined && options?.timeout === undefined) {
    const operation = create(reject);
    runner.run(operation);
    return operation;
  }
  const { timeout } = options;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0)) {
    reject(
      new UsageError(
        'KB_BAD_OPTION',
        'The option "timeout" must be a number of milliseconds greater than 0.',
        {
          hint: 'Leave it out for no limit.',
        },
      ),
    );
    return undefined;
  }
  return new InterruptibleCall(runner, create, options, reject, what);
}

/**
 * An operation that its caller can abort or that has a time limit. It stands before the operation and passes on what the
 * session tells; `offer` and `atLast` it lacks on purpose: a command that was offered is begun by the core, so that a
 * cancel request could hit the statement after the one that it is meant for.
 */
class InterruptibleCall implements Operation {
  private readonly operation: Operation;
  private session: Session | undefined;
  private interrupted: { error: (cause: unknown) => unknown } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly signal: AbortSignal | undefined;

  constructor(
    private readonly runner: OperationRunner,
    create: (fail: (error: unknown) => void) => Operation,
    options: QueryOptions,
    private readonly reject: (error: unknown) => void,
    what: 'query' | 'connect',
  ) {
    const { signal, timeout } = options;
    this.signal = signal;
    this.operation = create(this.fail);
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (timeout !== undefined) {
      this.timer = startTimer(() => {
        this.stop((cause) => timeoutError(what, timeout, cause));
      }, timeout);
    }
    runner.run(this);
  }

  private readonly onAbort = (): void => {
    this.stop(() => this.signal?.reason as unknown);
  };

  private readonly fail = (error: unknown): void => {
    const { interrupted } = this;
    const closed = this.session?.gaveUp === true;
    this.disarm();
    // 57014 is what the server says to a cancel. Whatever else went wrong is the more important news.
    const cancelled = error instanceof DatabaseError && error.code === '57014';
    if (interrupted === undefined || !(cancelled || closed || error === GIVEN_UP)) this.reject(error);
    else this.reject(interrupted.error(error === GIVEN_UP ? undefined : error));
  };

  private stop(error: (cause: unknown) => unknown): void {
    if (this.interrupted !== undefined) return;
    this.interrupted = { error };
    this.operation.giveUp?.();
    // After a loss before anything was sent it waits for another session than the one it began on.
    if (this.session?.runs(this) === true) {
      this.session.interrupt();
    } else if (this.runner.withdraw(this)) {
      this.disarm();
      this.reject(error(undefined));
    }
  }

  private disarm(): void {
    this.session = undefined;
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.onAbort);
  }

  begin(session: Session): void {
    if (this.interrupted !== undefined) {
      // Interrupted between two connections: the first was lost before anything was sent.
      session.finish(session.transactionStatus);
      this.disarm();
      this.reject(this.interrupted.error(undefined));
      return;
    }
    this.session = session;
    this.operation.begin(session);
    // Ended at once: a mistake in a parameter, or a checkout, which begins no command.
    if (!session.runs(this)) this.disarm();
  }

  refuse(error: unknown): void {
    this.operation.refuse(error);
  }

  result(session: Session, result: StatementResult, complete: boolean): void {
    this.operation.result(session, result, complete);
  }

  threw(session: Session, thrown: unknown, over: boolean): void {
    this.operation.threw(session, thrown, over);
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.operation.ended(session, transactionStatus);
    // Ended, unless the operation has begun its next command.
    if (session.runs(this)) return;
    const { completing } = this.operation;
    if (completing === undefined) this.disarm();
    else void completing.then(() => this.disarm());
  }

  described(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    this.operation.described?.(session, parameterTypes, columnTypes);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.operation.failed(session, failure, transactionStatus);
  }

  drained(session: Session): void {
    this.operation.drained?.(session);
  }

  copying(session: Session, binary: boolean): void {
    this.operation.copying?.(session, binary);
  }

  copyData(session: Session, bytes: Buffer): void {
    this.operation.copyData?.(session, bytes);
  }

  get ofSession(): boolean {
    return this.operation.ofSession === true;
  }

  get resting(): boolean {
    return this.operation.resting === true;
  }

  interrupt(session: Session): void {
    if (this.operation.interrupt === undefined) session.cancel();
    else this.operation.interrupt(session);
  }
}

export function timeoutError(what: 'query' | 'connect', timeout: number, cause: unknown): TimeoutError {
  return what === 'query'
    ? new TimeoutError('query', timeout, `The statement took longer than its limit of ${timeout} ms.`, {
        cause,
        hint: 'Give it a longer timeout, or find out with EXPLAIN what takes the time.',
      })
    : new TimeoutError('connect', timeout, `No connection was free within the limit of ${timeout} ms.`, {
        cause,
      });
}
