import type { Operation } from '../driver/session.js';

/** `database/sql`'s maxBadConnRetries: so many attempts on pooled connections, then a last one on a new one. */
const ATTEMPTS_ON_POOLED = 2;

/** What is to be done with an operation whose connection was lost before anything of it was sent. */
export interface Rerun {
  /** Two in a row were dead, so those that still lie idle probably are too. */
  readonly onNew: boolean;
}

/**
 * How often a call is run: the rule of Go's database/sql, twice on pooled connections, then once on a new one. (How often
 * an attempt to connect is made is in `opening.ts`.)
 */
export class Reruns {
  private readonly attempts = new WeakMap<Operation, number>();

  /** Undefined where the operation has had all its attempts. */
  next(operation: Operation): Rerun | undefined {
    const count = this.attempts.get(operation) ?? 1;
    if (count > ATTEMPTS_ON_POOLED) return undefined;
    this.attempts.set(operation, count + 1);
    return { onNew: count === ATTEMPTS_ON_POOLED };
  }
}
