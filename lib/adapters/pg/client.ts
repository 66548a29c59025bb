// Longer than other files: one session's life as the class of pg shows it; what is asked of it, and the line of that, stand elsewhere.
import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { open, type ChannelNotification, type Connection, type Database, type Notice } from '../../index.js';
import { holdsPortal, workOf } from './asked.js';
import { ConnectionParameters, type ClientConfig } from './config.js';
import { Connection as Face } from './connection.js';
import { CopyFrom, CopyTo } from './copy.js';
import { checkCallback, unlessFalsy } from './defaults.js';
import {
  connectError,
  rejectedForCaller,
  serverWords,
  strayMessage,
  terminated,
  TERMINATED,
} from './errors.js';
import { Hold } from './hold.js';
import { Query, type QueryCallback, type QueryConfig } from './query.js';
import { QueryQueue } from './query-queue.js';
import type { Result, RowOfAnyKind } from './result.js';
import { TypeOverrides, type TypeFormat, type TypeParser } from './type-overrides.js';
import { escapeIdentifier, escapeLiteral } from './values.js';
import { telling, type Work } from './work.js';

/** @internal */
export const NO_PROCESS = null as unknown as number;

export type ConnectCallback = (error: Error | null | undefined, client?: Client) => void;

/** `pg`'s Client: one session, and a line of queries that are run on it one after the other. */
export class Client extends EventEmitter {
  static readonly Query = Query;

  readonly connectionParameters: ConnectionParameters;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly port: number;
  readonly host: string;
  /** What was given, whatever the types of `pg` say. */
  readonly ssl: boolean;
  readonly binary: boolean;
  /** Queries go one after the other all the same; `end` waits for those that have been asked for. */
  readonly pipeline: boolean;
  /** No message can be sent on it. */
  readonly connection: Face;
  /** null before there is a session, as in `pg`; whoever is handed a connected client has a number, and types say that. */
  processID: number = NO_PROCESS;
  /** Only the library knows it. */
  readonly secretKey = null;
  readonly _types: TypeOverrides;
  _connecting = false;
  _connected = false;
  _ending = false;
  _ended = false;
  _queryable = true;

  protected session: Connection | undefined;
  private lastStatus: 'I' | 'T' | 'E' | null = null;
  protected readonly queue: QueryQueue;
  /** @internal */
  readonly promise: PromiseConstructor;
  private db: Database | undefined;
  private opening: Promise<void> | undefined;
  private closing: Promise<void> | undefined;
  /** By the program, or by its pool. */
  protected endAsked = false;
  /** An open session keeps the process alive. */
  private readonly hold = new Hold();

  constructor(config?: string | ClientConfig | null) {
    super();
    const given: ClientConfig = typeof config === 'object' ? (config ?? {}) : {};
    this.connectionParameters = new ConnectionParameters(config ?? {});
    const { user, database, port, host, ssl } = this.connectionParameters;
    this.user = user;
    this.database = database;
    this.port = port;
    this.host = host;
    this.ssl = (ssl ?? false) as boolean;
    this.binary = this.connectionParameters.binary;
    this.pipeline = given.pipeline === true;
    this._types = new TypeOverrides(unlessFalsy(given.types));
    this.promise = unlessFalsy(given.Promise as PromiseConstructor | undefined) ?? Promise;
    this.queue = new QueryQueue(
      this._types,
      (fields) => {
        this.connection.described(fields);
      },
      () => this.emit('drain'),
      // With `pg` all have been sent, and only the end of the connection brings those behind it to an end.
      this.pipeline ? (): void => this.sever(undefined) : undefined,
    );
    this.connection = Face.of({
      sever: (error) => {
        this.sever(error);
      },
      ref: () => {
        this.ref();
      },
      unref: () => {
        this.unref();
      },
    });
    // Nobody should see what a client holds inside, or its password, in a log.
    for (const hidden of [
      'session',
      'heard',
      'queue',
      'promise',
      'db',
      'opening',
      'endAsked',
      'closing',
      'hold',
    ] as const) {
      Object.defineProperty(this, hidden, { value: this[hidden], writable: true, enumerable: false });
    }
    this.on('newListener', (event) => {
      if (event === 'notice') this.hearNotices();
      else if (event === 'notification' && this.session !== undefined) this.hearNotifications(this.session);
    });
    // What a program says of the connection holds: it is not used any more.
    this.connection.on('error', (error: Error) => {
      if (this._queryable && !this._ending) this.broken(error);
    });
  }

  get _txStatus(): 'I' | 'T' | 'E' | null {
    return this.getTransactionStatus();
  }

  /** A function where one was given, whatever the types of `pg` say. */
  get password(): string | undefined {
    return this.connectionParameters.password as string | undefined;
  }

