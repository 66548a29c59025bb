import { inspect, type InspectOptions } from 'node:util';
import { RowMode, TransactionStatus } from '../../addon/interface.js';
import { Check } from '../../driver/operations/check.js';
import { ConnectionError, TimeoutError, UsageError, type LossOutcome } from '../../errors/index.js';
import { sessionPlace, type BatchPlace } from '../batch/place.js';
import type { CallContext } from '../calls/call-context.js';
import { badArgument, checkFunction } from '../calls/check-arguments.js';
import { checkOptions } from '../calls/check-options.js';
import { describe } from '../describe.js';
import { executeUntraced, runScript } from '../calls/call.js';
import { Limit, type Waiting } from '../calls/limit.js';
import type { OperationRunner } from '../calls/runner.js';
import { commitTimedOut } from '../calls/timeouts.js';
import { TypeMap } from '../../types/type-map.js';
import { Queryable } from '../queryable.js';
import type { Lease } from '../sessions/lease.js';
import { fateOf, NUMBER } from './fate.js';
import type { CommitOptions } from './options.js';
import { transactionDone, TransactionRunner } from './runner.js';

/**
 * A transaction on one session. It ends by `commit`, by `rollback`, or by being disposed of, which rolls back; calls
 * after that are refused (`KB_TRANSACTION_DONE`). The release of its connection ends it as well.
 */
export class Transaction extends Queryable {
  /** @internal */
  protected readonly runner: TransactionRunner;
  private abandoned: Promise<void> | undefined;
  private readonly unwatch?: (() => void) | undefined;
  /** Settles as `commit` or `rollback` does, where the program has called one of them. */
  private endedByProgram: Promise<void> | undefined;
  /** COMMIT has been sent, by the driver or perhaps by a statement, and not been refused: what the transaction did may stand. */
  private committed = false;
  /** The server's number of it, where that was asked for: when it began, or before its COMMIT. */
  private number: string | undefined;

  /**
   * @param lease of the transaction alone; given back when it ends
   * @param interrupts whether reaching the limit ends the transaction; else its calls have the limit each
   */
  private constructor(
    private readonly lease: Lease,
    /** @internal */
    protected readonly context: CallContext,
    private readonly limit: Limit | undefined,
    interrupts = true,
  ) {
    super();
    this.runner = new TransactionRunner(lease);
    this.number = numberOf(lease.answer);
    lease.onReturnWanted = (): void => {
      if (!this.runner.over) this.end();
      void lease.release();
    };
    lease.outside = (): unknown => (this.runner.over ? undefined : endedByStatement());
    if (!interrupts) return;
    this.unwatch = limit?.watch(() => {
      this.abandoned = this.abandon(limit.reason());
    });
  }

  /** @internal */
  static create(
    lease: Lease,
    context: CallContext,
    limit: Limit | undefined,
    interrupts = true,
  ): Transaction {
    return new Transaction(lease, context, limit, interrupts);
  }

  /** @internal */
  protected override get keepsServer(): boolean {
    return true;
  }

  /** The server process of the transaction's session. */
  get backendPid(): number {
    return this.lease.processId;
  }

  /**
   * Commits. Rejects with a DatabaseError where the server refuses (a deferred constraint), with a UsageError
   * (`KB_TRANSACTION_ROLLED_BACK`) where the server rolled back instead because a statement had failed, and with a
   * TimeoutError or ConnectionError of `outcome: 'unknown'` where no answer came: the server may have committed. In each
   * case the transaction is over.
   *
   * @param options `timeout` in ms and `signal`, within those of the transaction. Where neither has a time, it is the
   *   database's `timeout`, and without one the `pool.heartbeatTimeout` that was given to `open` (5 s); a commit that has to do more, by deferred constraints, needs
   *   a longer one. `resolve`: the server is asked what became of a COMMIT whose answer was lost, for up to 30 s; one that
   *   was undone rejects with a ConnectionError of `outcome: 'not-sent'`.
   */
  async commit(options?: CommitOptions): Promise<void> {
    checkOptions('commit', options);
    const limit = this.commitLimit(options);
    await this.endBy(() => this.commitWithin(limit, options));
  }

