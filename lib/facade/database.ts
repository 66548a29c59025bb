import { EventEmitter } from 'node:events';
import { inspect, type InspectOptions } from 'node:util';
import { tellSafely } from '../base/tell-safely.js';
import { loadClientLibrary, type LoadedLibrary } from '../client-library/index.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedConfig } from '../config/index.js';
import { openSession } from '../driver/connect.js';
import { SharedChanges } from '../driver/changes.js';
import type { SetUp } from '../driver/set-up.js';
import { NoticeInterest } from '../driver/notice-interest.js';
import { loadCore } from '../driver/core.js';
import type { ClientLibraryFlavour, ClientLibraryCapabilities } from '../addon/client-library.js';
import type { Session, SessionEvents } from '../driver/session.js';
import type { LibraryAttempt } from '../errors/index.js';
import type { MetricsMeter, MetricsOptions } from '../observability/metrics.js';
import { Telemetry, type ConnectEntry, type LogEntry } from '../observability/telemetry.js';
import { wantsWritable } from '../pool/eviction.js';
import type { PoolStats } from '../pool/stats.js';
import { SessionPool } from '../pool/session-pool.js';
import { PlaceholderCache } from '../sql/placeholder-cache.js';
import { TypeCatalogue } from '../types/type-catalogue.js';
import { TypeMaps } from '../types/type-maps.js';
import type { BatchPlace } from './batch/place.js';
import type { BatchScope } from './batch/work.js';
import { rejection, type OperationRunner } from './calls/call.js';
import { Limit } from './calls/limit.js';
import { checkoutTimedOut, transactionTimedOut } from './calls/timeouts.js';
import { checkOptions, checkTransactionOptions } from './calls/check-options.js';
import { limitOfBeginning, withDefault } from './calls/default-timeout.js';
import { needsSession, needsTransaction } from './calls/pooler.js';
import { Connection } from './connection.js';
import { describe } from './describe.js';
import { noticeOf, type DatabaseEvents } from './events.js';
import {
  NO_LEAK_WATCH,
  takenHere,
  watchForLeak,
  watchStreamsForLeak,
  type Leak,
  type LeakWatch,
} from './sessions/leak.js';
import { Listener } from './listen/listener.js';
import { recordMetrics, type MetricsRecording } from './metrics-recording.js';
import type { NotificationHandler, Subscription } from './listen/subscription.js';
import type { CallContext } from './calls/call-context.js';
import { Queryable } from './queryable.js';
import { readServerInfo, type ServerInfo } from './server-info.js';
import { resetText } from '../driver/operations/reset.js';
import { borrow, checkOut } from './sessions/borrow.js';
import { setUpSession, type OnConnect } from './sessions/on-connect.js';
import { Lease } from './sessions/lease.js';
import { startText, type TransactionOptions, type TransactionRetry } from './transactions/options.js';
import { inTransaction } from './transactions/run.js';
import { Transaction } from './transactions/transaction.js';
import type { CallLimits } from './calls/options.js';

/** Which client library serves a database. */
export interface ClientLibraryInfo {
  path: string;
  /** `kci`: libkci; `kingbase-pq`: Kingbase's library under libpq's names; `libpq`: PostgreSQL's own. */
  flavour: ClientLibraryFlavour;
  /** As the library gives it (120001 = 12.1), 0 where it does not. */
  version: number;
  capabilities: ClientLibraryCapabilities;
  /** What led to it, and why it was chosen. */
  source: string;
  reason: string;
  /** What was tried before it. */
  attempts: readonly LibraryAttempt[];
}

/** A database, and the pool of connections to it. Safe to use from any number of places at once. */
export class Database extends Queryable {
  /** @internal */
  protected readonly runner: SessionPool;
  /** @internal */
  protected readonly context: CallContext;
  private readonly config: ResolvedConfig;
  private readonly catalogue = new TypeCatalogue();
  private readonly emitter = new EventEmitter<DatabaseEvents>();
  private library: LoadedLibrary | undefined;
  private warnedOfOpen = false;
  private recording: MetricsRecording | undefined;
  private readonly listener: Listener;

