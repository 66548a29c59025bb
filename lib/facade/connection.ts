import { EventEmitter } from 'node:events';
import { inspect, type InspectOptions } from 'node:util';
import { TransactionStatus } from '../addon/interface.js';
import { tellSafely } from '../base/tell-safely.js';
import { UsageError, type KingbaseError } from '../errors/index.js';
import { sessionPlace, type BatchPlace } from './batch/place.js';
import type { CallContext } from './calls/call-context.js';
import { checkListener } from './calls/check-arguments.js';
import { checkOptions, checkTransactionOptions } from './calls/check-options.js';
import { Limit } from './calls/limit.js';
import { limitOfBeginning } from './calls/default-timeout.js';
import { checkoutTimedOut, transactionTimedOut } from './calls/timeouts.js';
import type { ChannelNotification } from './listen/subscription.js';
import { describe } from './describe.js';
import { CONNECTION_EVENTS_ELSEWHERE } from './events.js';
import { Queryable } from './queryable.js';
import { borrow } from './sessions/borrow.js';
import type { Lease } from './sessions/lease.js';
import { startText, type TransactionOptions, type TransactionRetry } from './transactions/options.js';
import { inTransaction } from './transactions/run.js';
import { Transaction } from './transactions/transaction.js';

export interface ConnectionEvents {
  /** A NOTIFY on a channel that this connection listens to by a LISTEN of its own. */
  notification: [notification: ChannelNotification];
  /** Takes no more calls: it was released (undefined), or its session was lost. Told once. */
  close: [error: KingbaseError | undefined];
}

const EVENTS: readonly (keyof ConnectionEvents)[] = ['notification', 'close'];

/**
 * One session, checked out of the pool until it is released: for what depends on a session's state (SET, temporary
 * tables, advisory locks). Calls made while one is going on wait for their turn. While a transaction of `begin` or
 * `transaction` is open its calls are made on the transaction; those on the connection are refused
 * (`KB_TRANSACTION_OPEN`).
 */
export class Connection extends Queryable {
  /** Made for the first listener: most sessions are checked out for a moment, and nobody listens. */
  private emitter: EventEmitter | undefined;
  private ended = false;

  private constructor(
    /** @internal */
    protected readonly runner: Lease,
    /** @internal */
    protected readonly context: CallContext,
  ) {
    super();
    runner.onNotification = (notification): void => this.tell('notification', notification);
    runner.onEnd((error) => {
      this.ended = true;
      this.tell('close', error);
    });
  }

  /** @internal */
  static create(runner: Lease, context: CallContext): Connection {
    return new Connection(runner, context);
  }

  /** The server process of this session, as `pg_backend_pid()` gives it. */
  get backendPid(): number {
    return this.runner.processId;
  }

  /** Of the server, as the events name it, such as `10.0.0.1:54321`. */
  get address(): string {
    return this.runner.address;
  }

  /** Whether it takes no more calls, because it was released or its session is gone. */
  get closed(): boolean {
    return this.ended || this.runner.released;
  }

  /** How the connection to the server is encrypted; undefined where it is not. */
  get tls(): { protocol: string; cipher: string } | undefined {
    const facts = this.runner.sessionFacts;
    return facts?.tls === true ? { protocol: facts.tlsProtocol, cipher: facts.tlsCipher } : undefined;
  }

  /** What the server reported of itself at the login, by its names: `server_version`, `server_encoding`, `TimeZone`, … */
  get serverParameters(): Readonly<Record<string, string | undefined>> {
    return this.runner.sessionFacts?.parameters ?? {};
  }

  /**
   * What the session's last command left: no transaction (`idle`), one that is `open`, or one that `failed` and has to be
   * rolled back. `unknown` while a command is under way, and once there is no session.
   */
  get transactionStatus(): 'idle' | 'open' | 'failed' | 'unknown' {
    switch (this.runner.transactionStatus) {
      case TransactionStatus.Idle:
        return 'idle';
      case TransactionStatus.InTransaction:
        return 'open';
      case TransactionStatus.InError:
        return 'failed';
      default:
        return 'unknown';
    }
  }

  on<E extends keyof ConnectionEvents>(event: E, listener: (...args: ConnectionEvents[E]) => void): this {
    checkListener(EVENTS, event, listener, CONNECTION_EVENTS_ELSEWHERE);
    this.emitter ??= new EventEmitter();
    this.emitter.on(event, listener as (...args: unknown[]) => void);
    return this;
  }

