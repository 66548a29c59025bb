import { EventEmitter } from 'node:events';
import { open, type Connection, type Database } from '../../index.js';
import { Client, NO_PROCESS } from './client.js';
import { ConnectionParameters, type ClientConfig } from './config.js';
import { connectError, CONNECT_TIMEOUT, rejectedForCaller, serverWords, terminated } from './errors.js';
import type { QueryCallback, QueryConfig } from './query.js';
import type { Result, RowOfAnyKind } from './result.js';

export interface PoolConfig extends ClientConfig {
  max?: number | undefined;
  /** An older word for `max`. */
  poolSize?: number | undefined;
  min?: number | undefined;
  idleTimeoutMillis?: number | null | undefined;
  maxUses?: number | undefined;
  maxLifetimeSeconds?: number | undefined;
  /** Taken and of no effect: idle connections never keep the process alive. */
  allowExitOnIdle?: boolean | undefined;
  log?: ((...messages: unknown[]) => void) | undefined;
  onConnect?: ((client: PoolClient) => unknown) | undefined;
  verify?: ((client: PoolClient, done: (error?: Error) => void) => void) | undefined;
}

export type Release = (error?: Error | boolean) => void;
export type PoolConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: Release,
) => void;

const DOUBLE_RELEASE = 'Release called on client which has already been released to the pool.';

/** A client of a pool: the same object for as long as its session lives. */
export class PoolClient extends Client {
  _poolUseCount = 0;
  declare release: Release;

  /** @internal The pool gives it its session for one use. */
  lend(session: Connection): void {
    this.attach(session);
    this.queue.start(session);
  }

  /** @internal Calls `given` when what was asked of it has ended. */
  takeBack(given: (session: Connection | undefined) => void): void {
    this.queue.stop(() => {
      const { session } = this;
      this.session = undefined;
      given(session);
    });
  }

  /** @internal Its session has ended. */
  over(): void {
    this._ending = true;
    if (this._ended) return;
    this._ended = true;
    process.nextTick(() => this.emit('end'));
  }

  /** @internal */
  override attach(session: Connection): void {
    // Each use of a session is a connection of the driver's, with listeners of its own.
    this.processID = NO_PROCESS;
    super.attach(session);
  }