  private async commitWithin(limit: Limit | undefined, options: CommitOptions | undefined): Promise<void> {
    const resolves = options?.resolve ?? this.number !== undefined;
    try {
      await this.runCommit(limit, resolves);
    } catch (error) {
      const { number, backendPid } = this;
      if (!resolves || number === undefined || outcomeOf(error) !== 'unknown') throw error;
      const fate = await fateOf({ number, backendPid }, this.context.pool(), options?.signal);
      if (fate === 'unknown') throw error;
      this.committed = fate === 'committed';
      if (fate === 'aborted') throw undoneAtLoss(error);
    }
  }

  /** Undefined where the server gives none: on a standby, and in a transaction that has failed. */
  private async askForNumber(on: Lease, limit: Limit | undefined): Promise<string | undefined> {
    const request = { sql: NUMBER, parameters: [], rowMode: RowMode.Array, types: TYPES };
    const asked = executeUntraced(on, request, limit, (rows) => numberOf((rows?.[0] as unknown[])[0]));
    return asked.catch(() => undefined);
  }

  /** Rolls back. A session that cannot even do that is closed. */
  rollback(): Promise<void> {
    return this.endBy(() => this.undo());
  }

  private endBy(how: () => Promise<void>): Promise<void> {
    const ending = (async (): Promise<void> => {
      this.runner.check();
      await how();
    })();
    // A second call is refused, which says nothing of how the first ends.
    this.endedByProgram ??= ending;
    return ending;
  }

  /** Refuses further calls from the program. */
  private end(reason?: () => unknown): void {
    this.runner.end(reason);
    this.unwatch?.();
  }

  private async runCommit(limit: Limit | undefined, resolves: boolean): Promise<void> {
    const { lease } = this;
    const current = this.runner.current();
    this.end();
    lease.ending = true;
    try {
      if (resolves) this.number ??= await this.askForNumber(current, limit);
      this.committed = true;
      const [result] = await runScript(current, 'COMMIT', limit);
      // PostgreSQL manual, COMMIT: of a failed transaction the tag says ROLLBACK.
      if (result?.command === 'ROLLBACK') {
        throw new UsageError(
          'KB_TRANSACTION_ROLLED_BACK',
          'The transaction was rolled back instead of committed, because a statement in it had failed.',
          { hint: 'Do not go on after an error in a transaction, or put what may fail into a savepoint.' },
        );
      }
    } catch (error) {
      this.committed = outcomeOf(error) === 'unknown';
      throw error;
    } finally {
      lease.takeBack(transactionDone);
      // Where COMMIT was not even sent.
      if (lease.inTransaction) await this.rollBackAndRelease(lease);
      else await lease.release();
    }
  }

  private commitLimit(options: CommitOptions | undefined): Limit | undefined {
    const { lease, limit, context } = this;
    const usual = context.timeout ?? lease.patience;
    const timed = options?.timeout !== undefined || limit?.hasTime === true || usual === 0;
    const own = timed ? options : { ...options, timeout: usual };
    return own === undefined && limit === undefined
      ? undefined
      : new CommitLimit(own ?? {}, commitTimedOut, limit);
  }

  /**
   * Runs `fn` inside a savepoint: when it throws, what it did is undone, the transaction can go on, and the error is
   * thrown on. May be nested. The calls that `fn` makes on the transaction, at once or later, belong to the savepoint;
   * calls from elsewhere run after it.
   */
  savepoint<R>(fn: (transaction: this) => Promise<R> | R): Promise<R>;
  async savepoint<R>(fn: (transaction: this) => Promise<R> | R, ...others: readonly unknown[]): Promise<R> {
    checkFunction('savepoint()', fn, 'Write tx.savepoint(async () => { … }).');
    if (others.some((other) => other !== undefined)) {
      // A limit that nobody keeps would be worse than an error.
      throw badArgument('A savepoint takes a function and nothing else.', SAVEPOINT_LIMITS);
    }
    return this.runner.savepoint(() => fn(this));
  }

