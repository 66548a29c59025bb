// Longer than other files: the public class with its documentation; what its calls do stands elsewhere.
import { isError } from '../base/is-error.js';
import { itWas } from '../base/kind-of.js';
import type { GivingUp } from '../base/given-up.js';
import { inspect, type InspectOptions } from 'node:util';
import { Cluster, type ClusterHost, type ClusterTopology } from '../cluster/cluster.js';
import { asOf } from '../cluster/question.js';
import { loadClientLibraryOnce, type LoadedLibrary } from '../client-library/index.js';
import {
  resolvePoolOptions,
  type PoolOptions,
  type ResolvedConfig,
  type ResolvedPoolOptions,
} from '../config/index.js';
import { openSession, type OpenOptions } from '../driver/connect.js';
import { SharedChanges } from '../driver/changes.js';
import type { SetUp } from '../driver/set-up.js';
import { loadCore } from '../driver/core.js';
import type { ClientLibraryFlavour, ClientLibraryCapabilities } from '../addon/client-library.js';
import type { Session, SessionEvents } from '../driver/session.js';
import type { LibraryAttempt } from '../errors/index.js';
import type { MetricsMeter, MetricsOptions } from '../observability/metrics.js';
import { Telemetry } from '../observability/telemetry.js';
import { wantsWritable } from '../pool/eviction.js';
import type { OpenSession } from '../pool/engine.js';
import { sumOf, type PoolStats } from '../pool/stats.js';
import type { PoolRole } from '../pool/role.js';
import { SessionPool, type PoolEvents } from '../pool/session-pool.js';
import { PlaceholderCache } from '../sql/placeholder-cache.js';
import { TypeCatalogue } from '../types/type-catalogue.js';
import { TypeMaps } from '../types/type-maps.js';
import type { BatchPlace } from './batch/place.js';
import type { BatchScope } from './batch/work.js';
import { rejection, startOperation, type OperationRunner } from './calls/call.js';
import { Limit } from './calls/limit.js';
import { checkoutTimedOut, positionTimedOut, transactionTimedOut } from './calls/timeouts.js';
import { badArgument, checkFunction, checkListener } from './calls/check-arguments.js';
import { checkOptions, checkTransactionOptions } from './calls/check-options.js';
import { limitOfBeginning, withDefault } from './calls/default-timeout.js';
import { needsSession, needsTransaction } from './calls/pooler.js';
import { Connection } from './connection.js';
import { describe } from './describe.js';
import { disconnect } from './disconnect.js';
import { DATABASE_EVENTS, EVENTS_ELSEWHERE, type DatabaseEvents } from './events.js';
import {
  NO_LEAK_WATCH,
  takenHere,
  watchForLeak,
  watchStreamsForLeak,
  type LeakWatch,
} from './sessions/leak.js';
import { Listener } from './listen/listener.js';
import { recordMetrics, type MetricsRecording } from './metrics-recording.js';
import type { NotificationHandler, Subscription } from './listen/subscription.js';
import type { CallContext } from './calls/call-context.js';
import { Queryable } from './queryable.js';
import { ReadOnly } from './read-only.js';
import { Reports } from './reports.js';
import { readServerInfo, type ServerInfo } from './server-info.js';
import { resetText } from '../driver/operations/reset.js';
import { borrow, checkOut, NOBODY } from './sessions/borrow.js';
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
  protected readonly runner: OperationRunner;
  /** @internal */
  protected readonly context: CallContext;
  private readonly config: ResolvedConfig;
  private readonly catalogue = new TypeCatalogue();
  private readonly reports: Reports;
  private library: LoadedLibrary | undefined;
  private recording: MetricsRecording | undefined;
  private readonly listener: Listener;
  private readonly cluster: Cluster | undefined;
  private readonly pool: SessionPool;
  private poolOptions: ResolvedPoolOptions;
  private view: ReadOnly | undefined;
  private commonEvents: SessionEvents | undefined;

  private constructor(config: ResolvedConfig) {
    super();
    this.config = config;
    this.poolOptions = config.pool;
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
    this.reports = new Reports(config, telemetry);
    this.context = {
      typeMapOf: typeMaps.of,
      catalogue: this.catalogue,
      telemetry,
      placeholders: new PlaceholderCache(),
      pool: () => this.pool,
      timeout: config.timeout > 0 ? config.timeout : undefined,
      pooler: config.pooler,
      readsRowByRow: () => this.loadLibrary().library.capabilities.singleRowMode,
      leakWatch: this.leakWatch,
    };
    this.cluster = config.cluster && new Cluster(config.hosts, config.cluster, this.clusterHost());
    this.pool =
      this.cluster?.writer ??
      this.makePool(
        (signal) => this.openSession(config, this.sessionEvents, signal),
        this.reports.ofPools,
        wantsWritable(config.libraryKeywords['target_session_attrs']),
      );
    this.runner = this.cluster?.automatic ?? this.pool;
    this.listener = new Listener({
      open: () =>
        this.cluster?.openElsewhere(this.sessionEvents) ?? this.openSession(config, this.sessionEvents),
      heartbeatInterval: () => this.pool.poolOptions.heartbeatInterval,
      heartbeatTimeout: () => this.pool.poolOptions.heartbeatTimeout,
      heartbeatSql: () => this.pool.poolOptions.heartbeatSql,
    });
  }

  /** @internal */
  static create(config: ResolvedConfig): Database {
    return new Database(config);
  }

  on<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): this {
    checkListener(DATABASE_EVENTS, event, listener, EVENTS_ELSEWHERE);
    this.reports.on(event, listener);
    return this;
  }

  off<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): this {
    checkListener(DATABASE_EVENTS, event, listener, EVENTS_ELSEWHERE);
    this.reports.off(event, listener);
    return this;
  }

  /**
   * Calls that only read. With `cluster` they go to the standbys, as far as these have what the calls are to show; without
   * it they go where all calls go. See {@link ReadOnly}.
   */
  get readOnly(): ReadOnly {
    this.view ??= ReadOnly.create({
      context: this.context,
      runner: this.cluster?.readRunner(this.cluster.terms) ?? this.pool,
      runnerFor: (terms) => (terms && this.cluster?.readRunner(terms)) ?? this.pool,
      checkOut: (runner, limit, opening, reset) => this.checkOutOf(runner, limit, opening, reset),
    });
    return this.view;
  }

  /**
   * A word for everything that was written here so far; it may travel to other processes, in a cookie perhaps. Reads given it
   * as `after` show all that, wherever they run. Asks the primary where something may have been written since it was asked
   * last. Rejects with a ConnectionError where none can be asked (`KB_NO_PRIMARY`).
   *
   * @param options for how long to wait for it: `signal` and `timeout` (ms)
   */
  async position(options?: CallLimits): Promise<string> {
    checkOptions('position', options);
    const limit = Limit.of(withDefault(options, this.context), positionTimedOut);
    if (this.cluster !== undefined) {
      const asked = this.cluster.position();
      return limit === undefined ? asked : limit.race(asked);
    }
    return asOf(
      (create, reject) => startOperation(this.pool, create, limit, reject),
      this.pool.poolOptions.heartbeatTimeout,
    );
  }

  /** What is known of the servers. Without `cluster` nothing is found out about them, and the list is empty. */
  topology(): ClusterTopology {
    return this.cluster?.show() ?? { primary: undefined, nodes: [] };
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
    checkFunction('listen()', handler, 'It is called with each notification: (notification) => { … }.');
    needsSession(this.context, 'LISTEN');
    return this.listener.listen(channel, handler, withDefault(options, this.context));
  }

  /** What the server says of itself. */
  async serverInfo(options?: CallLimits): Promise<ServerInfo> {
    checkOptions('serverInfo', options);
    return readServerInfo(this, options);
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

  /**
   * Closes the connection to this server process, which the `connect` event and `Connection.backendPid` name, at once. What is
   * under way on it fails as lost. Does nothing where there is none.
   *
   * @param address of its server, as the `connect` event and `Connection.address` name it. Needed where there are connections to
   *   several servers that have a process of the same number: without it a UsageError (`KB_BAD_PARAMETER`) is thrown then.
   */
  disconnect(processId: number, address?: string): void {
    disconnect(this.cluster?.pools ?? [this.pool], processId, address);
  }

  /**
   * Rejects the calls that wait for a connection with this error, in place of letting them wait on; what is under way, or
   * on its way to a session, goes on. With `cluster` those of all servers.
   */
  refuseWaiting(error: Error): void {
    if (!isError(error)) throw badArgument('refuseWaiting() takes an error.', itWas(error));
    for (const pool of this.cluster?.pools ?? [this.pool]) pool.refuseWaiting(error);
  }

  /** The counters of the pool; with `cluster` those of the servers' pools together. */
  stats(): PoolStats {
    return this.cluster === undefined
      ? this.pool.stats()
      : sumOf(
          this.cluster.pools.map((pool) => pool.stats()),
          this.cluster.options.maxConnections,
        );
  }

  /**
   * Records metrics by OpenTelemetry's semantic conventions for database clients, until it is stopped or the database has
   * been closed. Throws a UsageError (`KB_BAD_OPTION`) where they are recorded already. With `cluster` those of the pool are
   * of the connections to the primary.
   *
   * @param meter of `@opentelemetry/api`, 1.x
   */
  recordMetrics(meter: MetricsMeter, options?: MetricsOptions): MetricsRecording {
    const { telemetry } = this.context;
    this.recording = recordMetrics(this.pool, telemetry, this.config, meter, options);
    return this.recording;
  }

  /** Changes options of the pool in use; those not named stay. Throws a UsageError (`KB_BAD_OPTION`). */
  configurePool(options: PoolOptions): void {
    this.poolOptions = resolvePoolOptions(options, this.poolOptions);
    for (const pool of this.cluster?.pools ?? [this.pool]) pool.configure(this.poolOptions);
  }

  /**
   * Refuses new calls, waits for those made before, and closes all connections. With `timeout` (ms) what is still going
   * on then is cancelled, and what still waits is refused.
   */
  async close(options?: { timeout?: number }): Promise<void> {
    checkOptions('close', options);
    this.listener.close();
    await (this.cluster ?? this.pool).close(options?.timeout ?? 0);
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
    const { pool: runner, context } = this;
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
    const { leakTimeout } = this.pool.poolOptions;
    return leakTimeout > 0 ? watchStreamsForLeak(leakTimeout, takenHere(), this.reports.leak) : NO_LEAK_WATCH;
  };

  private checkOut(limit: Limit | undefined, opening = ''): Promise<Lease> {
    return this.checkOutOf(this.pool, limit, opening, '');
  }

  /** @param reset is run when the session is given back, before what `pool.resetOnRelease` says */
  private checkOutOf(
    runner: OperationRunner,
    limit: Limit | undefined,
    opening: string,
    reset: string,
  ): Promise<Lease> {
    const { leakTimeout, resetOnRelease } = this.pool.poolOptions;
    const usual = this.config.pooler === undefined ? resetText(resetOnRelease) : '';
    const resets = [reset, usual].filter((text) => text !== '').join('; ');
    const take = (session: Session, answer: unknown): Lease =>
      new Lease(session, session.owner ?? NOBODY, resets, answer);
    const taken = leakTimeout > 0 ? takenHere() : undefined;
    const checkedOut = this.context.telemetry.acquire(() => checkOut(runner, take, opening, limit));
    if (taken === undefined) return checkedOut;
    return checkedOut.then((lease) => {
      watchForLeak(lease, leakTimeout, taken, this.reports.leak);
      return lease;
    });
  }

  private makePool(open: OpenSession, events: PoolEvents, writable: boolean, role?: PoolRole): SessionPool {
    const { telemetry } = this.context;
    return new SessionPool(
      this.poolOptions,
      writable,
      (signal) => telemetry.connect(() => open(signal)),
      events,
      role,
    );
  }

  private clusterHost(): ClusterHost {
    const { reports, config } = this;
    return {
      ...reports.ofCluster,
      connect: (address, own, watching, signal) => {
        const events = { ...this.sessionEvents, ...own };
        return this.openSession(config.at(address), events, signal, watching);
      },
      pool: (open, own, writable, role) => {
        const closed: PoolEvents['closed'] = (session, reason, error) => {
          reports.ofPools.closed(session, reason, error);
          own.closed?.(session, reason, error);
        };
        return this.makePool(open, { ...reports.ofPools, ...own, closed }, writable, role);
      },
      patience: () => this.poolOptions.heartbeatTimeout,
    };
  }

  private loadLibrary(): LoadedLibrary {
    const { addon } = loadCore();
    this.library ??= loadClientLibraryOnce(
      (path, options) => addon.openLibrary(path, options),
      this.config.clientLibrary,
    );
    return this.library;
  }

  private get setUp(): SetUp | undefined {
    const onConnect = this.config.onConnect as OnConnect | undefined;
    return onConnect && ((session) => setUpSession(session, this.context, onConnect));
  }

  private async openSession(
    config: ResolvedConfig,
    events: SessionEvents,
    signal?: GivingUp,
    watching = false,
  ): Promise<Session> {
    try {
      return await this.openUnaudited(config, events, { signal, setUp: watching ? undefined : this.setUp });
    } catch (error) {
      this.context.telemetry.refused(error);
      throw error;
    }
  }

  private openUnaudited(
    config: ResolvedConfig,
    events: SessionEvents,
    options: OpenOptions,
  ): Promise<Session> {
    try {
      return openSession(loadCore(), this.loadLibrary(), config, events, options);
    } catch (error) {
      return rejection(error);
    }
  }

  private get sessionEvents(): SessionEvents {
    return (this.commonEvents ??= {
      noticeInterest: this.reports.noticeInterest,
      changes: new SharedChanges(),
      notice: (session, fields) => this.reports.notice(session, fields),
      notification: (session, channel, payload, processId) => {
        session.owner?.notification?.({ channel, payload, processId });
      },
      serverError: (session, sqlState) => {
        this.pool.serverError(session, sqlState);
      },
    });
  }
}
