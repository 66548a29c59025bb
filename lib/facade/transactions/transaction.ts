import { startTimer } from '../../base/timers.js';
import { DatabaseError, TimeoutError, UsageError } from '../../errors/index.js';
import { TransactionStatus } from '../../addon/interface.js';
import { backoffDelay, type BackoffRule } from '../../pool/backoff.js';
import { Check } from '../../driver/operations/check.js';
import { sessionPlace, type BatchPlace } from '../batch/place.js';
import { runScript, type OperationRunner } from '../calls/call.js';
import type { CallContext } from '../calls/call-context.js';
import { Queryable } from '../queryable.js';
import type { SessionQueue } from '../sessions/session-queue.js';
import type { ReadingProgress } from '../sessions/stalled-reader.js';
import type { CallLimits } from '../calls/options.js';
import type { Operation } from '../../driver/session.js';

const ISOLATION = {
  'read uncommitted': 'READ UNCOMMITTED',
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const;

export interface TransactionOptions {
  /** Default: the server's default_transaction_isolation. */
  isolation?: keyof typeof ISOLATION | undefined;
  readOnly?: boolean | undefined;
  /** Only with `serializable` and `readOnly`: waits until it can run without the danger of being cancelled. */
  deferrable?: boolean | undefined;
  /** Aborting cancels what is going on, rolls back, and rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Handed on to whoever traces; see docs. */
  traceContext?: unknown;
  /** ms for the whole transaction, afterwards as for `signal`, with a TimeoutError. Default: none. */
  timeout?: number | undefined;
}

/** How often, and after what pauses, a transaction is run again that failed with 40001 or 40P01. */
export interface TransactionRetry {
  /** Attempts in all. Default 5. */
  maxAttempts?: number | undefined;
  /** ms before attempt 2, 3, …; `attempt` is the number of the attempt that has failed. Default: jittered, from 10 ms. */
  backoff?: ((attempt: number) => number) | undefined;
}

const RETRY_BACKOFF: BackoffRule = { first: 20, longest: 2_000 };
const DEFAULT_ATTEMPTS = 5;

/**
 * A transaction on one session. It ends by `commit`, by `rollback`, or by being disposed of, which rolls back; calls
 * after that are refused.
 */
export class Transaction extends Queryable {
  protected readonly runner: TransactionRunner;
  private savepoints = 0;
  private abandoned: Promise<void> | undefined;
  /** Rejects when the signal aborts or the time is up; never resolves. */
  private readonly interruption: Promise<never> | undefined;

  /** @param ownsSession whether the session is given back to the pool when the transaction ends */
  constructor(
    private readonly queue: SessionQueue,
    protected readonly context: CallContext,
    private readonly ownsSession: boolean,
    private readonly limit: TransactionLimit,
  ) {
    super();
    this.runner = new TransactionRunner(queue);
    this.interruption = limit.watch((reason) => {
      this.abandoned = this.abandon(reason);
    });
  }

  /** The server process of the transaction's session. */
  get backendPid(): number {
    return this.queue.session.facts?.backendPid ?? 0;
  }

  /**
   * Commits. Rejects with a DatabaseError where the server refuses (a deferred constraint), with a ConnectionError of
   * `outcome: 'unknown'` where the answer was lost, and with a UsageError (`KB_TRANSACTION_ROLLED_BACK`) where the
   * server rolled back instead because a statement had failed. In each case the transaction is over.
   */
  async commit(): Promise<void> {
    this.end();
    try {
      const [result] = await runScript(this.queue, 'COMMIT', undefined);
      // PostgreSQL manual, COMMIT: of a failed transaction the tag says ROLLBACK.
      if (result?.command === 'ROLLBACK') {
        throw new UsageError(
          'KB_TRANSACTION_ROLLED_BACK',
          'The transaction was rolled back instead of committed, because a statement in it had failed.',
          { hint: 'Do not go on after an error in a transaction, or put what may fail into a savepoint.' },
        );
      }
    } finally {
      await this.giveBack();
    }
  }

  /** Rolls back. A session that cannot even do that is closed. */
  async rollback(): Promise<void> {
    this.end();
    await this.undo();
  }

  private end(): void {
    this.runner.end();
    this.limit.unwatch();
  }

  /**
   * Runs `fn` inside a savepoint: when it throws, what it did is undone, the transaction can go on, and the error is
   * thrown on. May be nested.
   */
  async savepoint<R>(fn: (transaction: this) => Promise<R> | R): Promise<R> {
    const name = `kbn_savepoint_${++this.savepoints}`;
    await this.script(`SAVEPOINT ${name}`);
    try {
      const result = await fn(this);
      await this.script(`RELEASE SAVEPOINT ${name}`);
      return result;
    } catch (error) {
      if (!this.runner.ended) {
        // Where that fails too, the first error is the one that says why.
        const undo = `ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`;
        await this.script(undo).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Rolls back what has not been ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.abandoned !== undefined) await this.abandoned;
    else if (!this.runner.ended) await this.rollback();
  }

  /** @internal Runs work of several operations that has its own way of calling them. */
  work<R>(work: (runner: OperationRunner) => Promise<R>): Promise<R> {
    return work(this.runner);
  }

  protected batchPlace(): BatchPlace {
    return sessionPlace(this.runner, this.context);
  }

  /** @internal Resolves as the work does, unless the transaction is interrupted first. */
  orInterrupted<R>(work: Promise<R>): Promise<R> {
    return this.interruption === undefined ? work : Promise.race([work, this.interruption]);
  }

  /** Cancels what is going on, refuses what waits and what comes, and rolls back. */
  private async abandon(reason: unknown): Promise<void> {
    this.runner.end(reason);
    this.queue.interrupt(reason);
    await this.undo();
  }

  /** ROLLBACK is nobody's statement that could have a limit of its own, and the connection may be half-open. */
  private async undo(): Promise<void> {
    const { session } = this.queue;
    const answered = await new Promise<boolean>((resolve) => {
      this.queue.run(
        new Check('ROLLBACK', session.patience, (_session, alive) => {
          resolve(alive);
        }),
      );
    });
    if (!answered || session.transactionStatus !== TransactionStatus.Idle) this.queue.destroy();
    await this.giveBack();
  }

  private async giveBack(): Promise<void> {
    if (this.ownsSession) await this.queue.release();
  }
}

/** Lets operations through to the session until the transaction has ended. */
class TransactionRunner implements OperationRunner {
  ended = false;
  private reason: unknown;

  constructor(private readonly queue: SessionQueue) {}

  end(reason?: unknown): void {
    if (this.ended) throw (this.reason as Error | undefined) ?? transactionDone();
    this.ended = true;
    this.reason = reason;
  }

  run(operation: Operation): void {
    if (this.ended) operation.refuse(this.reason ?? transactionDone());
    else this.queue.run(operation);
  }

  withdraw(operation: Operation): boolean {
    return this.queue.withdraw(operation);
  }

  watch(progress: ReadingProgress): () => void {
    return this.queue.watch(progress);
  }
}

function transactionDone(): UsageError {
  return new UsageError('KB_TRANSACTION_DONE', 'The transaction has already been committed or rolled back.');
}

/** START TRANSACTION is the standard's word for it; KingbaseES in sqlserver mode is said to refuse a bare BEGIN. */
export function startText(options: TransactionOptions | undefined): string {
  const modes: string[] = [];
  if (options?.isolation !== undefined) {
    if (!Object.hasOwn(ISOLATION, options.isolation)) {
      throw new UsageError(
        'KB_BAD_OPTION',
        `The option "isolation" must be one of ${Object.keys(ISOLATION).join(', ')}.`,
      );
    }
    modes.push(`ISOLATION LEVEL ${ISOLATION[options.isolation]}`);
  }
  if (options?.readOnly !== undefined) modes.push(options.readOnly ? 'READ ONLY' : 'READ WRITE');
  if (options?.deferrable !== undefined) modes.push(options.deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE');
  return ['START TRANSACTION', modes.join(', ')].join(' ').trim();
}

/** Begins a transaction on a session that stays checked out when it ends. */
export async function beginOn(
  queue: SessionQueue,
  context: CallContext,
  options: TransactionOptions | undefined,
  limit: TransactionLimit,
): Promise<Transaction> {
  await runScript(queue, startText(options), limit.ofCall());
  return new Transaction(queue, context, false, limit);
}

/** Runs `fn` in a transaction: commits when it returns, rolls back when it throws, and tries again where asked to. */
export async function inTransaction<R>(
  context: CallContext,
  begin: () => Promise<Transaction>,
  fn: (transaction: Transaction) => Promise<R> | R,
  options: (TransactionOptions & { retry?: TransactionRetry }) | undefined,
): Promise<R> {
  const { retry, signal } = options ?? {};
  const attempts = retry === undefined ? 1 : (retry.maxAttempts ?? DEFAULT_ATTEMPTS);
  const backoff =
    retry?.backoff ?? ((attempt: number): number => backoffDelay(RETRY_BACKOFF, attempt - 1, Math.random()));
  for (let attempt = 1; ; attempt++) {
    try {
      return await context.telemetry.transaction(options?.traceContext, () => oneAttempt(begin, fn));
    } catch (error) {
      const again = error instanceof DatabaseError && error.retryable && attempt < attempts;
      if (!again || signal?.aborted === true) throw error;
      await pause(backoff(attempt), signal);
    }
  }
}

async function oneAttempt<R>(
  begin: () => Promise<Transaction>,
  fn: (transaction: Transaction) => Promise<R> | R,
): Promise<R> {
  const transaction = await begin();
  try {
    const result = await transaction.orInterrupted(Promise.resolve(fn(transaction)));
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction[Symbol.asyncDispose]();
    throw error;
  }
}

/** The signal and the time limit of a transaction with all its attempts, from when a connection is asked for. */
export class TransactionLimit {
  private readonly start = performance.now();
  private readonly signal: AbortSignal | undefined;
  private readonly timeout: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private onAbort: (() => void) | undefined;

  constructor(options: TransactionOptions | undefined) {
    this.signal = options?.signal;
    this.timeout = options?.timeout;
  }

  /** What a call that belongs to it may still take; throws when that is nothing. */
  ofCall(): CallLimits {
    const { signal, timeout } = this;
    if (timeout === undefined) return { signal };
    const left = this.left(timeout);
    if (left <= 0) throw transactionTimeout(timeout);
    return { signal, timeout: left };
  }

  private left(timeout: number): number {
    return Math.ceil(timeout - (performance.now() - this.start));
  }

  /**
   * Calls `interrupt` with the reason when the signal aborts or the time is up, and gives a promise that rejects with it.
   * Undefined where there is neither.
   */
  watch(interrupt: (reason: unknown) => void): Promise<never> | undefined {
    const { signal, timeout } = this;
    if (signal === undefined && timeout === undefined) return undefined;
    const promise = new Promise<never>((_resolve, reject) => {
      const fire = (reason: Error): void => {
        this.unwatch();
        interrupt(reason);
        reject(reason);
      };
      if (timeout !== undefined) {
        this.timer = startTimer(() => fire(transactionTimeout(timeout)), this.left(timeout));
      }
      // Nearly always an Error; whatever it is, it is the caller's and goes back as it came.
      this.onAbort = () => fire(signal?.reason as Error);
      signal?.addEventListener('abort', this.onAbort, { once: true });
      if (signal?.aborted === true) this.onAbort();
    });
    // Nobody looks at it where the transaction was begun by hand, or has ended before.
    promise.catch(() => undefined);
    return promise;
  }

  unwatch(): void {
    clearTimeout(this.timer);
    if (this.onAbort !== undefined) this.signal?.removeEventListener('abort', this.onAbort);
  }
}

function transactionTimeout(timeout: number): TimeoutError {
  return new TimeoutError(
    'transaction',
    timeout,
    `The transaction took longer than its limit of ${timeout} ms and was rolled back.`,
  );
}

function pause(delay: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delay);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
