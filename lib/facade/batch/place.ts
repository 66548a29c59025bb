import { TransactionStatus } from '../../addon/interface.js';
import { UsageError } from '../../errors/index.js';
import type { OperationRunner } from '../calls/call.js';
import type { CallContext } from '../calls/call-context.js';
import { borrowSession } from '../sessions/borrowed-session.js';
import type { SessionQueue } from '../sessions/session-queue.js';
import type { BatchLimit } from './limit.js';
import { inSavepoint, type BatchScope, type Transact } from './work.js';

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
  during<R>(work: (scope: BatchScope) => Promise<R>, limit: BatchLimit, intake: Intake): Promise<R>;
}

const SAVEPOINT = 'kbn_batch';

/**
 * A batch on a session that was checked out before.
 *
 * @param begin what makes one transaction of some work, where the session may be without one; else the batch is always
 *   a savepoint
 */
export function sessionPlace(
  runner: OperationRunner,
  context: CallContext,
  begin?: (queue: SessionQueue) => Transact,
): BatchPlace {
  return {
    context,
    during: async (work, limit, intake) => {
      const { signal } = limit;
      const queue = await borrowSession(runner, () => '', { signal });
      queue.onInterrupt = (reason) => {
        limit.interrupt(reason);
      };
      const unwatch = runner.watch?.({
        get waiting() {
          return !intake.waitsForRows;
        },
        get progress() {
          return intake.rows;
        },
        processId: queue.session.facts?.backendPid ?? 0,
        abandon: (reason) => {
          limit.interrupt(reason);
        },
        refusal: behindBatch,
      });
      try {
        return await work(scopeOn(queue, context, begin));
      } finally {
        unwatch?.();
        await queue.release();
      }
    },
  };
}

function scopeOn(
  queue: SessionQueue,
  context: CallContext,
  begin: ((queue: SessionQueue) => Transact) | undefined,
): BatchScope {
  const inTransaction = begin === undefined || queue.session.transactionStatus !== TransactionStatus.Idle;
  const inside =
    (signal: AbortSignal | undefined): Transact =>
    (work) =>
      inTransaction ? inSavepoint(queue, SAVEPOINT, signal, () => work(queue)) : begin(queue)(work);
  return {
    context,
    runner: queue,
    inTransaction,
    atomically: (work, signal) => inside(signal)(work),
    onSession: (work, signal) => work(inside(signal)),
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