  /** What a structured log may say of the transaction. */
  toJSON(): object {
    return { backendPid: this.backendPid, ended: this.runner.over };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('Transaction', this.toJSON(), depth, options);
  }

  /** Rolls back what has not been ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.abandoned !== undefined) await this.abandoned;
    else if (!this.runner.over) await this.rollback();
  }

  /** @internal Commits, unless `fn` has ended the transaction itself: then as that has ended. */
  async complete(): Promise<void> {
    await (this.endedByProgram ?? this.commit());
  }

  /** @internal Whether it is certain that the server has undone, or will undo, what the transaction did. */
  get undone(): boolean {
    return !this.committed;
  }

  /** @internal Runs work of several operations that has its own way of calling them. */
  work<R>(work: (runner: OperationRunner) => Promise<R>): Promise<R> {
    return work(this.runner);
  }

  /** @internal */
  protected batchPlace(): BatchPlace {
    return sessionPlace(this.runner, this.context);
  }

  /** Cancels what is going on, refuses what waits and what comes, and rolls back. */
  private async abandon(reason: unknown): Promise<void> {
    if (!this.runner.over) this.end(() => reason);
    this.lease.ending = true;
    this.lease.interrupt(reason);
    await this.rollBackAndRelease(this.lease);
  }

  private async undo(): Promise<void> {
    const current = this.runner.current();
    // A savepoint elsewhere may go on for as long as it likes; what it does is undone as well.
    if (current === this.lease && this.runner.hasSavepoints) this.lease.interrupt(transactionDone());
    this.end();
    await this.rollBackAndRelease(current);
  }

  /** No caller's timeout covers this ROLLBACK, and the connection may be half-open: `Check` bounds it. */
  private async rollBackAndRelease(on: Lease): Promise<void> {
    const { lease } = this;
    lease.ending = true;
    // A statement of the program has ended it, perhaps by a COMMIT.
    if (lease.free && lease.transactionStatus === TransactionStatus.Idle) this.committed = true;
    const answered = await new Promise<boolean>((resolve) => {
      on.run(new Check('ROLLBACK', lease.patience, (_session, alive) => resolve(alive)));
    });
    lease.takeBack(transactionDone);
    if (!answered || lease.transactionStatus !== TransactionStatus.Idle) lease.destroy();
    await lease.release();
  }
}

/** A commit whose answer did not come rejects with that, and not with the reason of a signal that has aborted meanwhile. */
class CommitLimit extends Limit {
  override reason(cause?: unknown, waiting?: Waiting): unknown {
    const reason = super.reason(cause, waiting);
    // Whose time it was that is up, the commit's or the transaction's, makes no difference.
    if (reason instanceof TimeoutError) return commitTimedOut(reason.timeout, cause, waiting);
    return outcomeOf(cause) === 'unknown' ? cause : reason;
  }
}

function endedByStatement(): UsageError {
  return new UsageError(
    'KB_TRANSACTION_DONE',
    'A statement of the program has ended the transaction: what is called on it now would be outside of it.',
    {
      hint: 'Leave COMMIT and ROLLBACK to commit(), rollback() and the end of the function. A script with a BEGIN of its own is run on a connection.',
    },
  );
}

/** How the answer to the question for the number is read. */
const TYPES = new TypeMap();

function numberOf(answer: unknown): string | undefined {
  return typeof answer === 'bigint' ? answer.toString() : undefined;
}

/** For a COMMIT whose answer was lost, and of which the server has said that it was undone. */
function undoneAtLoss(cause: unknown): ConnectionError {
  const { address } = cause as { address?: string };
  return new ConnectionError(
    'KB_CONNECTION_LOST',
    'The connection was lost at COMMIT, and the server says that the transaction was undone.',
    { outcome: 'not-sent', address, cause, hint: 'Run the transaction again from its start.' },
  );
}

function outcomeOf(error: unknown): LossOutcome | undefined {
  return error instanceof ConnectionError || error instanceof TimeoutError ? error.outcome : undefined;
}

const SAVEPOINT_LIMITS = 'Its calls take options, and the transaction has a time limit for all of them.';
