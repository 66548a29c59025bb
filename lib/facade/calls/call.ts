import { isError } from '../../base/is-error.js';
import { kindOf } from '../../base/kind-of.js';
import { Execution, type ExecutionRequest, type ResultView } from '../../driver/operations/execution.js';
import { RowScript, Script } from '../../driver/operations/script.js';
import type { Operation } from '../../driver/session.js';
import { rejecting, UsageError } from '../../errors/index.js';
import type { Telemetry } from '../../observability/telemetry.js';
import type { StatementResult } from '../../driver/result-shape.js';
import type { RowMode } from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import type { TypeMap } from '../../types/type-map.js';
import { withDefault, type HasTimeout } from './default-timeout.js';
import { InterruptibleCall } from './interruptible-call.js';
import { Limit, type LimitOptions } from './limit.js';
import type { ExecResult, QueryOptions, QueryResult } from './options.js';
import type { OperationRunner } from './runner.js';
import { statementTimedOut } from './timeouts.js';

export type { OperationRunner } from './runner.js';

export function asQueryResult<T>(
  rows: unknown[] | undefined,
  fields: readonly Column[],
  command: string,
  count: number,
  further?: readonly StatementResult[],
): QueryResult<T> {
  const result: QueryResult<T> = {
    rows: (rows ?? []) as T[],
    fields,
    rowCount: count >= 0 ? count : (rows?.length ?? 0),
    command,
  };
  if (further !== undefined) {
    const others = further.map((each) =>
      asQueryResult<unknown>(each.rows, each.shape?.fields ?? [], each.command, each.count),
    );
    result.results = [{ ...result }, ...others];
  }
  return result;
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
  context: HasTimeout & { readonly telemetry: Telemetry },
  request: ExecutionRequest,
  options: QueryOptions | undefined,
  view: ResultView<R>,
): Promise<R> {
  const { telemetry } = context;
  const limits = withDefault(options, context);
  const on = runner.forCall === undefined ? runner : runner.forCall(request.sql, options);
  if (!telemetry.watchesQueries) return executeUntraced(on, request, limits, view);
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
    () => executeUntraced(on, request, limits, counting),
  );
}

/**
 * Runs a statement without tracing it; the enclosing call is traced instead.
 *
 * @param options a call's options, or the limit of what the statement belongs to
 */
export function executeUntraced<R>(
  runner: OperationRunner,
  request: ExecutionRequest,
  options: LimitOptions | Limit | undefined,
  view: ResultView<R>,
): Promise<R> {
  return new Promise<R>((resolve, plainly) => {
    const limit = limitOf(options);
    if (limit === undefined) {
      runner.run(new Execution(request, view, resolve, undefined));
      return;
    }
    const reject = rejecting(resolve, plainly, request.sql);
    startOperation(runner, (fail) => new Execution(request, view, resolve, fail), limit, reject);
  });
}

/** The limit of a statement. Throws a UsageError (`KB_BAD_OPTION`). */
export function limitOf(options: LimitOptions | Limit | undefined): Limit | undefined {
  return options instanceof Limit ? options : Limit.of(options, statementTimedOut);
}

/**
 * Runs several statements by the simple protocol.
 *
 * @param options a call's options, or the limit of what the statements belong to
 */
export function runScript(
  runner: OperationRunner,
  sql: string,
  options: LimitOptions | Limit | undefined,
): Promise<ExecResult[]> {
  return new Promise((resolve, plainly) => {
    checkText(sql);
    const reject = rejecting(resolve, plainly, sql);
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
      limitOf(options),
      reject,
    );
  });
}

/** The same, for the rows of each statement. */
export function runRowScript<T>(
  runner: OperationRunner,
  sql: string,
  rowMode: RowMode,
  types: TypeMap,
  options: LimitOptions | Limit | undefined,
): Promise<QueryResult<T>[]> {
  return new Promise((resolve, plainly) => {
    checkText(sql);
    const reject = rejecting(resolve, plainly, sql);
    const give = (results: StatementResult[]): void => {
      resolve(
        results.map(({ rows, shape, command, count }) =>
          asQueryResult<T>(rows, shape?.fields ?? NO_FIELDS, command, count),
        ),
      );
    };
    startOperation(
      runner,
      (fail) => new RowScript(sql, rowMode, types, give, fail),
      limitOf(options),
      reject,
    );
  });
}

const NO_FIELDS: readonly Column[] = Object.freeze([]);

/** Turns what was thrown into a rejection, so that calls never throw. */
export function rejection(error: unknown): Promise<never> {
  return Promise.reject(isError(error) ? error : new Error(String(error)));
}

/** Throws a UsageError (`KB_BAD_STATEMENT`) for what cannot be a statement. */
export function checkText(sql: unknown): void {
  if (typeof sql !== 'string') {
    const hint = hintForStatement(sql);
    throw new UsageError(
      'KB_BAD_STATEMENT',
      `The statement must be a string, not ${kindOf(sql)}.`,
      hint === undefined ? {} : { hint },
    );
  }
  if (sql.includes('\0')) {
    // The library takes the text up to the first NUL, and would run half of it.
    throw new UsageError('KB_BAD_STATEMENT', 'The statement contains a NUL character, which SQL cannot.');
  }
}

/**
 * Runs an operation within a limit.
 *
 * @returns what the runner has been given, to withdraw it by
 */
export function startOperation(
  runner: OperationRunner,
  create: (fail: (error: unknown) => void) => Operation,
  limit: Limit | undefined,
  reject: (error: unknown) => void,
): Operation {
  if (limit !== undefined) return new InterruptibleCall(runner, create, limit, reject);
  const operation = create(reject);
  runner.run(operation);
  return operation;
}

/** What those mean who write as for another driver. */
function hintForStatement(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  if (Array.isArray(given) && 'raw' in given) return 'A template has a tag of its own: db.sql`SELECT …`.';
  if (Buffer.isBuffer(given)) return 'Give its text: buffer.toString().';
  if ('text' in given || 'sql' in given)
    return 'Give the text and the values as two arguments: query(text, values).';
  return undefined;
}
