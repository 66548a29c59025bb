import { Checkout } from '../../driver/operations/checkout.js';
import type { Session } from '../../driver/session.js';
import { startOperation, type OperationRunner } from '../calls/call.js';
import type { QueryOptions } from '../calls/options.js';

/**
 * Takes a session out of the pool.
 *
 * @param take becomes the session's owner
 * @param opening what is run first on the session, '' for nothing; where the server refuses it, the session goes back
 */
export function checkOut<T>(
  pool: OperationRunner,
  take: (session: Session) => T,
  opening: string | ((session: Session) => string),
  options: Pick<QueryOptions, 'signal' | 'timeout'> | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    startOperation(pool, (fail) => new Checkout(take, opening, resolve, fail), options, reject, 'connect');
  });
}