  private constructor(config: ResolvedConfig) {
    super();
    this.config = config;
    // Checked now, so that a misspelled option shows at open() and not at the first query.
    const typeMaps = new TypeMaps(config.types, this.catalogue);
    const [host] = config.hosts;
    const telemetry = new Telemetry({
      database: config.database,
      user: config.user,
      address: host?.host ?? '',
      port: host?.port ?? 0,
      log: config.log,
      traceParameters: config.traceParameters,
    });
    this.context = {
      typeMapOf: typeMaps.of,
      catalogue: this.catalogue,
      telemetry,
      placeholders: new PlaceholderCache(),
      pool: () => this.runner,
      timeout: config.timeout > 0 ? config.timeout : undefined,
      pooler: config.pooler,
      readsRowByRow: () => this.loadLibrary().library.capabilities.singleRowMode,
      leakWatch: this.leakWatch,
    };
    this.runner = new SessionPool(
      config.pool,
      wantsWritable(config.libraryKeywords['target_session_attrs']),
      (signal) => telemetry.connect(() => this.openSession(signal)),
      {
        opened: (session) => {
          if (!this.isWatched('connect')) return;
          const event = identityOf(session);
          this.tell('connect', event, { event: 'connect', ...event, ...loginOf(session, config) });
        },
        closed: (session, reason, error) => {
          if (!this.isWatched('disconnect')) return;
          const event = { ...identityOf(session), reason };
          this.tell('disconnect', { ...event, error }, { event: 'disconnect', ...event });
        },
        unreachable: (error, attempt, retryIn) => {
          const message = error instanceof Error ? error.message : String(error);
          const entry = { event: 'unreachable', message, attempt, retryIn } as const;
          this.tell('unreachable', { error, attempt, retryIn }, entry);
        },
        leftOpen: () => {
          if (!this.warnedOfOpen) process.emitWarning(...LEFT_OPEN);
          this.warnedOfOpen = true;
        },
      },
    );
    this.listener = new Listener({
      open: () => this.openSession(),
      heartbeatInterval: () => this.runner.poolOptions.heartbeatInterval,
      heartbeatTimeout: () => this.runner.poolOptions.heartbeatTimeout,
      heartbeatSql: () => this.runner.poolOptions.heartbeatSql,
    });
  }

  /** @internal */
  static create(config: ResolvedConfig): Database {
    return new Database(config);
  }

