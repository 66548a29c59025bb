import { nothing } from '../../base/nothing.js';
import { LONGEST_TIMER } from '../../base/timers.js';
import type { Session, SessionOwner } from '../../driver/session.js';
import { Script } from '../../driver/operations/script.js';
import { ConnectionError, UsageError, type KingbaseError } from '../../errors/index.js';
import { PoolError } from '../../pool/pool-error.js';
import { backoffDelay, CONNECT_BACKOFF } from '../../pool/backoff.js';
import { Check } from '../../driver/operations/check.js';
import { quoteIdentifier } from '../../sql/identifiers.js';

/** Bytes of a name in PostgreSQL and KingbaseES (NAMEDATALEN - 1). */
const LONGEST_NAME = 63;

export interface ChannelNotification {
  channel: string;
  payload: string;
  /** The server process that sent it. */
  processId: number;
}

export type NotificationHandler = (notification: ChannelNotification) => void;

/** What a listener needs of its database. */
export interface ListenerOptions {
  open: () => Promise<Session>;
  /** ms between checks of the connection, 0 = none. */
  heartbeatInterval: () => number;
  heartbeatTimeout: () => number;
  heartbeatSql: () => string;
}

/** An interest in a channel; ends by `close` or by being disposed of. */
export class Subscription {
  /** @internal */
  readonly gapHandlers = new Set<() => void>();

  constructor(
    readonly channel: string,
    /** @internal */
    readonly handler: NotificationHandler,
    private readonly end: (subscription: Subscription) => Promise<void>,
  ) {}

  /**
   * `gap`: the connection was lost and the channel is listened to again; what was notified meanwhile is missed, so look
   * at the data itself.
   */
  on(_event: 'gap', handler: () => void): this {
    this.gapHandlers.add(handler);
    return this;
  }

  off(_event: 'gap', handler: () => void): this {
    this.gapHandlers.delete(handler);
    return this;
  }

