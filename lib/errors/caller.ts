import { nothing } from '../base/nothing.js';
import type { KingbaseErrorCode } from './codes.js';
import { ConnectionError, TimeoutError } from './driver-errors.js';
import { DatabaseError } from './database-error.js';
import { KingbaseError } from './kingbase-error.js';

/** Whether the error is that of one call, and names it; not the reason of a signal, which can end thousands at once. */
export function isOfOneCall(error: unknown): error is KingbaseError {
  return error instanceof KingbaseError && tellsOfOneCall(error);
}

/**
 * A promise that is rejected with the error, for a call to resolve its own promise with: then the error's stack names
 * the lines that wait for the call (`at async …`), which the stack of an event from the socket cannot. It has the
 * statement's text besides. Nothing is done, or allocated, for a call that succeeds.
 *
 * V8 finds who waits from the reaction that it is running at the moment. The first `then` is for the order of events: by
 * the time the second runs, the call's promise has been tied to this one.
 */
export function rejectedForCaller(error: unknown, sql: string): Promise<never> {
  if (!isOfOneCall(error)) {
    const reason = error as Error;
    return Promise.reject(reason);
  }
  return Promise.resolve()
    .then(nothing)
    .then(function atCaller(): never {
      describe(error, sql, atCaller);
      throw error;
    });
}

/** What runs the reactions of promises. */
const RUNTIME = /processTicksAndRejections|node:internal|\(native/;

function describe(error: KingbaseError, sql: string, from: () => never): void {
  error.noteStatement(sql);
  const before = error.stack;
  const holder: { stack?: unknown } = {};
  Error.captureStackTrace(holder, from);
  const { stack } = holder;
  if (typeof before !== 'string' || typeof stack !== 'string') return;
  const frames = stack.split('\n').filter((line) => /^ {4}at /.test(line) && !RUNTIME.test(line));
  const at = before.indexOf('\n    at ');
  // A call that nobody waits for, or by `then`, and engines that cannot tell: what was known stays.
  if (frames.length > 0 && at >= 0) error.stack = [before.slice(0, at), ...frames].join('\n');
}

/** What keeps all calls from being served is told to each of them by one error, which names none of them. */
function tellsOfOneCall(error: KingbaseError): boolean {
  if (error instanceof TimeoutError) return true;
  if (error instanceof DatabaseError) return error.severity !== 'FATAL' && !OF_CONNECTIONS.test(error.code);
  if (error instanceof ConnectionError) return error.outcome === 'unknown';
  return OF_ONE_CALL.has(error.code);
}

/** What a server says when it takes no session, or ends one. */
const OF_CONNECTIONS = /^(08|28|3D|57P|53300)/;

const OF_ONE_CALL: ReadonlySet<string> = new Set<KingbaseErrorCode>([
  'KB_BAD_PARAMETER',
  'KB_POOL_ACQUIRE_TIMEOUT',
  'KB_POOL_FULL',
]);
