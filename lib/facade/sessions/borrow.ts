import { Checkout } from '../../driver/operations/checkout.js';
import type { Session } from '../../driver/session.js';
import { rejecting } from '../../errors/index.js';
import { startOperation } from '../calls/call.js';
import type { Limit } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import { Lease } from './lease.js';

/** Whom nothing need be told: the owner of a session that no pool and no listener has taken yet. */
export const NOBODY = {
  sessionIdle: (): void => undefined,
  sessionClosed: (): void => undefined,
  rerun: (): boolean => false,
};

/** What is run first on a session that is taken, '' for nothing; what it throws the taking rejects with. */
export type Opening = string | ((session: Session) => string);

/**
 * Takes a session, at once or with a first command on it; one that could not be sent is run on another session where the
 * runner is a pool. A session that does not answer that command within its `patience` is closed.
 *
 * @param take becomes the session's owner; `answer` is a value that the opening has given, if any
 */
export function checkOut<T>(
  runner: OperationRunner,
  take: (session: Session, answer: unknown) => T,
  opening: Opening,
  limit: Limit | undefined,
): Promise<T> {
  return new Promise<T>((resolve, plainly) => {
    const reject = rejecting(resolve, plainly);
    startOperation(runner, (fail) => new Checkout(take, opening, resolve, fail), limit, reject);
  });
}

/**
 * Takes the runner's session, when its turn comes, for several operations in a row that nothing may come between; what
 * else the runner has to do waits until the lease is released.
 *
 * @param opening as {@link Opening}; `depth` is that of the lease to be
 */
export function borrow(
  runner: OperationRunner,
  opening: (session: Session, depth: number) => string,
  limit: Limit | undefined,
): Promise<Lease> {
  const take = (session: Session, answer: unknown): Lease =>
    new Lease(session, session.owner ?? NOBODY, '', answer);
  const first = (session: Session): string => {
    const { owner } = session;
    if (!(owner instanceof Lease)) return opening(session, 0);
    const refusal = owner.refusalOutside();
    if (refusal !== undefined) throw refusal as Error;
    return opening(session, owner.depth + 1);
  };
  return checkOut(runner, take, first, limit);
}

/** Runs a short command of the driver's own on the lease. One that is not answered soon closes the session. */
export function runOwn(lease: Lease, sql: Opening, limit: Limit | undefined): Promise<void> {
  return checkOut(lease, () => undefined, sql, limit);
}

/** Resolves when what has been asked of the lease before has ended, however it did. */
export function turnOf(lease: Lease): Promise<unknown> {
  return checkOut(lease, () => undefined, '', undefined).catch(() => undefined);
}