  /** No notification reaches the handler afterwards. */
  close(): Promise<void> {
    return this.end(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * All LISTENs of a database, on one session of their own: a pooled one would be busy or be closed. Listens again after a
 * loss, and says so.
 */
export class Listener implements SessionOwner {
  private readonly channels = new Map<string, Set<Subscription>>();
  /** The LISTEN of each channel, which has ended or goes on. */
  private readonly begun = new Map<string, Promise<unknown>>();
  private session: Session | undefined;
  private opening: Promise<Session> | undefined;
  private commands: Promise<unknown> = Promise.resolve();
  private heartbeat: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private attempt = 0;
  private closed = false;

  constructor(private readonly options: ListenerOptions) {}

  async listen(channel: string, handler: NotificationHandler): Promise<Subscription> {
    const name = quoteIdentifier(channel);
    if (Buffer.byteLength(channel) > LONGEST_NAME) {
      // The server would cut it, and listen to another channel than the one that is notified.
      throw new UsageError('KB_BAD_IDENTIFIER', `A channel's name can have ${LONGEST_NAME} bytes at most.`);
    }
    const subscription = new Subscription(channel, handler, (ended) => this.unlisten(ended));
    const others = this.channels.get(channel);
    if (others === undefined) {
      this.channels.set(channel, new Set([subscription]));
      this.begun.set(channel, this.run(`LISTEN ${name}`));
    } else {
      others.add(subscription);
    }
    try {
      // All who ask for a channel before its LISTEN has ended share how it ends.
      await this.begun.get(channel);
    } catch (error) {
      this.channels.delete(channel);
      this.settle();
      throw error;
    }
    this.settle();
    return subscription;
  }

  notification(session: Session, channel: string, payload: string, processId: number): void {
    // A program may LISTEN to the same channel on a connection of its own.
    if (session !== this.session) return;
    for (const { handler } of this.channels.get(channel) ?? []) {
      // In a task of its own, so that a handler that throws harms nothing but its program.
      queueMicrotask(() => {
        handler({ channel, payload, processId });
      });
    }
  }

  close(): void {
    this.closed = true;
    this.channels.clear();
    this.settle();
  }

  // ---- the session's owner

  sessionIdle(): void {
    // Commands wait for one another by `commands`.
  }

  sessionClosed(session: Session, _error: KingbaseError | undefined): void {
    if (this.session !== session) return;
    this.session = undefined;
    clearTimeout(this.heartbeat);
    if (this.channels.size > 0) this.reconnect();
  }

  rerun(): boolean {
    return false;
  }

  // ----

  private async unlisten(subscription: Subscription): Promise<void> {
    const { channel } = subscription;
    const subscriptions = this.channels.get(channel);
    if (subscriptions?.delete(subscription) !== true || subscriptions.size > 0) return;
    this.channels.delete(channel);
    // With the last channel the session goes too.
    if (this.channels.size > 0 && this.session !== undefined) {
      await this.run(`UNLISTEN ${quoteIdentifier(channel)}`).catch(() => undefined);
    }
    this.settle();
  }

  private run(sql: string): Promise<unknown> {
    const command = this.commands.then(async () => {
      const session = await this.ready();
      await new Promise((resolve, reject) => {
        session.run(new Script(sql, resolve, reject));
      });
    });
    this.commands = command.catch(() => undefined);
    return command;
  }

  private async ready(): Promise<Session> {
    if (this.closed) throw databaseClosed();
    if (this.session !== undefined) return this.session;
    this.opening ??= this.options.open().finally(() => {
      this.opening = undefined;
    });
    const session = await this.opening;
    if (this.closed) {
      session.close();
      throw databaseClosed();
    }
    if (!session.idle) {
      throw new ConnectionError(
        'KB_CONNECT_LOST',
        `The connection to ${session.address} was lost as soon as it was made.`,
        {
          outcome: 'not-sent',
          address: session.address,
        },
      );
    }
    session.owner = this;
    this.session = session;
    this.armHeartbeat();
    return session;
  }

  private reconnect(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(
      () => {
        const channels = [...this.channels.keys()].map((channel) => `LISTEN ${quoteIdentifier(channel)}`);
        void this.run(channels.join(';')).then(
          () => {
            this.tellOfGap();
            // The last channel may have been closed meanwhile.
            this.settle();
          },
          () => {
            if (this.channels.size === 0 || this.closed) return;
            // A server may take the connection and refuse LISTEN: a standby does.
            if (this.session === undefined) this.reconnect();
            else this.session.close();
          },
        );
      },
      backoffDelay(CONNECT_BACKOFF, this.attempt++, Math.random()),
    );
  }

  private tellOfGap(): void {
    this.attempt = 0;
    for (const subscriptions of this.channels.values()) {
      for (const { gapHandlers } of subscriptions) {
        for (const handler of gapHandlers) queueMicrotask(handler);
      }
    }
  }

  private armHeartbeat(): void {
    clearTimeout(this.heartbeat);
    const interval = this.options.heartbeatInterval();
    if (interval === 0) return;
    this.heartbeat = setTimeout(() => {
      this.commands = this.commands.then(
        () =>
          new Promise<void>((resolve) => {
            const { session } = this;
            if (session?.idle !== true) {
              resolve();
              return;
            }
            session.run(
              new Check(this.options.heartbeatSql(), this.options.heartbeatTimeout(), (_session, alive) => {
                if (alive) this.armHeartbeat();
                resolve();
              }),
            );
          }),
      );
    }, interval);
    this.heartbeat.unref();
  }

  /** A program that listens does not end by itself; one that has stopped listening needs no session for it. */
  private settle(): void {
    const listening = this.channels.size > 0;
    if (listening && this.keepAlive === undefined) {
      this.keepAlive = setInterval(nothing, LONGEST_TIMER);
    } else if (!listening) {
      clearInterval(this.keepAlive);
      this.keepAlive = undefined;
      clearTimeout(this.heartbeat);
      clearTimeout(this.retry);
      const { session } = this;
      this.session = undefined;
      session?.close();
    }
  }
}

function databaseClosed(): PoolError {
  return new PoolError('KB_POOL_CLOSED', 'The database has been closed.', {
    hint: 'Make no calls after close(), or open the database again.',
  });
}
