import { startTimer } from '../../base/timers.js';
import { TimeoutError, UsageError } from '../../errors/index.js';
import type { QueryOptions } from '../calls/options.js';

/** The signal and the time limit of a batch as one signal, for each of its operations and for the wait for rows. */
export class BatchLimit {
  /** Undefined where there is neither. */
  readonly signal: AbortSignal | undefined;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly outer: AbortSignal | undefined;

  /** @throws UsageError `KB_BAD_OPTION` */
  constructor({ signal, timeout }: Pick<QueryOptions, 'signal' | 'timeout'>) {
    if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0)) {
      throw new UsageError(
        'KB_BAD_OPTION',
        'The option "timeout" must be a number of milliseconds greater than 0.',
        { hint: 'Leave it out for no limit.' },
      );
    }
    if (signal === undefined && timeout === undefined) return;
    const { controller } = this;
    this.signal = controller.signal;
    this.outer = signal;
    if (signal?.aborted === true) this.onAbort();
    else signal?.addEventListener('abort', this.onAbort, { once: true });
    if (timeout === undefined) return;
    this.timer = startTimer(() => {
      const message = `The batch took longer than its limit of ${timeout} ms.`;
      controller.abort(new TimeoutError('batch', timeout, message, { hint: 'Give it a longer timeout.' }));
    }, timeout);
  }

  private readonly onAbort = (): void => {
    this.controller.abort(this.outer?.reason);
  };

  /** Ends the batch for a reason of its session's: the transaction it is part of is over. */
  interrupt(reason: unknown): void {
    this.controller.abort(reason);
  }

  get over(): boolean {
    return this.controller.signal.aborted;
  }

  /** Throws what the call is to reject with, once it is over. */
  check(): void {
    this.controller.signal.throwIfAborted();
  }

  /** Resolves as the work does, unless the call is over first. */
  orOver<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.controller;
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        // Nearly always an Error; whatever it is, it is the caller's and goes back as it came.
        reject(signal.reason as Error);
      };
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      work.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    });
  }

  end(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener('abort', this.onAbort);
  }
}
