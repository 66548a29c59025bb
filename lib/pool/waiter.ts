import type { Operation } from '../driver/session.js';
import type { Due } from './deadlines.js';

/** An operation that waits for a session. */
export interface Waiter extends Due {
  /** Undefined when it is over: a deadline that still lies somewhere must not keep an operation and its rows alive. */
  operation: Operation | undefined;
  /** Its number among all who ever came. */
  readonly arrival: number;
  /** `performance.now()` when it began to wait, or would have if it had waited without a break. */
  readonly since: number;
  /** When it gives up; Infinity for never. */
  readonly deadline: number;
  /** It has got a session, or waits no longer. */
  over: boolean;
}