  off<E extends keyof ConnectionEvents>(event: E, listener: (...args: ConnectionEvents[E]) => void): this {
    checkListener(EVENTS, event, listener, CONNECTION_EVENTS_ELSEWHERE);
    this.emitter?.off(event, listener as (...args: unknown[]) => void);
    return this;
  }

  private tell<E extends keyof ConnectionEvents>(event: E, data: ConnectionEvents[E][0]): void {
    const { emitter } = this;
    if (emitter !== undefined) tellSafely(() => emitter.emit(event, data));
  }

  /**
   * Begins a transaction on this session; the session stays checked out when it ends. Rejects with a UsageError
   * (`KB_TRANSACTION_OPEN`) where one is open on it.
   */
  async begin(options?: TransactionOptions): Promise<Transaction> {
    checkTransactionOptions('begin', options);
    return this.beginWithin(options, Limit.of(options, transactionTimedOut));
  }

  /** Runs `fn` in a transaction on this session; see `begin` and `Database.transaction`. */
  async transaction<R>(
    fn: (transaction: Transaction) => Promise<R> | R,
    options?: TransactionOptions & { retry?: TransactionRetry },
  ): Promise<R> {
    checkTransactionOptions('transaction', options);
    const limit = Limit.of(options, transactionTimedOut);
    return inTransaction(this.context, () => this.beginWithin(options, limit), fn, options, limit);
  }

  private async beginWithin(
    options: (TransactionOptions & { retry?: TransactionRetry }) | undefined,
    limit: Limit | undefined,
  ): Promise<Transaction> {
    const { runner, context } = this;
    const beginning = limitOfBeginning(limit, options, context, checkoutTimedOut);
    const lease = await borrowForTransaction(runner, options, beginning, true);
    return Transaction.create(lease, context, limit);
  }

  /** @internal */
  protected batchPlace(): BatchPlace {
    const { runner, context } = this;
    return sessionPlace(runner, context, (lease, limit) => (work) => {
      const begin = async (): Promise<Transaction> =>
        Transaction.create(await borrowForTransaction(lease, undefined, limit, false), context, limit, false);
      return inTransaction(context, begin, (transaction) => transaction.work(work), undefined, undefined);
    });
  }

  /**
   * Gives the session back to the pool when what is going on has ended. Further calls are refused. A transaction that is
   * open is rolled back and takes no more calls (`KB_TRANSACTION_DONE`).
   *
   * @param options `discard`: the session is closed instead, for when its state is not to be trusted
   * @throws UsageError `KB_BAD_OPTION` for other options; the session is closed all the same
   */
  async release(options?: { discard?: boolean }): Promise<void> {
    try {
      checkOptions('release', options);
    } catch (error) {
      // Whoever lets go of a session, by whatever words, has nobody who would do so again.
      await this.runner.release(true);
      throw error;
    }
    return this.runner.release(options?.discard === true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** What a structured log may say of the connection. */
  toJSON(): object {
    return { backendPid: this.backendPid, closed: this.closed };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('Connection', this.toJSON(), depth, options);
  }
}

/** @param bars whether calls on the lender are refused while the transaction is open, instead of waiting for its end */
async function borrowForTransaction(
  lender: Lease,
  options: (TransactionOptions & { retry?: TransactionRetry }) | undefined,
  limit: Limit | undefined,
  bars: boolean,
): Promise<Lease> {
  const start = startText(options);
  // Refused at once where one is open, which bars the way.
  const borrowing = borrow(
    lender,
    ({ transactionStatus }) => {
      if (transactionStatus !== TransactionStatus.Idle) throw transactionOpen();
      return start;
    },
    limit,
  );
  if (!bars || lender.barred) return borrowing;
  // From now on, and not only from when the transaction has begun: what is asked next was not meant to be part of it.
  const unbar = lender.bar(transactionOpen);
  try {
    const lease = await borrowing;
    lease.onEnd(unbar);
    return lease;
  } catch (error) {
    unbar();
    throw error;
  }
}

function transactionOpen(): UsageError {
  return new UsageError('KB_TRANSACTION_OPEN', 'A transaction is open on this connection.', {
    hint: 'Make the call on the transaction. For a transaction inside of it, use its savepoint().',
  });
}
