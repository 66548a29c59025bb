import type { Connection } from '../../index.js';
import { Client, NO_PROCESS } from './client.js';
import type { ClientConfig } from './config.js';
import { TERMINATED } from './errors.js';

export type Release = (error?: Error | boolean) => void;

/** What a client needs of its pool. */
export interface ClientHost {
  /** Ends the client's session at once. */
  end(client: PoolClient): void;
  /** Gives up making a session for it. */
  giveUp(client: PoolClient, error: Error): void;
}

/** A client of a pool: the same object for as long as its session lives. */
export class PoolClient extends Client {
  _poolUseCount = 0;
  declare release: Release;
  /** @internal Hears of errors while it is idle. */
  declare whileIdle: (error: Error) => void;
  private readonly whenOver: (() => void)[] = [];

  /** @internal */
  constructor(
    options: ClientConfig,
    private readonly lender: ClientHost,
  ) {
    super(options);
    for (const hidden of ['lender', 'whenOver'] as const) {
      Object.defineProperty(this, hidden, { value: this[hidden], enumerable: false });
    }
  }

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

  /** @internal Nothing is to be asked of it any more, and what has been asked is refused. */
  giveUp(): void {
    this._ending = true;
    this.queue.refuseAll(new Error(TERMINATED));
    this.connection.destroyed();
  }

  /** @internal Its session has ended. */
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
