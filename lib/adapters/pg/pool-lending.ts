import { EventEmitter } from 'node:events';
import { open, type Connection, type Database } from '../../index.js';
import { Client } from './client.js';
import { ConnectionParameters } from './config.js';
import { connectError, CONNECT_TIMEOUT, serverWords, strayMessage, terminated } from './errors.js';
import { Books } from './pool-books.js';
import {
  poolClientClass,
  type ClientClass,
  type PoolClient,
  type PoolClientClass,
  type Release,
} from './pool-client.js';
import { Connecting } from './pool-connecting.js';
import { poolOptionsOf, type PoolConfig, type PoolOptions } from './pool-options.js';
import { PoolQueries } from './pool-queries.js';
import { telling } from './work.js';

/** What nobody should see in a log. */
const HIDDEN = ['db', 'books', 'connecting', 'hearing', 'clientClass', 'queries'] as const;

/** Longest time that a timer takes, in ms. */
const LONGEST_WAIT = 2_147_483_647;

const DOUBLE_RELEASE = 'Release called on client which has already been released to the pool.';

/** What a pool does with its clients: it has them made, lends them, takes them back and ends them, and tells of it. */
export class PoolLending extends EventEmitter {
  readonly options: PoolOptions;
  readonly Promise: PromiseConstructor;
  /** What clients are made of: `options.Client`, where that is a class that extends `Client`. */
  readonly Client: typeof Client;
  readonly log: (...messages: unknown[]) => void;
  ending = false;
  ended = false;

  private readonly books = new Books();
  /** Those that are coming, lent and idle. */
  readonly _clients: PoolClient[] = this.books.clients;

  private readonly db: Database;
  private readonly connecting: Connecting;
  protected readonly queries: PoolQueries;
  private hearing = false;

  private readonly clientClass: PoolClientClass;

  /** @param given the class of its clients, where the options have none */
  constructor(own?: PoolConfig | null, given?: ClientClass) {
    super();
    const options = own ?? {};
    this.options = poolOptionsOf(options);
    const chosen = options.Client ?? given;
    this.Client = isClientClass(chosen) ? chosen : Client;
    this.clientClass = poolClientClass(this.Client);
    this.Promise = (this.options.Promise as PromiseConstructor | undefined) ?? Promise;
    this.log = this.options.log ?? ((): void => undefined);
    const config = new ConnectionParameters(options).driverConfig();
    const lifetime = (options.maxLifetimeSeconds ?? 0) * 1000;
    this.db = open({
      ...config,
      pool: {
        max: countOf(this.options.max),
        min: countOf(this.options.min),
        idleTimeout: this.options.idleTimeoutMillis || 0,
        acquireTimeout: limitOf(this.options.connectionTimeoutMillis),
        maxLifetime: lifetime,
        lifetimeJitter: 0,
        ...config.pool,
      },
    });
    this.connecting = new Connecting(this.db, this.options);
    this.queries = new PoolQueries({
      db: this.db,
      books: this.books,
      pool: this,
      noteIdle: (client) => {
        this.noteIdle(client);
      },
      remove: (client) => {
        this.remove(client);
      },
      forget: (client) => {
        this.forget(client);
      },
    });
    for (const hidden of HIDDEN) {
      Object.defineProperty(this, hidden, { value: this[hidden], writable: true, enumerable: false });
    }
    this.db.on('disconnect', ({ processId, error }) => {
      this.gone(processId, error);
    });
    // As with `pg`, whoever waits for a connection learns at once that none can be made.
    this.db.on('unreachable', ({ error }) => {
      this.connecting.failAll(error);
      for (const client of this.books.spares.splice(0)) this.forget(client);
    });
    this.db.on('connect', ({ processId }) => {
      // Whoever waits for it has it before.
      if (this.books.spares.length > 0) setImmediate(() => this.keepSpare(processId));
    });
  }

  get totalCount(): number {
    return this._clients.length;
  }

  get idleCount(): number {
    return this.books.idle.size;
  }

  get waitingCount(): number {
    return this.books.waitingCount;
  }

  get expiredCount(): number {
    return this.books.expiredCount;
  }

