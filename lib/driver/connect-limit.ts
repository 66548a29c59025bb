import type { GivingUp } from '../base/given-up.js';
import { startTimer } from '../base/timers.js';

/**
 * The time that making one connection may take in all, whatever it is spent on, and the signal that gives it up. Hosts and
 * addresses that are tried one after the other share it: one that does not answer must not take the time of the next.
 */
export class ConnectLimit {
  private readonly endsAt: number;

  /** @param total ms, 0 = no limit */
  constructor(
    readonly total: number,
    readonly signal: GivingUp | undefined,
  ) {
    this.endsAt = total === 0 ? Infinity : performance.now() + total;
  }

  /** ms. */
  get left(): number {
    return Math.max(this.endsAt - performance.now(), 0);
  }

  /** The moment until which the first of `count` that are still to be tried may take, of the time up to `endsAt`. */
  shareOf(count: number, endsAt = this.endsAt): number {
    const now = performance.now();
    return now + Math.max(endsAt - now, 0) / count;
  }

  /**
   * Calls `over` once, when the signal is aborted or at the moment `until` (`performance.now()`); `aborted` says which.
   * Returns what stops that.
   */
  watch(until: number, over: (aborted: boolean) => void): () => void {
    const { signal } = this;
    let stopped = false;
    const onAbort = (): void => {
      if (stopped) return;
      stop();
      over(true);
    };
    const timer =
      until === Infinity
        ? undefined
        : startTimer(() => {
            stop();
            over(false);
          }, until - performance.now());
    // Whoever waits for the connection keeps the process alive.
    timer?.unref();
    const stop = (): void => {
      stopped = true;
      clearTimeout(timer);
      unwatch?.();
    };
    let unwatch: (() => void) | undefined;
    if (signal?.aborted === true) queueMicrotask(onAbort);
    else unwatch = signal?.watch(onAbort);
    return stop;
  }

  /**
   * Settles as `promise` does, but rejects with the signal's reason when that is aborted, and with `late()` at the moment
   * `until`, whatever keeps the promise.
   */
  within<T>(promise: Promise<T>, until: number, late: () => Error): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = this.watch(until, (aborted) =>
        reject(aborted && signal !== undefined ? signal.reason : late()),
      );
      promise.then(stop, stop);
      promise.then(resolve, reject);
    });
  }
}
