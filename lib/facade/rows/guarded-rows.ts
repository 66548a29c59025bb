import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { TransactionStatus } from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import type { Session } from '../../driver/session.js';
import { Check } from '../../driver/operations/check.js';
import { borrowSession, turnOf } from '../sessions/borrowed-session.js';
import type { OperationRunner } from '../calls/call.js';
import { openRows, type ChannelOptions, type RowChannel } from '../streams/data-channels.js';
import type { SessionQueue } from '../sessions/session-queue.js';

const SAVEPOINT = 'kbn_rows';

/**
 * Rows on a checked-out session. Inside a transaction block they stand behind a savepoint: who stops reading has the
 * statement cancelled, which to the server is an error, and the transaction is to go on all the same.
 */
export async function openGuardedRows<T>(
  runner: OperationRunner,
  request: ExecutionRequest,
  { signal, timeout }: ChannelOptions,
): Promise<RowChannel<T>> {
  let inside = false;
  const opening = (session: Session): string => {
    inside = session.transactionStatus === TransactionStatus.InTransaction;
    return inside ? `SAVEPOINT ${SAVEPOINT}` : '';
  };
  const start = performance.now();
  const queue = await borrowSession(runner, opening, { signal, timeout });
  const left = timeout === undefined ? undefined : Math.max(timeout - (performance.now() - start), 1);
  const opened = openRows<T>(queue, request, { signal, timeout: left });
  const guard = new Guard(queue, inside);
  try {
    return new GuardedRows(await opened, guard);
  } catch (error) {
    await guard.left;
    throw error;
  }
}

/** Gives the session back as soon as the rows have ended, however they do and whether somebody reads them or not. */
class Guard {
  /** What is to become of the transaction if the statement fails now. */
  stopped = false;
  readonly left: Promise<void>;

  constructor(
    readonly queue: SessionQueue,
    private readonly inside: boolean,
  ) {
    this.left = turnOf(queue).then((ended) => this.leave(ended));
  }

  private async leave(ended: boolean): Promise<void> {
    const { session } = this.queue;
    const failed = session.transactionStatus === TransactionStatus.InError;
    // A statement that has failed by itself fails the transaction, as by query().
    if (ended && this.inside && (!failed || this.stopped)) {
      const sql = `${failed ? `ROLLBACK TO SAVEPOINT ${SAVEPOINT}; ` : ''}RELEASE SAVEPOINT ${SAVEPOINT}`;
      await new Promise<void>((resolve) => {
        this.queue.run(new Check(sql, session.patience, () => resolve()));
      });
    }
    await this.queue.release();
  }
}

class GuardedRows<T> implements RowChannel<T> {
  readonly fields: readonly Column[];

  constructor(
    private readonly rows: RowChannel<T>,
    private readonly guard: Guard,
  ) {
    this.fields = rows.fields;
  }

  get processId(): number {
    return this.rows.processId;
  }

  take(): T[] | undefined {
    return this.rows.take();
  }

  async read(): Promise<T[] | undefined> {
    try {
      const batch = await this.rows.read();
      if (batch === undefined) await this.guard.left;
      return batch;
    } catch (error) {
      await this.guard.left;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.guard.stopped = true;
    await this.rows.close();
    await this.guard.left;
  }
}
