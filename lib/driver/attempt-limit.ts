import { startTimer } from '../base/timers.js';

/** What has a time limit. */
export interface LimitedAttempt {
  /** Its time is over. */
  expire(): void;
}

/**
 * A time limit that many attempts have, all the same, so that whoever began first expires first. One timer serves them
 * all, and is left alone when an attempt ends in time: making and clearing one for each costs more than all the rest here.
 */
export class AttemptLimit {
  private readonly deadlines = new Map<LimitedAttempt, number>();
  private timer: NodeJS.Timeout | undefined;

  /** @param limit ms */
  constructor(private readonly limit: number) {}

  begin(attempt: LimitedAttempt): void {
    this.deadlines.set(attempt, performance.now() + this.limit);
    this.timer ??= this.arm(this.limit);
  }

  end(attempt: LimitedAttempt): void {
    this.deadlines.delete(attempt);
  }

  private arm(delay: number): NodeJS.Timeout {
    // What is under way keeps the process alive, and nothing else is to.
    return startTimer(this.look, delay).unref();
  }

  private readonly look = (): void => {
    this.timer = undefined;
    const now = performance.now();
    for (const [attempt, deadline] of this.deadlines) {
      if (deadline > now) {
        this.timer ??= this.arm(deadline - now);
        return;
      }
      this.deadlines.delete(attempt);
      attempt.expire();
    }
  };
}