  protected async lease(): Promise<PoolClient> {
    if (this.ending) throw new Error('Cannot use a pool after calling end on the pool');
    const { books } = this;
    const waits = books.idle.size > books.waitingCount || books.clients.length >= this.options.max;
    const waiter = books.enter(waits ? undefined : this.newClient());
    const words = waits ? CONNECT_TIMEOUT : 'Connection terminated due to connection timeout';
    let session: Connection;
    try {
      session = await this.connecting.checkOut(waiter.coming);
    } catch (error) {
      this.forget(books.leave(waiter));
      throw connectError(error, words);
    }
    return this.handOut(session, books.leave(waiter));
  }

  /** No client comes of it. */
  private forget(client: PoolClient | undefined): void {
    if (client === undefined) return;
    this.connecting.forget(client);
    this.books.uncount(client);
    client.over();
    this.provide();
  }

  /** Where there is room again, those that wait have clients made. */
  private provide(): void {
    if (!this.ending) this.books.provide(this.options.max, () => this.newClient());
  }

  private keepSpare(processId: number): void {
    const client = this.books.takeSpare(processId);
    if (client !== undefined) this.keepIdle(client);
  }

  private async handOut(session: Connection, coming: PoolClient | undefined): Promise<PoolClient> {
    const { books } = this;
    const known = books.byProcess.get(session.backendPid);
    const client = known ?? coming ?? books.anyComing() ?? this.newClient();
    const isNew = known === undefined || books.unmet.delete(known);
    if (known === undefined) {
      this.connecting.forget(client);
      books.byProcess.set(session.backendPid, client);
    } else {
      if (coming !== undefined) books.spare(coming);
      books.wake(known);
      known.ref();
    }
    books.lent.add(client);
    client.release = this.releaseOnce(client);
    if (isNew) await this.welcome(client, client.meet(session));
    else client.lend(session);
    telling(() => this.emit('acquire', client));
    client.removeListener('error', client.whileIdle);
    const { verify } = this.options;
    if (isNew && verify !== undefined) {
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

  private async welcome(client: PoolClient, connected: Promise<void> | undefined): Promise<void> {
    const { maxLifetimeSeconds, onConnect } = this.options;
    try {
      if (connected !== undefined) await connected;
      this.log('new client connected');
      if (onConnect !== undefined) await onConnect(client);
    } catch (error) {
      this.remove(client);
      throw error;
    }
    if (maxLifetimeSeconds > 0) {
      const timer = setTimeout(() => {
        this.log('ending client due to expired lifetime');
        this.books.expired.add(client);
        if (this.books.idle.has(client)) this.remove(client);
      }, maxLifetimeSeconds * 1000);
      timer.unref();
      client.once('end', () => {
        clearTimeout(timer);
      });
    }
    telling(() => this.emit('connect', client));
  }

  private newClient(): PoolClient {
    const client = new this.clientClass(this.options, {
      end: ({ processID, address }) => {
        this.db.disconnect(processID, address);
      },
      giveUp: (given, error) => {
        this.connecting.giveUp(given, error);
      },
      altered: (given) => {
        this.books.noteStranger(given);
      },
      named: (name, text) => {
        this.books.noteName(name, text);
      },
    });
    client.whileIdle = (error): void => {
      Object.assign(error, { client });
      this.remove(client);
      if (this.listenerCount('error') > 0) this.emit('error', error, client);
    };
    client.on('newListener', (event) => {
      if (event === 'notice') this.hearNotices();
    });
    this._clients.push(client);
    return client;
  }

  private hearNotices(): void {
    if (this.hearing) return;
    this.hearing = true;
    this.db.on('notice', (notice) => {
      this.books.byProcess.get(notice.processId)?.tellNotice(notice);
    });
  }

  private releaseOnce(client: PoolClient): Release {
    let released = false;
    return (error) => {
      if (released) throw new Error(DOUBLE_RELEASE);
      released = true;
      this.books.lent.delete(client);
      this.queries.look(client);
      client._poolUseCount++;
      this.emit('release', error, client);
      const expended = client._poolUseCount >= this.options.maxUses;
      const expired = this.books.expired.has(client);
      if (expended) this.log('remove expended client');
      else if (expired) this.log('remove expired client');
      const wanted =
        !error && !this.queries.isDoomed(client) && !this.ending && !client._ending && !expended && !expired;
      if (wanted && client.isToTellStray) {
        // The message came with the last answer; to `pg` it comes when the client is idle, and the pool tells of it.
        this.keepIdle(client);
      } else if (!wanted || !client._queryable) {
        this.remove(client);
      } else {
        this.rest(client);
      }
    };
  }

  private rest(client: PoolClient): void {
    this.keepIdle(client);
    client.takeBack(giveBack);
  }

  private keepIdle(client: PoolClient): void {
    client.on('error', client.whileIdle);
    this.noteIdle(client);
  }

  private noteIdle(client: PoolClient): void {
    const { idleTimeoutMillis, allowExitOnIdle, min } = this.options;
    let timer: NodeJS.Timeout | undefined;
    if (idleTimeoutMillis && this._clients.length > min) {
      timer = setTimeout(() => {
        if (this._clients.length <= min) return;
        this.log('remove idle client');
        this.remove(client);
      }, idleTimeoutMillis);
      if (allowExitOnIdle) timer.unref();
    }
    if (allowExitOnIdle) client.unref();
    this.books.idle.set(client, timer);
  }

  /** Ends a client's session, and counts the client no more. */
  private remove(client: PoolClient): void {
    if (!this._clients.includes(client)) return;
    this.dismiss(client);
    client.giveUp();
    const { processID, address } = client;
    if (this.books.byProcess.get(processID) === client) this.db.disconnect(processID, address);
    else this.removed(client);
  }

  private dismiss(client: PoolClient): void {
    this.books.wake(client);
    this.books.uncount(client);
    client.removeListener('error', client.whileIdle);
    client.on('error', (error) => {
      this.log('additional client error after disconnection due to error', error);
    });
  }

  /** A session is gone: given up, too old, or lost. */
  private gone(processId: number, error: Error | undefined): void {
    const { byProcess, idle: idleOnes } = this.books;
    const client = byProcess.get(processId);
    if (client === undefined) return;
    byProcess.delete(processId);
    const idle = idleOnes.has(client);
    const lent = !idle && this._clients.includes(client);
    // A client that is lent hears of its loss itself, and counts until it is given back.
    if (lent) {
      if (error === undefined) client.over();
      return;
    }
    if (idle) {
      const { whileIdle } = client;
      this.dismiss(client);
      if (error !== undefined) {
        const told = serverWords(error) ?? strayMessage(error) ?? terminated(error);
        outside(() => {
          client.emit('error', told);
          whileIdle(told);
        });
      }
    }
    this.removed(client);
  }

  private removed(client: PoolClient): void {
    client.over();
    // The end of a pool is told when all of it is.
    if (this.ending) {
      telling(() => this.emit('remove', client));
      return;
    }
    outside(() => {
      this.emit('remove', client);
      this.provide();
    });
  }

  protected async close(): Promise<void> {
    if (this.ending) throw new Error('Called end on pool more than once');
    this.queries.noteBegun();
    this.ending = true;
    for (const client of [...this.books.idle.keys()]) this.remove(client);
    for (const client of this.books.spares.splice(0)) this.forget(client);
    await this.db.close();
    this.ended = true;
  }
}

/** A client of another package has a connection of its own, which the pool could not lend. */
function isClientClass(given: unknown): given is typeof Client {
  return given === Client || (typeof given === 'function' && given.prototype instanceof Client);
}

/** ms that the driver lets calls wait for a session; 0: for ever. */
function limitOf(given: number | undefined): number {
  return Number.isInteger(given) && Number(given) > 0 && Number(given) <= LONGEST_WAIT ? Number(given) : 0;
}

/** How many clients that is to `pg`, which compares with what was given, whatever it is. */
function countOf(given: unknown): number {
  return Math.min(Math.ceil(Number(given)), Number.MAX_SAFE_INTEGER);
}

function giveBack(session: Connection | undefined): void {
  void session?.release();
}

/** Calls a program's function where what it throws is its own failure, and no rejection of ours. */
export function outside(call: () => void): void {
  process.nextTick(call);
}
