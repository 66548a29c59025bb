import { backoffDelay, CONNECT_BACKOFF } from './backoff.js';

/**
 * The time in which a server that could be reached cannot: one attempt to connect after the other, with growing pauses,
 * whatever the number of those who wait.
 */
export class Outage {
  private attempt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param error what the last attempt failed with */
  constructor(public error: unknown) {}

  /** Whether the next attempt is planned. */
  get planned(): boolean {
    return this.timer !== undefined;
  }

  /** Plans the next attempt. `told` gets the number of the attempt that failed, from 0, and the pause in ms. */
  plan(next: () => void, told: (attempt: number, delay: number) => void): void {
    const delay = backoffDelay(CONNECT_BACKOFF, this.attempt, Math.random());
    told(this.attempt, delay);
    this.attempt++;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      next();
    }, delay);
    // Those who wait keep the process alive by their own time limit.
    this.timer.unref();
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
