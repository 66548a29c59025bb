import { AsyncLocalStorage } from 'node:async_hooks';
import type { Operation } from '../../driver/session.js';
import { UsageError } from '../../errors/index.js';
import type { Waiting } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import type { Lease } from '../sessions/lease.js';
import type { ReadingProgress } from '../sessions/stalled-reader.js';
import { inSavepoint } from './savepoint.js';

/** A savepoint that is open. */
interface Frame {
  readonly lease: Lease;
  /** What the savepoint lies in; perhaps one of another transaction. */
  readonly around: Frame | undefined;
}

/** In which savepoint a call is made; a program may make it on the transaction, wherever it has that from. */
const frames = new AsyncLocalStorage<Frame>();

/** ms that a call from outside of a savepoint waits while nothing happens in the savepoint. */
const PATIENCE_WITH_SAVEPOINT = 10_000;

/** Lets operations through to the session, each in the savepoint that it belongs to, until the transaction has ended. */
export class TransactionRunner implements OperationRunner {
  over = false;
  private reason: () => unknown = transactionDone;
  private readonly savepoints = new Set<Frame>();

  constructor(private readonly lease: Lease) {}

  get hasSavepoints(): boolean {
    return this.savepoints.size > 0;
  }

  /** Throws what calls are refused with. */
  check(): void {
    if (this.over) throw this.reason();
  }

  end(reason: () => unknown = transactionDone): void {
    this.over = true;
    this.reason = reason;
  }

  /** Where a call of here and now runs. */
  current(): Lease {
    if (this.savepoints.size === 0) return this.lease;
    for (let frame = frames.getStore(); frame !== undefined; frame = frame.around) {
      if (this.savepoints.has(frame)) return frame.lease;
    }
    return this.lease;
  }

  run(operation: Operation): void {
    if (this.over) operation.refuse(this.reason());
    else this.current().run(operation);
  }

  withdraw(operation: Operation): boolean {
    // The signal that asks for it may abort anywhere.
    return (
      this.lease.withdraw(operation) || [...this.savepoints].some(({ lease }) => lease.withdraw(operation))
    );
  }

  whyWaiting(): Waiting {
    return this.lease.whyWaiting();
  }

  watch(progress: ReadingProgress): () => void {
    return this.current().watch(progress);
  }

  onEnd(told: () => void): () => void {
    return this.lease.onEnd(told);
  }

  async savepoint<R>(work: () => Promise<R> | R): Promise<R> {
    this.check();
    const around = this.current();
    const result = await inSavepoint(this, undefined, async (lease) => {
      const frame: Frame = { lease, around: frames.getStore() };
      this.savepoints.add(frame);
      const unwatch = around.watch(progressOf(lease));
      try {
        return await frames.run(frame, work);
      } finally {
        unwatch();
        this.savepoints.delete(frame);
      }
    });
    // The transaction may have been interrupted, or be ended by the work itself, which is no error.
    if (this.over && this.reason !== transactionDone) this.check();
    return result;
  }
}

/** How far the work in a savepoint has come, for calls that wait for its end. */
function progressOf(lease: Lease): ReadingProgress {
  return {
    get waiting() {
      return !lease.free;
    },
    get progress() {
      return lease.begun;
    },
    processId: lease.processId,
    patience: PATIENCE_WITH_SAVEPOINT,
    refusal: () =>
      new UsageError(
        'KB_SAVEPOINT_OPEN',
        `The call has waited for the end of a savepoint, in which nothing has happened for ${PATIENCE_WITH_SAVEPOINT} ms.`,
        {
          hint:
            'The function of savepoint() must not wait for a call that is made outside of it. A call that is made inside ' +
            'is known by its asynchronous context, which a queue of callbacks can lose: see AsyncResource.bind().',
        },
      ),
  };
}

/** For calls on a transaction that has ended. */
export function transactionDone(): UsageError {
  return new UsageError('KB_TRANSACTION_DONE', 'The transaction has already been committed or rolled back.');
}