  /** A program that has a pool is told by the pool; the loss of one client must not end it. */
  protected override tellLoss(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

/** `pg`'s Pool over the driver's: which session is handed out, heartbeats, lifetimes and reconnecting are the driver's. */
export class Pool extends EventEmitter {
  readonly options: PoolConfig & {
    max: number;
    min: number;
    maxUses: number;
    allowExitOnIdle: boolean;
    maxLifetimeSeconds: number;
    idleTimeoutMillis: number | null;
  };
  readonly Promise: PromiseConstructor;
  readonly Client = PoolClient;
  readonly log: (...messages: unknown[]) => void;
  ending = false;
  ended = false;

  private readonly db: Database;
  private readonly clients = new Map<number, PoolClient>();
  private readonly held = new Set<PoolClient>();
  /** Clients that are lent and whose session is gone: their removal is told when they are given back. */
  private readonly lost = new Set<PoolClient>();
  private readonly waiting = new Set<AbortController>();
  private hearing = false;

  constructor(options: PoolConfig = {}) {
    super();
    // As with `pg`, 0 counts as absent.
    const max = options.max || options.poolSize || 10;
    this.options = {
      ...options,
      max,
      min: options.min || 0,
      maxUses: options.maxUses || Infinity,
      allowExitOnIdle: options.allowExitOnIdle ?? false,
      maxLifetimeSeconds: options.maxLifetimeSeconds ?? 0,
      idleTimeoutMillis: options.idleTimeoutMillis === undefined ? 10_000 : options.idleTimeoutMillis,
    };
    for (const secret of ['password', 'ssl'] as const) {
      if (!(secret in options)) continue;
      Object.defineProperty(this.options, secret, {
        value: options[secret],
        writable: true,
        configurable: true,
        enumerable: false,
      });
    }
    this.Promise = options.Promise ?? Promise;
    this.log = options.log ?? ((): void => undefined);
    const config = new ConnectionParameters(options).driverConfig();
    const lifetime = (options.maxLifetimeSeconds ?? 0) * 1000;
    this.db = open({
      ...config,
      pool: {
        max,
        min: this.options.min,
        idleTimeout: this.options.idleTimeoutMillis ?? 0,
        acquireTimeout: 0,
        maxLifetime: lifetime,
        lifetimeJitter: 0,
        ...config.pool,
      },
    });
    for (const hidden of ['db', 'clients', 'held', 'lost', 'waiting', 'hearing'] as const) {
      Object.defineProperty(this, hidden, { value: this[hidden], writable: true, enumerable: false });
    }
    this.db.on('disconnect', ({ processId, error }) => {
      this.gone(processId, error);
    });
    // As with `pg`, whoever waits for a connection learns at once that none can be made.
    this.db.on('unreachable', ({ error }) => {
      for (const controller of this.waiting) controller.abort(error);
    });
  }

  get totalCount(): number {
    const { openConnections, connecting } = this.db.stats();
    return openConnections + connecting;
  }

  get idleCount(): number {
    return this.db.stats().idle;
  }

  get waitingCount(): number {
    return Math.max(0, this.waiting.size - this.db.stats().connecting);
  }

  /** Sessions that have become too old are the driver's to replace, and none is counted. */
  get expiredCount(): number {
    return 0;
  }

  connect(): Promise<PoolClient>;
  connect(callback: PoolConnectCallback): void;
  connect(callback?: PoolConnectCallback): Promise<PoolClient> | undefined {
    const client = this.take();
    if (callback === undefined) return client;
    client.then(
      (taken) => {
        outside(() => {
          callback(undefined, taken, taken.release);
        });
      },
      (error: unknown) => {
        outside(() => {
          callback(error as Error, undefined, () => undefined);
        });
      },
    );
    return undefined;
  }

  private take(): Promise<PoolClient> {
    return new this.Promise<PoolClient>((resolve) => {
      this.lease().then(resolve, (error: unknown) => {
        resolve(rejectedForCaller(error as Error));
      });
    });
  }

  private async lease(): Promise<PoolClient> {
    if (this.ending) throw new Error('Cannot use a pool after calling end on the pool');
    const limit = this.options.connectionTimeoutMillis ?? 0;
    const { openConnections, connecting, idle } = this.db.stats();
    const waits = idle > 0 || openConnections + connecting >= this.options.max;
    const controller = new AbortController();
    this.waiting.add(controller);
    let session: Connection;
    try {
      const { signal } = controller;
      session = await this.db.connect(limit > 0 ? { signal, timeout: limit } : { signal });
    } catch (error) {
      throw connectError(error, waits ? CONNECT_TIMEOUT : 'Connection terminated due to connection timeout');
    } finally {
      this.waiting.delete(controller);
    }
    return this.handOut(session);
  }

  private async handOut(session: Connection): Promise<PoolClient> {
    const known = this.clients.get(session.backendPid);
    const client = known ?? this.newClient(session);
    client.lend(session);
    this.held.add(client);
    client.release = this.releaseOnce(client);
    if (known === undefined) {
      this.log('new client connected');
      try {
        if (this.options.onConnect !== undefined) await this.options.onConnect(client);
      } catch (error) {
        this.giveBack(client, true);
        throw error;
      }
      this.emit('connect', client);
    }
    this.emit('acquire', client);
    const { verify } = this.options;
    if (known === undefined && verify !== undefined) {
      await new Promise<void>((resolve, reject) => {
        verify(client, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      }).catch((error: unknown) => {
        client.release(error as Error);
        throw error;
      });
    }
    return client;
  }

  private newClient(session: Connection): PoolClient {
    const client = new PoolClient(this.options);
    this.clients.set(session.backendPid, client);
    client.on('newListener', (event) => {
      if (event === 'notice') this.hearNotices();
    });
    return client;
  }

  private hearNotices(): void {
    if (this.hearing) return;
    this.hearing = true;
    this.db.on('notice', (notice) => {
      this.clients.get(notice.processId)?.tellNotice(notice);
    });
  }

  private releaseOnce(client: PoolClient): Release {
    let released = false;
    return (error) => {
      if (released) throw new Error(DOUBLE_RELEASE);
      released = true;
      client._poolUseCount++;
      this.emit('release', error, client);
      const expended = client._poolUseCount >= this.options.maxUses;
      if (expended) this.log('remove expended client');
      this.giveBack(client, expended || (error !== undefined && error !== null && error !== false));
    };
  }

  private giveBack(client: PoolClient, discard: boolean): void {
    if (discard) client._ending = true;
    client.takeBack((session) => {
      this.held.delete(client);
      if (this.lost.delete(client)) this.removed(client);
      void session?.release({ discard: client._ending });
    });
  }

  /** A session is gone: given up, too old, idle for too long, or lost. */
  private gone(processId: number, error: Error | undefined): void {
    const client = this.clients.get(processId);
    if (client === undefined) return;
    this.clients.delete(processId);
    const idle = !this.held.has(client);
    // A client that is lent hears of its loss itself.
    if (idle || error === undefined) client.over();
    if (error !== undefined && idle && this.listenerCount('error') > 0) {
      const told = serverWords(error) ?? terminated(error);
      outside(() => this.emit('error', Object.assign(told, { client }), client));
    }
    if (idle) this.removed(client);
    else this.lost.add(client);
  }

  private removed(client: PoolClient): void {
    // The end of a pool is told when all of it is.
    if (this.ending) this.emit('remove', client);
    else outside(() => this.emit('remove', client));
  }

  query<R = RowOfAnyKind>(
    config: string | QueryConfig,
    values?: readonly unknown[] | null,
  ): Promise<Result<R>>;
  query(
    config: string | QueryConfig,
    values: readonly unknown[] | QueryCallback | null | undefined,
    callback?: QueryCallback,
  ): void;
  query(
    config: string | QueryConfig,
    values?: readonly unknown[] | QueryCallback | null,
    callback?: QueryCallback,
  ): Promise<Result<unknown>> | undefined {
    if (typeof config === 'function') {
      const told = new Error('Passing a function as the first parameter to pool.query is not supported');
      const first: (error: Error) => void = config;
      setImmediate(first, told);
      return undefined;
    }
    const given = typeof values === 'function' ? values : callback;
    const answer = this.run(config, typeof values === 'function' ? undefined : values);
    if (given === undefined) return answer;
    answer.then(
      (result) => {
        outside(() => {
          given(undefined, result);
        });
      },
      (error: unknown) => {
        outside(() => {
          given(error as Error);
        });
      },
    );
    return undefined;
  }

  private run(
    config: string | QueryConfig,
    values: readonly unknown[] | null | undefined,
  ): Promise<Result<unknown>> {
    return new this.Promise<Result<unknown>>((resolve) => {
      const reject = (error: Error): void => {
        resolve(rejectedForCaller(error));
      };
      this.lease()
        .then((client) => {
          try {
            client.query(config, values, (error, result) => {
              // A statement that was refused says nothing against its connection, which is kept.
              client.release();
              if (error) reject(error);
              else resolve(result as Result<unknown>);
            });
          } catch (error) {
            client.release();
            throw error;
          }
        })
        .catch(reject);
    });
  }

  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    const done = this.Promise.resolve(this.close());
    if (callback === undefined) return done;
    done.then(
      () => {
        callback();
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
    return undefined;
  }

  private async close(): Promise<void> {
    if (this.ending) throw new Error('Called end on pool more than once');
    this.ending = true;
    await this.db.close();
    this.ended = true;
  }
}

/** Calls a program's function where what it throws is its own failure, and no rejection of ours. */
function outside(call: () => void): void {
  process.nextTick(call);
}