  connect(): Promise<this>;
  connect(callback: ConnectCallback): void;
  connect(callback?: ConnectCallback): Promise<this> | undefined {
    if (callback) {
      this.begin(callback);
      return undefined;
    }
    return new this.promise((resolve) => {
      this.begin((error) => {
        resolve(error ? rejectedForCaller(error) : this);
      });
    });
  }

  protected begin(callback: ConnectCallback): void {
    if (this._connecting || this._connected) {
      const again = new Error('Client has already been connected. You cannot reuse a client.');
      process.nextTick(callback, again);
      return;
    }
    this._connecting = true;
    this.hold.take();
    this.opening = this.openSession().then(
      (session) => {
        this.attach(session);
        telling(() => {
          callback(null, this);
        });
        telling(() => this.emit('connect'));
        // In the pipeline mode of `pg` what has been asked for before its end is sent.
        if (!this._ending || this.pipeline) this.queue.start(session);
      },
      (error: unknown) => {
        const told = this.severed ?? connectError(error, 'timeout expired');
        this._queryable = false;
        this.isOver();
        void this.db?.close();
        telling(() => {
          callback(told);
        });
        this.queue.refuseAll(terminated(error));
        process.nextTick(() => this.emit('end'));
      },
    );
  }

  private async openSession(): Promise<Connection> {
    // One session, which is never given back: the pool has nothing to do.
    const pool = { max: 1, min: 0, acquireTimeout: 0, maxLifetime: 0, idleTimeout: 0 };
    const config = this.connectionParameters.driverConfig();
    const db = open({ ...config, pool: { ...pool, ...config.pool } });
    this.db = db;
    if (this.listenerCount('notice') > 0) this.hearNotices();
    return db.connect();
  }

  private hearing = false;

  /** Notices are asked for only where somebody listens. */
  private hearNotices(): void {
    if (this.hearing || this.db === undefined) return;
    this.hearing = true;
    this.db.on('notice', (notice) => {
      this.tellNotice(notice);
    });
  }

  /** @internal */
  tellNotice(notice: Notice): void {
    telling(() => this.emit('notice', { length: undefined, ...notice, name: 'notice' }));
  }

  /** @internal Of the server that has the process. */
  get address(): string | undefined {
    return this.session?.address;
  }

  protected attach(session: Connection): void {
    this.session = session;
    this._connecting = false;
    this._connected = true;
    this.hold.take();
    if (this.processID === session.backendPid) return;
    this.processID = session.backendPid;
    this.lastStatus = 'I';
    if (this.connection.listenerCount('parameterStatus') > 0) {
      for (const [parameterName, parameterValue] of Object.entries(session.serverParameters)) {
        telling(() => this.connection.emit('parameterStatus', { parameterName, parameterValue }));
      }
    }
    if (this.listenerCount('notification') > 0) this.hearNotifications(session);
    session.on('close', (error) => {
      if (this.session === session && error !== undefined) this.lost(error);
    });
  }

  private heard: Connection | undefined;

  /** Each use of a session is a connection of the driver's: it is listened to only where somebody wants it. */
  private hearNotifications(session: Connection): void {
    if (this.heard === session) return;
    this.heard = session;
    session.on('notification', this.notified);
  }

  private readonly notified = ({ channel, payload, processId }: ChannelNotification): void => {
    const heard = { name: 'notification', length: undefined, processId, channel, payload };
    telling(() => this.emit('notification', heard));
  };

  /** @internal Lost by a message that answers nothing, of which it has not told yet. */
  isToTellStray = false;

  /** The session is gone, and nobody has asked for it. */
  protected lost(error: Error): void {
    if (this._ending || this._ended) return;
    this._queryable = false;
    this.session = undefined;
    const stray = strayMessage(error);
    if (stray !== undefined) {
      // To `pg` the connection is there until its client is ended.
      this.isToTellStray = true;
      setImmediate(() => {
        this.isToTellStray = false;
        this.queue.refuseAll(stray);
        this.tellLoss(stray);
      });
      return;
    }
    this.isOver();
    const wasBusy = this.queue.isBusy();
    // After the query that was under way has been told.
    setImmediate(() => {
      // Whoever was told of it by a query and has ended the client has asked for this end.
      if (this.endAsked) this.queue.refuseAll(new Error(TERMINATED, { cause: error }));
      else this.tellUnexpected(error, wasBusy);
      process.nextTick(() => this.emit('end'));
      void this.db?.close();
    });
  }

  private tellUnexpected(error: Error, wasBusy: boolean): void {
    const told = terminated(error);
    this.queue.refuseAll(told);
    const words = wasBusy ? undefined : serverWords(error);
    if (words !== undefined) this.tellLoss(words);
    this.tellLoss(told);
  }

  /** There is no session any more. */
  protected isOver(): void {
    this._ended = true;
    this.hold.letGo();
    this.connection.ended();
  }

  private severed: Error | undefined;

