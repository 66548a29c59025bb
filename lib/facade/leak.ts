import type { SessionQueue } from './session-queue.js';

export interface Leak {
  /** The server process whose session is held. */
  processId: number;
  /** ms. */
  heldFor: number;
  /** Where it was taken. */
  stack: string;
}

/** Holds the stack of here, deep enough to reach from inside the driver into the program. */
export function takenHere(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const taken = new Error('taken');
  Error.stackTraceLimit = stackTraceLimit;
  return taken;
}

/** Reports, once, a session that is not given back within `limit` ms. */
export function watchForLeak(
  queue: SessionQueue,
  limit: number,
  taken: Error,
  report: (leak: Leak) => void,
): void {
  const timer = setTimeout(() => {
    report({
      processId: queue.session.facts?.backendPid ?? 0,
      heldFor: limit,
      stack: (taken.stack ?? '').split('\n').slice(1).join('\n'),
    });
  }, limit);
  timer.unref();
  queue.onRelease = () => {
    clearTimeout(timer);
  };
}
