import { deferred } from '../base/deferred.js';
import { startTimer } from '../base/timers.js';

/** What closing needs of the pool. */
export interface ClosingHost {
  /** ms that a session may take to answer a cancel request. */
  readonly grace: number;
  /** Whether nothing is left: no session, no attempt, nobody who waits. */
  readonly isEmpty: boolean;
  /** Refuses all who wait, and cancels what goes on. */
  hurry(): void;
  /** Closes the sessions that have not come back, under those who hold them. */
  closeAll(): void;
  /** All is over. */
  stop(): void;
}

/** The end of a pool: it is over when nothing is left, and can be hurried. */
export class Closing {
  private readonly done = deferred();

  constructor(private readonly host: ClosingHost) {}

  get promise(): Promise<void> {
    return this.done.promise;
  }

  /** @param timeout ms after which what is still going on is cancelled and what still waits is refused */
  hurryAfter(timeout: number): void {
    let timer = startTimer(() => {
      this.host.hurry();
      // A session that does not answer the cancel, or that somebody keeps checked out, is closed under them.
      timer = startTimer(() => {
        this.host.closeAll();
      }, this.host.grace);
      this.settle();
    }, timeout);
    void this.promise.then(() => {
      clearTimeout(timer);
    });
  }

  settle(): void {
    if (!this.host.isEmpty) return;
    this.host.stop();
    this.done.resolve();
  }
}
