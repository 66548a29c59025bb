import type { Lease } from './lease.js';
import { StallWatch, type ReadingProgress } from './stalled-reader.js';

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
export function watchForLeak(lease: Lease, limit: number, taken: Error, report: (leak: Leak) => void): void {
  const timer = setTimeout(() => {
    report(leakOf(lease.processId, limit, taken));
  }, limit);
  timer.unref();
  lease.onEnd(() => clearTimeout(timer));
}

function leakOf(processId: number, heldFor: number, taken: Error): Leak {
  return { processId, heldFor, stack: (taken.stack ?? '').split('\n').slice(1).join('\n') };
}

/** Looks after a stream that holds a connection of the pool; gives what ends that. */
export type LeakWatch = (progress: ReadingProgress) => () => void;

export const NO_LEAK_WATCH: LeakWatch = () => () => undefined;

/** Reports, once, a stream whose program has not gone on with it for `limit` ms. */
export function watchStreamsForLeak(limit: number, taken: Error, report: (leak: Leak) => void): LeakWatch {
  return (progress) => {
    const holds = (): boolean => progress.processId !== 0;
    const watch = new StallWatch(
      () => limit,
      false,
      holds,
      () => {
        report(leakOf(progress.processId, limit, taken));
      },
    );
    return watch.watch(progress);
  };
}
