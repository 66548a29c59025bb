import type { Session } from '../driver/session.js';
import type { SharedLimit } from './shared-limit.js';

/** What a pool goes by that is one of several. */
export interface PoolRole {
  /** Whether a session that has just been made may be lent: what it was made for can have changed meanwhile. */
  admits(session: Session): boolean;
  /** Whether connections are wanted that nobody waits for (`pool.min`). */
  readonly keepsMinimum: boolean;
  /** How many connections it may have together with others. */
  readonly shared?: SharedLimit | undefined;
}

/** Of a pool that is the only one. */
export const ALONE: PoolRole = { admits: () => true, keepsMinimum: true };
