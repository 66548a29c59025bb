import { sessionPlace, type BatchPlace } from './batch/place.js';
import type { CallContext } from './calls/call-context.js';
import { Queryable } from './queryable.js';
import type { SessionQueue } from './sessions/session-queue.js';
import {
  beginOn,
  inTransaction,
  type Transaction,
  TransactionLimit,
  type TransactionOptions,
  type TransactionRetry,
} from './transactions/transaction.js';

/**
 * One session, checked out of the pool until it is released: for what depends on a session's state (SET, temporary
 * tables, advisory locks). Calls made while one is going on wait for their turn.
 */
export class Connection extends Queryable {
  constructor(
    protected readonly runner: SessionQueue,
    protected readonly context: CallContext,
  ) {
    super();
  }

  /** The server process of this session, as `pg_backend_pid()` gives it. */
  get backendPid(): number {
    return this.runner.session.facts?.backendPid ?? 0;
  }

  /** How the connection to the server is encrypted; undefined where it is not. */
  get tls(): { protocol: string; cipher: string } | undefined {
    const { facts } = this.runner.session;
    return facts?.tls === true ? { protocol: facts.tlsProtocol, cipher: facts.tlsCipher } : undefined;
  }

  /** What the server reported of itself at the login, by its names: `server_version`, `server_encoding`, `TimeZone`, … */
  get serverParameters(): Readonly<Record<string, string | undefined>> {
    return this.runner.session.facts?.parameters ?? {};
  }

  /** Begins a transaction on this session; the session stays checked out when it ends. */
  begin(options?: TransactionOptions): Promise<Transaction> {
    return beginOn(this.runner, this.context, options, new TransactionLimit(options));
  }

  /** Runs `fn` in a transaction on this session; see `Database.transaction`. */
  transaction<R>(
    fn: (transaction: Transaction) => Promise<R> | R,
    options?: TransactionOptions & { retry?: TransactionRetry },
  ): Promise<R> {
    const limit = new TransactionLimit(options);
    const begin = (): Promise<Transaction> => beginOn(this.runner, this.context, options, limit);
    return inTransaction(this.context, begin, fn, options);
  }

  protected batchPlace(): BatchPlace {
    const { runner, context } = this;
    return sessionPlace(runner, context, (queue) => (work) => {
      const begin = (): Promise<Transaction> =>
        beginOn(queue, context, undefined, new TransactionLimit(undefined));
      return inTransaction(context, begin, (transaction) => transaction.work(work), undefined);
    });
  }

  /** Gives the session back to the pool when what is going on has ended. Further calls are refused. */
  release(): Promise<void> {
    return this.runner.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}
