import { READ_ONLY_TRANSACTION } from '../errors/server-going-away.js';

/** ms between two times that all connections to a read-only server are given up. */
const LEAVE_PAUSE = 1_000;

/** Whether a connection is asked to be writable: then a server that has become read-only is the wrong one. */
export function wantsWritable(targetSessionAttributes: string | undefined): boolean {
  return targetSessionAttributes === 'read-write' || targetSessionAttributes === 'primary';
}

/**
 * Says when a server is left because it takes no writes any more: so that it is found out once and not by each
 * connection, none of those made before is used again. Not more often than now and then: a program that writes in READ
 * ONLY transactions of its own gets the same error.
 */
export class Leaving {
  private leftAt = -Infinity;

  /** @param sqlState what the server said, for which the session is evicted */
  isDue(sqlState: string): boolean {
    const now = performance.now();
    if (sqlState !== READ_ONLY_TRANSACTION || now < this.leftAt + LEAVE_PAUSE) return false;
    this.leftAt = now;
    return true;
  }
}