  /** What is asked of the connection in place of the client: it is gone from now on. */
  private sever(error: Error | undefined): void {
    if (this._ending || this._ended) return;
    this.severed = error ?? terminated(undefined);
    if (this._connecting) {
      this.giveUpConnecting(this.severed);
      return;
    }
    if (this.processID === NO_PROCESS) return;
    if (error !== undefined && this._queryable) this.broken(error);
    this.lost(this.severed);
    this.endSession();
  }

  /** Connecting is of no use any more. */
  protected giveUpConnecting(_error: Error): void {
    void this.db?.close({ timeout: 1 });
  }

  /** Ends the session at once, whatever it does. */
  protected endSession(): void {
    this.db?.disconnect(this.processID, this.address);
  }

  private broken(error: Error): void {
    this._queryable = false;
    this.queue.refuseAll(error);
    this.tellLoss(error);
  }

  protected tellLoss(error: Error): void {
    this.emit('error', error);
  }

  query<W extends Work>(work: W): W;
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
    config: string | QueryConfig | Work | null | undefined,
    values?: readonly unknown[] | QueryCallback | null,
    callback?: QueryCallback,
  ): unknown {
    if (config === null || config === undefined) {
      throw new TypeError('Client was passed a null or undefined query');
    }
    const [work, answer] = workOf(this, config, values ?? undefined, callback);
    // A program in JavaScript may give it as text.
    const limit: unknown =
      (typeof config === 'object' && 'query_timeout' in config ? config.query_timeout : undefined) ??
      this.connectionParameters.query_timeout;
    if (limit && work instanceof Query) work.hasLimit = true;
    const refusal = this.pipeline ? holdsPortal(config, work) : undefined;
    if (refusal !== undefined) {
      process.nextTick(() => {
        work.handleError(new Error(`${refusal} not supported in pipeline mode`));
      });
    } else if (!this._queryable || this._ending) {
      const why = this._queryable
        ? 'Client was closed and is not queryable'
        : 'Client has encountered a connection error and is not queryable';
      process.nextTick(() => {
        work.handleError(new Error(why));
      });
    } else {
      this.queue.add(work, Number(limit) || 0);
    }
    return answer;
  }

  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    checkCallback(callback);
    this._ending = true;
    this.endAsked = true;
    if (!callback) {
      return new this.promise((resolve) => {
        this.finish(resolve);
      });
    }
    this.finish(callback);
    return undefined;
  }

  /** @param done called before the event `end` is told, as `pg` does it */
  protected finish(done: () => void): void {
    if (this._ended || this.opening === undefined) {
      done();
      return;
    }
    this.closing ??= this.opening.then(() => this.close());
    void this.closing.then(() => {
      process.nextTick(done);
    });
  }

  /** What is under way and what waits is refused, as a client of `pg` does that drops its socket. */
  private async close(): Promise<void> {
    const { session, db } = this;
    if (this._ended || db === undefined) return;
    if (session !== undefined) {
      if (this.pipeline) await this.queue.drainedOnce();
      this.queue.refuseAll(new Error(TERMINATED));
      void session.release({ discard: true });
    }
    // What is still under way nobody waits for any more.
    await db.close({ timeout: 1 });
    this.session = undefined;
    this.isOver();
    this.connection.destroyed();
    process.nextTick(() => {
      process.nextTick(() => this.emit('end'));
    });
  }

  copyFrom(text: string): Writable {
    return this.query(new CopyFrom(text));
  }

  copyTo(text: string): Readable {
    return this.query(new CopyTo(text));
  }

  setTypeParser(oid: number, format: TypeFormat | TypeParser, parser?: TypeParser): void {
    this._types.setTypeParser(oid, format, parser);
  }

  getTypeParser(oid: number, format?: TypeFormat): TypeParser {
    return this._types.getTypeParser(oid, format);
  }

  escapeIdentifier(text: string): string {
    return escapeIdentifier(text);
  }

  escapeLiteral(text: string): string {
    return escapeLiteral(text);
  }

  /** What the server said last; null before there was a session. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null {
    switch (this.session?.transactionStatus) {
      case 'idle':
        this.lastStatus = 'I';
        break;
      case 'open':
        this.lastStatus = 'T';
        break;
      case 'failed':
        this.lastStatus = 'E';
        break;
      default:
        break;
    }
    return this.lastStatus;
  }

  /** Of the types of `pg` only: it has neither. */
  pauseDrain(): void {
    // Nothing to do.
  }

  resumeDrain(): void {
    // Nothing to do.
  }

  /** An open session keeps the process alive. */
  ref(): void {
    this.hold.ref();
  }

  unref(): void {
    this.hold.unref();
  }
}

/** What a class of the program's, or a library that watches queries, may have put another in place of. */
export const ownQuery: unknown = Object.getOwnPropertyDescriptor(Client.prototype, 'query')?.value;
