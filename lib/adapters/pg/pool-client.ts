import type { Connection } from '../../index.js';
import { Client, NO_PROCESS, ownQuery, type ConnectCallback } from './client.js';
import type { ClientConfig } from './config.js';
import { TERMINATED } from './errors.js';
import type { TypeFormat, TypeParser } from './type-overrides.js';

export type Release = (error?: Error | boolean) => void;

/** What a client needs of its pool. */
export interface ClientHost {
  /** Ends the client's session at once. */
  end(client: PoolClient): void;
  /** Gives up making a session for it. */
  giveUp(client: PoolClient, error: Error): void;
  /** A program has added something of its own to it. */
  altered(client: PoolClient): void;
  /** A statement of this name has this text on one of the clients. */
  named(name: string, text: string): void;
}

/** A client of a pool: the same object for as long as its session lives. */
export interface PoolClient extends Client {
  _poolUseCount: number;
  release: Release;
  /** @internal Hears of errors while it is idle. */
  whileIdle: (error: Error) => void;
  /** @internal The pool gives it its session for one use. */
  lend(session: Connection): void;
  /** @internal The same for the first time: a class of the program's may have a `connect` of its own. */
  meet(session: Connection): Promise<void> | undefined;
  /** @internal Calls `given` when what was asked of it has ended. */
  takeBack(given: (session: Connection | undefined) => void): void;
  /** @internal Nothing is to be asked of it any more, and what has been asked is refused. */
  giveUp(): void;
  /** @internal Its session has ended. */
  over(): void;
  /** @internal A program has added nothing of its own to it. */
  isPlain(): boolean;
  /** @internal A statement of this name has this text on its session. */
  noteName(name: string, text: string): void;
}

/** `Client`, or a class of a program's that extends it. */
export type ClientClass = new (config?: ClientConfig) => Client;
export type PoolClientClass = new (options: ClientConfig, lender: ClientHost) => PoolClient;

/** What a class of the program's, or a library, may have put another in place of. */
const ownConnect: unknown = Object.getOwnPropertyDescriptor(Client.prototype, 'connect')?.value;

/** Texts of named statements by their names, of which the pool learns. */
class NamesOfClient extends Map<string, string> {
  constructor(private readonly noted: (name: string, text: string) => void) {
    super();
  }

  override set(name: string, text: string): this {
    this.noted(name, text);
    return super.set(name, text);
  }
}

const classes = new WeakMap<ClientClass, PoolClientClass>();

/** The class of a pool's clients that are of this class, one for each. */
export function poolClientClass(of: ClientClass): PoolClientClass {
  let pooled = classes.get(of);
  if (pooled === undefined) {
    pooled = pooledClass(of);
    classes.set(of, pooled);
  }
  return pooled;
}

function pooledClass(Base: ClientClass): PoolClientClass {
  class PoolClient extends Base implements PoolClient {
    _poolUseCount = 0;
    declare release: Release;
    declare whileIdle: (error: Error) => void;
    private readonly whenOver: (() => void)[] = [];
    private readonly lender: ClientHost;
    /** Its session, while its `connect` is to have it. */
    private arrived: Connection | undefined;

    constructor(options: ClientConfig, lender: ClientHost) {
      super(options);
      this.lender = lender;
      for (const hidden of ['lender', 'whenOver', 'arrived'] as const) {
        Object.defineProperty(this, hidden, { value: this[hidden], writable: true, enumerable: false });
      }
      this.queue.named = new NamesOfClient((name, text) => {
        lender.named(name, text);
      });
      this.on('newListener', (event, listener) => {
        if (event !== 'newListener' && listener !== this.whileIdle) lender.altered(this);
      });
    }

    isPlain(): boolean {
      if (this.query !== ownQuery || !this._types.isEmpty() || this.connection.isHeard()) return false;
      for (const event of this.eventNames()) {
        if (event === 'newListener') continue;
        if (event !== 'error' || this.listeners(event).some((each) => each !== this.whileIdle)) return false;
      }
      return true;
    }

    noteName(name: string, text: string): void {
      const { named } = this.queue;
      if (named.get(name) !== text) named.set(name, text);
    }

    override setTypeParser(oid: number, format: TypeFormat | TypeParser, parser?: TypeParser): void {
      super.setTypeParser(oid, format, parser);
      this.lender.altered(this);
    }

    lend(session: Connection): void {
      this.attach(session);
      this.queue.start(session);
    }

    meet(session: Connection): Promise<void> | undefined {
      if (this.connect === ownConnect) {
        this.lend(session);
        return undefined;
      }
      this.arrived = session;
      return new Promise<void>((resolve, reject) => {
        this.connect((error) => {
          if (error) reject(error);
          else resolve();
        });
      }).finally(() => {
        // It may have connected in some other way.
        this.takeArrived();
      });
    }

    private takeArrived(): boolean {
      const { arrived } = this;
      if (arrived === undefined) return false;
      this.arrived = undefined;
      this.lend(arrived);
      return true;
    }

    protected override begin(callback: ConnectCallback): void {
      if (this.takeArrived()) callback(null, this);
      else super.begin(callback);
    }

    takeBack(given: (session: Connection | undefined) => void): void {
      this.queue.stop(() => {
        const { session } = this;
        this.session = undefined;
        given(session);
      });
    }

    giveUp(): void {
      this._ending = true;
      this.endAsked = true;
      this.queue.refuseAll(new Error(TERMINATED));
      this.connection.destroyed();
    }

    over(): void {
      this._ending = true;
      for (const tell of this.whenOver.splice(0)) process.nextTick(tell);
      if (this._ended) return;
      this.isOver();
      process.nextTick(() => this.emit('end'));
    }

    protected override finish(done: () => void): void {
      if (this._ended || this.processID === NO_PROCESS) {
        done();
        return;
      }
      this.whenOver.push(done);
      this.giveUp();
      this.endSession();
    }

    protected override giveUpConnecting(error: Error): void {
      this.lender.giveUp(this, error);
    }

    protected override endSession(): void {
      this.lender.end(this);
    }

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
  // As with `pg`, where a client is of the very class.
  Object.defineProperty(PoolClient.prototype, 'constructor', {
    value: Base,
    configurable: true,
    writable: true,
  });
  return PoolClient;
}

/** Of a pool that is given no class. */
export const PoolClient: PoolClientClass = poolClientClass(Client);
