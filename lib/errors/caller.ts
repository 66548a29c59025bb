import { basename, dirname, sep } from 'node:path';
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
 * statement's text besides. Nothing is done, or allocated, for a call that succeeds. An error that names lines of the
 * program already keeps them.
 *
 * V8 finds who waits from the reaction that it is running at the moment. The first `then` is for the order of events: by
 * the time the second runs, the call's promise has been tied to this one.
 */
export function rejectedForCaller(error: unknown, sql?: string): Promise<never> {
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

/** Rejects the promise of a call, where the error is that of the call so that it names who waits for it. */
export function rejecting<R>(
  resolve: (result: Promise<R>) => void,
  plainly: (error: unknown) => void,
  sql?: string,
): (error: unknown) => void {
  return (error) => {
    if (isOfOneCall(error)) resolve(rejectedForCaller(error, sql));
    else plainly(error);
  };
}

/** Puts the statement's text on the error, where it is that of one call; for streams, whose reader nobody can name. */
export function noteStatement(error: unknown, sql: string): void {
  if (isOfOneCall(error)) error.noteStatement(sql);
}

/** What runs the reactions of promises. */
const RUNTIME = /processTicksAndRejections|node:internal|\(native/;

/** Where the package's own files lie; unknown in a bundle, where they lie in one with the program's or nothing is said of it. */
const OWN_FOLDER =
  typeof __filename === 'string' && basename(__filename) === 'caller.js'
    ? dirname(__dirname) + sep
    : undefined;

/** Lines of the package itself that may wait between the one that fails and the program's. */
const OWN_LINES = 20;

/** Errors whose stacks name lines of the program. */
const placed = new WeakSet<KingbaseError>();

function describe(error: KingbaseError, sql: string | undefined, from: () => never): void {
  if (sql !== undefined) error.noteStatement(sql);
  if (placed.has(error)) return;
  const before = error.stack;
  const frames = framesAbove(from);
  const at = typeof before === 'string' ? before.indexOf('\n    at ') : -1;
  // A call that nobody waits for, or by `then`, and engines that cannot tell: what was known stays.
  if (frames.length === 0 || at < 0) return;
  error.stack = [before?.slice(0, at), ...frames].join('\n');
  placed.add(error);
}

/** The program's lines that wait, and what lies between and behind them; as many as the program wants to see. */
function framesAbove(from: () => never): string[] {
  const most = Error.stackTraceLimit;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = most > 0 ? most + OWN_LINES : most;
    Error.captureStackTrace(holder, from);
  } finally {
    Error.stackTraceLimit = most;
  }
  if (typeof holder.stack !== 'string') return [];
  const frames = holder.stack.split('\n').filter((line) => /^ {4}at /.test(line) && !RUNTIME.test(line));
  const first = frames.findIndex((line) => OWN_FOLDER === undefined || !line.includes(OWN_FOLDER));
  return first < 0 ? [] : frames.slice(first, first + most);
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
