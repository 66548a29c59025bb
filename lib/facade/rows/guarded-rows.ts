import { TransactionStatus } from '../../addon/interface.js';
import { deferred } from '../../base/deferred.js';
import { nothing } from '../../base/nothing.js';
import type { Column } from '../../types/column.js';
import type { Limit } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import { borrow, runOwn, turnOf } from '../sessions/borrow.js';
import type { Lease } from '../sessions/lease.js';
import type { RowChannel } from '../streams/data-channels.js';

/**
 * Rows on a checked-out session, which is theirs until the program has read them to the end, however few they are: what
 * waits for them is to wait for a large table and for a small one alike. Rows that have failed give it back at once.
 *
 * Inside a transaction block they stand behind a savepoint: who stops reading has the statement cancelled, which to the
 * server is an error, and the transaction is to go on all the same.
 */
export async function openGuardedRows<T>(
  runner: OperationRunner,
  limit: Limit,
  open: (lease: Lease) => Promise<RowChannel<T>>,
): Promise<RowChannel<T>> {
  let savepoint: string | undefined;
  const lease = await borrow(
    runner,
    ({ transactionStatus }, depth) => {
      if (transactionStatus !== TransactionStatus.InTransaction) return '';
      savepoint = `kbn_rows_${depth}`;
      return `SAVEPOINT ${savepoint}`;
    },
    limit,
  );
  const opening = open(lease);
  const guard = new Guard(lease, limit, opening, savepoint);
  try {
    return new GuardedRows(await opening, guard);
  } catch (error) {
    await guard.left;
    throw error;
  }
}

/** Gives the session back when the rows have been read or have failed, however they do and whether somebody reads or not. */
class Guard {
  /** What is to become of the transaction if the statement fails now. */
  stopped = false;
  /** The session was taken back under the reader. */
  interrupted = false;
  readonly left: Promise<void>;
  private readonly done = deferred();
  private holding = true;

  constructor(
    private readonly lease: Lease,
    private readonly limit: Limit,
    opening: Promise<RowChannel<unknown>>,
    private readonly savepoint: string | undefined,
  ) {
    lease.onEnd(() => {
      this.interrupted = lease.takenBack;
      this.holding = false;
      this.done.resolve();
    });
    this.left = this.wait(opening).then(() => this.leave());
  }

  /** The program has read all rows, or wants no more. */
  readAll(): Promise<void> {
    this.done.resolve();
    return this.left;
  }

  /** The server process of the session, which is held until the program has read all; 0 after that. */
  get processId(): number {
    return this.holding ? this.lease.processId : 0;
  }

  /** Why the session was taken back. */
  get reason(): unknown {
    return this.lease.refused;
  }

  private async wait(opening: Promise<RowChannel<unknown>>): Promise<void> {
    const channel = await opening.catch(nothing);
    await turnOf(this.lease);
    if (channel?.failed !== false) return;
    const unwatch = this.limit.watch(() => this.done.resolve());
    await this.done.promise;
    unwatch();
  }

  private async leave(): Promise<void> {
    const { lease, savepoint } = this;
    if (savepoint !== undefined) {
      const release = `RELEASE SAVEPOINT ${savepoint}`;
      await runOwn(
        lease,
        ({ transactionStatus }) => {
          if (transactionStatus === TransactionStatus.InTransaction) return release;
          // A statement that has failed by itself fails the transaction, as by query().
          const undo = transactionStatus === TransactionStatus.InError && this.stopped;
          return undo ? `ROLLBACK TO SAVEPOINT ${savepoint}; ${release}` : '';
        },
        undefined,
      ).catch(nothing);
    }
    await lease.release();
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

  get tag(): RowChannel<T>['tag'] {
    return this.rows.tag;
  }

  get failed(): boolean {
    return this.rows.failed;
  }

  get processId(): number {
    return this.guard.processId;
  }

  take(): T[] | undefined {
    return this.rows.take();
  }

  async read(): Promise<T[] | undefined> {
    const { rows, guard } = this;
    try {
      if (guard.interrupted) throw guard.reason;
      const batch = await rows.read();
      if (batch === undefined) await guard.readAll();
      return batch;
    } catch (error) {
      await guard.readAll();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.guard.stopped = true;
    await this.rows.close();
    await this.guard.readAll();
  }
}
