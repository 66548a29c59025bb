import type { Session } from '../../driver/session.js';
import type { OperationRunner } from '../calls/call.js';
import type { ChannelOptions } from '../streams/data-channels.js';
import { checkOut } from './checkout.js';
import { SessionQueue } from './session-queue.js';

/** A session that runs an operation has an owner. */
const NOBODY = {
  sessionIdle: (): void => undefined,
  sessionClosed: (): void => undefined,
  rerun: (): boolean => false,
};

/**
 * Takes the runner's session, when its turn comes, for several operations in a row that nothing may come between; what
 * else the runner has to do waits until the queue is released.
 *
 * @param opening what is run first on the session, '' for nothing
 */
export function borrowSession(
  runner: OperationRunner,
  opening: (session: Session) => string,
  options: ChannelOptions,
): Promise<SessionQueue> {
  const take = (session: Session): SessionQueue => new SessionQueue(session, session.owner ?? NOBODY, '');
  return checkOut(runner, take, opening, options);
}

/** Resolves when what has been asked of the queue before has ended; false where the queue takes no more. */
export function turnOf(queue: SessionQueue): Promise<boolean> {
  return checkOut(queue, () => true, '', undefined).catch(() => false);
}