  on<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): this {
    (this.emitter as EventEmitter).on(event, listener as (...args: unknown[]) => void);
    this.noticeInterest.set(this.emitter.listenerCount('notice') > 0);
    return this;
  }

  off<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): this {
    (this.emitter as EventEmitter).off(event, listener as (...args: unknown[]) => void);
    this.noticeInterest.set(this.emitter.listenerCount('notice') > 0);
    return this;
  }

  /** Makes sure that the server answers. */
  async ping(options?: CallLimits): Promise<void> {
    checkOptions('ping', options);
    await this.script('SELECT 1', options);
  }

  /** Checks out one session; disposing of it, or `release()`, gives it back. */
  async connect(options?: CallLimits): Promise<Connection> {
    checkOptions('connect', options);
    needsTransaction(this.context, 'connect()');
    const limit = Limit.of(withDefault(options, this.context), checkoutTimedOut);
    return Connection.create(await this.checkOut(limit), this.context);
  }

  /** Begins a transaction on a session of its own. Prefer `transaction`, which cannot forget to end it. */
  async begin(options?: TransactionOptions): Promise<Transaction> {
    checkTransactionOptions('begin', options);
    needsTransaction(this.context, 'A transaction');
    return this.beginWithin(options, Limit.of(options, transactionTimedOut));
  }

  private async beginWithin(
    options: (TransactionOptions & { retry?: TransactionRetry }) | undefined,
    limit: Limit | undefined,
  ): Promise<Transaction> {
    const beginning = limitOfBeginning(limit, options, this.context, checkoutTimedOut);
    const lease = await this.checkOut(beginning, startText(options));
    return Transaction.create(lease, this.context, limit);
  }

  /**
   * Runs `fn` in a transaction: commits when it returns and gives its result, rolls back when it throws. `fn` may end the
   * transaction itself. With `retry` a transaction that failed with a serialization failure or a deadlock (40001, 40P01),
   * or whose connection was lost before its COMMIT was sent, is run again from its start, so `fn` must not have effects
   * outside of it.
   */
  async transaction<R>(
    fn: (transaction: Transaction) => Promise<R> | R,
    options?: TransactionOptions & { retry?: TransactionRetry },
  ): Promise<R> {
    checkTransactionOptions('transaction', options);
    needsTransaction(this.context, 'A transaction');
    const limit = Limit.of(options, transactionTimedOut);
    return inTransaction(this.context, () => this.beginWithin(options, limit), fn, options, limit);
  }

  /**
   * Calls `handler` for each NOTIFY on the channel, until the subscription is closed. Uses one connection besides the
   * pool, which is made again when it is lost: the subscription's `gap` event then says that notifications may have been
   * missed. A program that listens does not end by itself.
   *
   * @param options for how long to wait until the server listens: `signal` and `timeout` (ms)
   */
  async listen(channel: string, handler: NotificationHandler, options?: CallLimits): Promise<Subscription> {
    checkOptions('listen', options);
    needsSession(this.context, 'LISTEN');
    return this.listener.listen(channel, handler, withDefault(options, this.context));
  }

  /** What the server says of itself. */
  serverInfo(): Promise<ServerInfo> {
    return readServerInfo(this);
  }

  /**
   * Which client library is used. Loads it if no connection has been made yet; throws a ClientLibraryError where
   * there is none.
   */
  clientLibrary(): ClientLibraryInfo {
    const { library, source, reason, attempts } = this.loadLibrary();
    const { path, flavour, version, capabilities } = library;
    return { path, flavour, version, capabilities: { ...capabilities }, source, reason, attempts };
  }

  stats(): PoolStats {
    return this.runner.stats();
  }

  /**
   * Records metrics by OpenTelemetry's semantic conventions for database clients, until it is stopped or the database has
   * been closed. Throws a UsageError (`KB_BAD_OPTION`) where they are recorded already.
   *
   * @param meter of `@opentelemetry/api`, 1.x
   */
  recordMetrics(meter: MetricsMeter, options?: MetricsOptions): MetricsRecording {
    const { telemetry } = this.context;
    this.recording = recordMetrics(this.runner, telemetry, this.config, meter, options);
    return this.recording;
  }

  /** Changes options of the pool in use; those not named stay. Throws a UsageError (`KB_BAD_OPTION`). */
  configurePool(options: PoolOptions): void {
    this.runner.configure(resolvePoolOptions(options, this.runner.poolOptions));
  }

  /**
   * Refuses new calls, waits for those made before, and closes all connections. With `timeout` (ms) what is still going
   * on then is cancelled, and what still waits is refused.
   */
  async close(options?: { timeout?: number }): Promise<void> {
    checkOptions('close', options);
    this.listener.close();
    await this.runner.close(options?.timeout ?? 0);
    this.recording?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a structured log may say of the database: where it is and how its pool stands, no secrets. */
  toJSON(): object {
    const { database } = this.config;
    const hosts = this.config.hosts.map(({ host, port }) => `${host}:${port}`);
    const { maxOpenConnections, inUse, idle } = this.stats();
    return { database, hosts, maxOpenConnections, inUse, idle };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return describe('Database', this.toJSON(), depth, options);
  }

  /** @internal */
  protected batchPlace(): BatchPlace {
    const { runner, context } = this;
    const transact = async <R>(
      begin: () => Promise<Lease>,
      work: (runner: OperationRunner) => Promise<R>,
      limit: Limit | undefined,
    ): Promise<R> => {
      const beginBatch = async (): Promise<Transaction> =>
        Transaction.create(await begin(), context, limit, false);
      needsTransaction(context, 'A batch of more than one statement');
      return inTransaction(
        context,
        beginBatch,
        (transaction) => transaction.work(work),
        undefined,
        undefined,
      );
    };
    const scope: BatchScope = {
      context,
      runner,
      inTransaction: false,
      atomically: (work, limit) => transact(() => this.checkOut(limit, startText(undefined)), work, limit),
      onSession: async (work, limit) => {
        const lease = await this.checkOut(limit);
        try {
          return await work((each) =>
            transact(() => borrow(lease, () => startText(undefined), limit), each, limit),
          );
        } finally {
          await lease.release();
        }
      },
    };
    return { context, during: (work) => work(scope) };
  }

  private readonly leakWatch = (): LeakWatch => {
    const { leakTimeout } = this.runner.poolOptions;
    return leakTimeout > 0 ? watchStreamsForLeak(leakTimeout, takenHere(), this.onLeak) : NO_LEAK_WATCH;
  };

  private readonly onLeak = (event: Leak): void => {
    this.tell('leak', event, { event: 'leak', ...event });
    if (this.emitter.listenerCount('leak') > 0) return;
    process.emitWarning(`A database connection has been held for ${event.heldFor} ms.\n${event.stack}`);
  };

  private checkOut(limit: Limit | undefined, opening = ''): Promise<Lease> {
    const { leakTimeout, resetOnRelease } = this.runner.poolOptions;
    const reset = this.config.pooler === undefined ? resetText(resetOnRelease) : '';
    const take = (session: Session, answer: unknown): Lease => new Lease(session, this.runner, reset, answer);
    const taken = leakTimeout > 0 ? takenHere() : undefined;
    const checkedOut = this.context.telemetry.acquire(() => checkOut(this.runner, take, opening, limit));
    if (taken === undefined) return checkedOut;
    return checkedOut.then((lease) => {
      watchForLeak(lease, leakTimeout, taken, this.onLeak);
      return lease;
    });
  }

  private isWatched(event: 'connect' | 'disconnect'): boolean {
    return this.config.log !== undefined || this.emitter.listenerCount(event) > 0;
  }

  private tell<E extends keyof DatabaseEvents>(event: E, data: DatabaseEvents[E][0], entry?: LogEntry): void {
    if (entry !== undefined) this.context.telemetry.log(entry);
    tellSafely(() => (this.emitter as EventEmitter).emit(event, data));
  }

  private loadLibrary(): LoadedLibrary {
    const { addon } = loadCore();
    this.library ??= loadClientLibrary(
      (path, options) => addon.openLibrary(path, options),
      this.config.clientLibrary,
    );
    return this.library;
  }

  private get setUp(): SetUp | undefined {
    const onConnect = this.config.onConnect as OnConnect | undefined;
    return onConnect && ((session) => setUpSession(session, this.context, onConnect));
  }

  private async openSession(signal?: AbortSignal): Promise<Session> {
    try {
      return await this.openUnaudited(signal);
    } catch (error) {
      this.context.telemetry.refused(error);
      throw error;
    }
  }

  private openUnaudited(signal: AbortSignal | undefined): Promise<Session> {
    try {
      const options = { signal, setUp: this.setUp };
      return openSession(loadCore(), this.loadLibrary(), this.config, this.sessionEvents, options);
    } catch (error) {
      return rejection(error);
    }
  }

  private readonly noticeInterest = new NoticeInterest();

  private readonly sessionEvents: SessionEvents = {
    noticeInterest: this.noticeInterest,
    changes: new SharedChanges(),
    notice: (session, fields) => {
      // A statement can raise thousands of them.
      if (this.emitter.listenerCount('notice') === 0) return;
      this.tell('notice', noticeOf(fields, identityOf(session).processId));
    },
    notification: (session, channel, payload, processId) => {
      session.owner?.notification?.({ channel, payload, processId });
    },
    serverError: (session, sqlState) => {
      this.runner.serverError(session, sqlState);
    },
  };
}

const LEFT_OPEN = [
  'A call on the database has begun a transaction and not ended it, so it was rolled back: the next call may run on another ' +
    'connection. Use db.transaction() or db.begin(), or a connection of db.connect().',
  { code: 'KINGBASE_TRANSACTION_LEFT_OPEN' },
] as const;

/** What an audit asks of a login. */
function loginOf(
  { facts }: Session,
  { user, database }: ResolvedConfig,
): Pick<ConnectEntry, 'user' | 'database' | 'tls'> {
  const tls = facts?.tls === true ? { protocol: facts.tlsProtocol, cipher: facts.tlsCipher } : undefined;
  return { user, database, ...(tls === undefined ? {} : { tls }) };
}

function identityOf(session: Session): { processId: number; address: string } {
  return { processId: session.facts?.backendPid ?? 0, address: session.address };
}
