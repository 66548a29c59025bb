import { KingbaseError, type PoolErrorCode } from '../errors/index.js';
import type { PoolStats } from './stats.js';

/** The pool could not give a connection. `cause` is the last connection failure, if the server was away. */
export class PoolError extends KingbaseError {
  static {
    this.prototype.name = 'PoolError';
  }

  declare readonly code: PoolErrorCode;
  /** The pool's counters at that moment. */
  declare readonly stats?: PoolStats;

  constructor(
    code: PoolErrorCode,
    message: string,
    options: { stats?: PoolStats | undefined; cause?: unknown; hint?: string | undefined } = {},
  ) {
    super(code, message, options);
    if (options.stats !== undefined) this.stats = options.stats;
  }
}
