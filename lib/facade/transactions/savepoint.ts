import { TransactionStatus } from '../../addon/interface.js';
import { nothing } from '../../base/nothing.js';
import type { Session } from '../../driver/session.js';
import type { Limit } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import { borrow, runOwn } from '../sessions/borrow.js';
import type { Lease } from '../sessions/lease.js';

/**
 * Runs `work` inside a savepoint: when it rejects, what it did is undone and the transaction can go on. The session is
 * lent to the work alone: what else is asked of `runner` meanwhile runs after it, so that no other statement gets into
 * the savepoint, and two savepoints lie one in the other or one after the other, but never across.
 *
 * @param limit of the work; the savepoint is undone also when it has been reached
 */
export async function inSavepoint<R>(
  runner: OperationRunner,
  limit: Limit | undefined,
  work: (lease: Lease) => Promise<R> | R,
): Promise<R> {
  let name = '';
  const lease = await borrow(
    runner,
    (_session, depth) => {
      // Another one for each level: in oracle mode a second savepoint of a name may end the first (not verified).
      name = `kbn_savepoint_${depth}`;
      return `SAVEPOINT ${name}`;
    },
    limit,
  );
  lease.onReturnWanted = (): void => void lease.release();
  try {
    const result = await work(lease);
    if (!lease.takenBack) await runOwn(lease, inBlock(`RELEASE SAVEPOINT ${name}`), limit);
    return result;
  } catch (error) {
    // Where that fails too, the first error is the one that says why. Without the limit: it may be what has ended the work.
    const undo = `ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`;
    await runOwn(lease, inBlock(undo), undefined).catch(nothing);
    throw error;
  } finally {
    await lease.release();
  }
}

/** Nothing where the work has ended the whole transaction, and the savepoint with it. */
function inBlock(sql: string): (session: Session) => string {
  return ({ transactionStatus }) => (transactionStatus === TransactionStatus.Idle ? '' : sql);
}
