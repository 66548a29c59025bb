import { inspect, type InspectOptions } from 'node:util';
import type { ReadRunner } from '../cluster/runner.js';
import { ReadSession } from '../cluster/read-session.js';
import { refine, type ReadTerms } from '../cluster/terms.js';
import { UsageError } from '../errors/index.js';
import type { BatchPlace } from './batch/place.js';
import { rejection, type OperationRunner } from './calls/call.js';
import type { CallContext } from './calls/call-context.js';
import { checkOptions, checkTransactionOptions } from './calls/check-options.js';
import { limitOfBeginning, withDefault } from './calls/default-timeout.js';
import { Limit } from './calls/limit.js';
import type { CallLimits } from './calls/options.js';
import { checkoutTimedOut, transactionTimedOut } from './calls/timeouts.js';
import { Connection } from './connection.js';
import { describe } from './describe.js';
import { Queryable } from './queryable.js';
import type { Lease } from './sessions/lease.js';
import { startText, type TransactionOptions, type TransactionRetry } from './transactions/options.js';
import { inTransaction } from './transactions/run.js';
import { Transaction } from './transactions/transaction.js';

/** Options of a transaction that only reads. */
export type ReadTransactionOptions = Omit<TransactionOptions, 'readOnly'>;

/** What the view needs of its database. */
export interface ReadOnlyHost {
  readonly context: CallContext;
  /** Where reads run; without terms where everything runs. */
  readonly runner: OperationRunner | ReadRunner;
  /** The same under other terms; the same runner where there is no cluster. */
  runnerFor(terms: ReadRunner['terms'] | undefined): OperationRunner | ReadRunner;
  checkOut(runner: OperationRunner, limit: Limit | undefined, opening: string, reset: string): Promise<Lease>;
}

const READ_ONLY = 'SET default_transaction_read_only TO on';
const AS_BEFORE = 'RESET default_transaction_read_only';

/**
 * Calls that only read. In a cluster they go to a standby that may serve them, else to the primary (`db.readOnly`); without
 * one they go where all calls go.
 *
 * What a read may show is said by `consistency`: for the database (`cluster.consistency`), for a view (`with`) or for a call.
 * What a call would write is refused by a standby (25006) and then run on the primary, so that it is no protection against
 * writing; `connect` and `transaction` are, on every server.
 */
export class ReadOnly extends Queryable {
  /** @internal */
  protected readonly runner: OperationRunner | ReadRunner;
  /** @internal */
  protected readonly context: CallContext;
  readonly #host: ReadOnlyHost;

  private constructor(host: ReadOnlyHost, runner: OperationRunner | ReadRunner) {
    super();
    this.#host = host;
    this.runner = runner;
    this.context = host.context;
  }

  /** @internal */
  static create(host: ReadOnlyHost): ReadOnly {
    return new ReadOnly(host, host.runner);
  }

  /** The same with other terms: `db.readOnly.with({ consistency: 'eventual' }).query(…)`. */
  with(terms: ReadTerms): ReadOnly {
    checkOptions('a read-only view', terms);
    const own = termsIn(this.runner);
    return new ReadOnly(this.#host, this.#host.runnerFor(own && refine(own, terms)));
  }

  /**
   * A view for reads that follow each other, of one user or one request: besides what `causal` promises, what one of them has
   * shown the next ones show, too, whichever servers they go to. It stays with one standby as long as that may serve it.
   */
  session(terms?: ReadTerms): ReadOnly {
    checkOptions('a read-only view', terms);
    const own = termsIn(this.runner);
    if (own === undefined) return new ReadOnly(this.#host, this.runner);
    const session = new ReadSession();
    return new ReadOnly(this.#host, this.#host.runnerFor({ ...refine(own, terms), session }));
  }

  /** Checks out one session that is read-only, and stays with its server. */
  async connect(options?: CallLimits): Promise<Connection> {
    checkOptions('connect', options);
    const limit = Limit.of(withDefault(options, this.context), checkoutTimedOut);
    return Connection.create(await this.#checkOut(limit, READ_ONLY, AS_BEFORE), this.context);
  }

  /** Begins a read-only transaction. Prefer `transaction`, which cannot forget to end it. */
  async begin(options?: ReadTransactionOptions): Promise<Transaction> {
    checkTransactionOptions('begin', options);
    return this.#begin(options, Limit.of(options, transactionTimedOut));
  }

  /** Runs `fn` in a read-only transaction; see `Database.transaction`. */
  async transaction<R>(
    fn: (transaction: Transaction) => Promise<R> | R,
    options?: ReadTransactionOptions & { retry?: Omit<TransactionRetry, 'resolve'> },
  ): Promise<R> {
    checkTransactionOptions('transaction', options);
    const limit = Limit.of(options, transactionTimedOut);
    return inTransaction(this.context, () => this.#begin(options, limit), fn, options, limit);
  }

  async #begin(options: ReadTransactionOptions | undefined, limit: Limit | undefined): Promise<Transaction> {
    const beginning = limitOfBeginning(limit, options, this.context, checkoutTimedOut);
    const { isolation, deferrable } = options ?? {};
    const lease = await this.#checkOut(beginning, startText({ isolation, deferrable, readOnly: true }), '');
    return Transaction.create(lease, this.context, limit);
  }

  async #checkOut(limit: Limit | undefined, opening: string, reset: string): Promise<Lease> {
    const lease = await this.#host.checkOut(this.runner, limit, opening, reset);
    const session = termsIn(this.runner)?.session;
    if (session !== undefined) {
      // What it shows until it is given back, the session has seen.
      session.begun(lease);
      lease.onEnd(() => session.ended(lease));
    }
    return lease;
  }

  /** @internal */
  protected batchPlace(): BatchPlace {
    throw readOnly('batchInsert()');
  }

  /** Refused (`KB_READ_ONLY`): several statements at a time may write. */
  override script(): Promise<never> {
    return rejection(readOnly('script()'));
  }

  /** Refused, as `script`. */
  override scriptRows(): Promise<never> {
    return rejection(readOnly('scriptRows()'));
  }

  /** Refused (`KB_READ_ONLY`). */
  override copyFrom(): never {
    throw readOnly('copyFrom()');
  }

  /** Refused (`KB_READ_ONLY`): large objects are read in a transaction, `transaction((tx) => tx.largeObjects()…)`. */
  override largeObjects(): never {
    throw readOnly('largeObjects()');
  }

  toJSON(): object {
    const { consistency, maxWait, maxLag } = termsIn(this.runner) ?? {};
    return { consistency, maxWait, maxLag };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('ReadOnly', this.toJSON(), depth, options);
  }
}

function termsIn(runner: OperationRunner | ReadRunner): ReadRunner['terms'] | undefined {
  return 'terms' in runner ? runner.terms : undefined;
}

function readOnly(call: string): UsageError {
  return new UsageError('KB_READ_ONLY', `${call} is not for reading.`, {
    hint: 'Call it on the database itself, which goes to the primary.',
  });
}
