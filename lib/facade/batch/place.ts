import { UsageError } from '../../errors/index.js';
import type { OperationRunner } from '../calls/call.js';
import type { CallContext } from '../calls/call-context.js';
import type { Limit } from '../calls/limit.js';
import { borrow } from '../sessions/borrow.js';
import type { Lease } from '../sessions/lease.js';
import { PATIENCE_WITH_READER } from '../sessions/stalled-reader.js';
import { inSavepoint } from '../transactions/savepoint.js';
import type { BatchScope, Transact } from './work.js';

/** How a batch gets on with taking its rows. */
export interface Intake {
  /** The batch waits for the program to give it rows. */
  readonly waitsForRows: boolean;
  /** Grows with every row. */
  readonly rows: number;
}

/** Where a batch is asked for. */
export interface BatchPlace {
  readonly context: CallContext;
  /**
   * Gives `work` what it runs on. A session that was checked out before is the batch's alone until `work` has ended, so
   * that no other call on it comes between the batch's statements.
   */
  during<R>(work: (scope: BatchScope) => Promise<R>, limit: Limit, intake: Intake): Promise<R>;
}

/**
 * A batch on a session that was checked out before.
 *
 * @param begin what makes one transaction of some work, where the session may be without one; else the batch is always
 *   a savepoint
 */
export function sessionPlace(
  runner: OperationRunner,
  context: CallContext,
  begin?: (lease: Lease, limit: Limit) => Transact,
): BatchPlace {
  return {
    context,
    during: async (work, limit, intake) => {
      const lease = await borrow(runner, () => '', limit);
      // The transaction that it is part of was interrupted, or has ended.
      lease.onEnd(() => {
        if (lease.takenBack) limit.stop(lease.refused);
      });
      const unwatch = runner.watch?.({
        get waiting() {
          return !intake.waitsForRows;
        },
        get progress() {
          return intake.rows;
        },
        processId: lease.processId,
        abandon: (reason) => {
          limit.stop(reason);
        },
        refusal: () => behindBatch(PATIENCE_WITH_READER),
      });
      try {
        return await work(scopeOn(lease, context, limit, begin));
      } finally {
        unwatch?.();
        await lease.release();
      }
    },
  };
}

function scopeOn(
  lease: Lease,
  context: CallContext,
  limit: Limit,
  begin: ((lease: Lease, limit: Limit) => Transact) | undefined,
): BatchScope {
  const inTransaction = begin === undefined || lease.inTransaction;
  const transact: Transact = (work) =>
    inTransaction ? inSavepoint(lease, limit, work) : begin(lease, limit)(work);
  return {
    context,
    runner: lease,
    inTransaction,
    atomically: (work) => transact(work),
    onSession: (work) => work(transact),
  };
}

/** For a call that waits for a batch whose rows, as it seems, wait for the call. */
function behindBatch(limit: number): UsageError {
  return new UsageError(
    'KB_ROWS_OPEN',
    `The call has waited for batchInsert() on the same connection, which has been given no row for ${limit} ms.`,
    {
      hint:
        'Do not make a call on the connection to find the rows of a batch on it: make it on the database, which takes ' +
        'another connection, or before the batch.',
    },
  );
}
