import { deferred } from '../../base/deferred.js';
import { nothing } from '../../base/nothing.js';
import { LONGEST_TIMER, startTimer } from '../../base/timers.js';
import { Check } from '../../driver/operations/check.js';
import { Checkout } from '../../driver/operations/checkout.js';
import type { SessionNotification } from '../../driver/around-session.js';
import type { Session, SessionOwner } from '../../driver/session.js';
import { ConnectionError, rejectedForCaller, UsageError, type KingbaseError } from '../../errors/index.js';
import { backoffDelay, CONNECT_BACKOFF } from '../../pool/backoff.js';
import { poolClosed } from '../../pool/refusals.js';
import { quoteIdentifier } from '../../sql/identifiers.js';
import { Limit, type LimitOptions } from '../calls/limit.js';
import { listenTimedOut } from '../calls/timeouts.js';
import { Subscription, type NotificationHandler } from './subscription.js';

/** Bytes of a name in PostgreSQL and KingbaseES (NAMEDATALEN - 1). */
const LONGEST_NAME = 63;

/** What a listener needs of its database. */
export interface ListenerOptions {
  open: () => Promise<Session>;
  /** ms between checks of the connection, 0 = none. */
  heartbeatInterval: () => number;
  heartbeatTimeout: () => number;
  heartbeatSql: () => string;
}

interface Channel {
  readonly subscriptions: Set<Subscription>;
  /** Settles as its LISTEN does. */
  begun: Promise<unknown>;
}

/**
 * All LISTENs of a database, on one session of their own: a pooled one would be busy or be closed. Listens again after a
 * loss, and says so. Its commands run one after the other, heartbeats among them; each has a limit, since each keeps
 * the others waiting, and a session that has not answered by then is closed.
 */
export class Listener implements SessionOwner {
  private readonly channels = new Map<string, Channel>();
  private session: Session | undefined;
  private opening: Promise<Session> | undefined;
  private commands: Promise<unknown> = Promise.resolve();
  private heartbeat: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private attempt = 0;
  /** Called when the session is idle again, or closed. */
  private freed = nothing;
  /** Ends, by rejecting, the waits of those who have asked before the database was closed. */
  private readonly closing = deferred<never>();
  private closed = false;

  constructor(private readonly options: ListenerOptions) {
    this.closing.promise.catch(nothing);
  }

  async listen(channel: string, handler: NotificationHandler, options?: LimitOptions): Promise<Subscription> {
    const name = quoteIdentifier(channel);
    if (Buffer.byteLength(channel) > LONGEST_NAME) {
      // The server would cut it, and listen to another channel than the one that is notified.
      throw new UsageError('KB_BAD_IDENTIFIER', `A channel's name can have ${LONGEST_NAME} bytes at most.`);
    }
    const limit = Limit.of(options, listenTimedOut);
    limit?.check();
    const subscription = Subscription.create(channel, handler, (ended) => this.unlisten(ended));
    let entry = this.channels.get(channel);
    if (entry === undefined) {
      entry = { subscriptions: new Set(), begun: this.run(`LISTEN ${name}`) };
      this.channels.set(channel, entry);
    }
    entry.subscriptions.add(subscription);
    // All who ask for a channel before its LISTEN has ended share how it ends.
    const begun = Promise.race([entry.begun, this.closing.promise]);
    try {
      await (limit === undefined ? begun : limit.race(begun));
    } catch (error) {
      if (limit?.over === true) void this.unlisten(subscription);
      else if (this.channels.get(channel) === entry) this.channels.delete(channel);
      this.settle();
      return rejectedForCaller(error, `LISTEN ${name}`);
    }
    this.settle();
    return subscription;
  }

  close(): void {
    this.closed = true;
    this.closing.reject(poolClosed());
    this.channels.clear();
    this.settle();
  }

  // ---- the session's owner

  notification(notification: SessionNotification): void {
    for (const { handler } of this.channels.get(notification.channel)?.subscriptions ?? []) {
      // In a task of its own, so that a handler that throws harms nothing but its program.
      queueMicrotask(() => {
        handler({ ...notification });
      });
    }
  }

  sessionIdle(): void {
    this.freed();
  }

  sessionClosed(session: Session, _error: KingbaseError | undefined): void {
    this.freed();
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
    const entry = this.channels.get(channel);
    if (entry?.subscriptions.delete(subscription) !== true || entry.subscriptions.size > 0) return;
    this.channels.delete(channel);
    // With the last channel the session goes too.
    if (this.channels.size > 0 && this.session !== undefined) {
      await this.run(`UNLISTEN ${quoteIdentifier(channel)}`).catch(nothing);
    }
    this.settle();
  }

  private run(sql: string): Promise<unknown> {
    const command = this.commands.then(async () => {
      for (;;) {
        const session = await this.ready();
        // It is looked at and begun on without anything in between: by now it can be lost, or at a chore of the driver's.
        if (session.idle) {
          await new Promise<void>((resolve, reject) => {
            session.run(new Checkout(nothing, sql, resolve, reject));
          });
          return;
        }
        if (session === this.session) await new Promise<void>((resolve) => (this.freed = resolve));
      }
    });
    this.commands = command.catch(nothing);
    return command;
  }

  private async ready(): Promise<Session> {
    if (this.closed) throw poolClosed();
    if (this.session !== undefined) return this.session;
    this.opening ??= this.options.open().finally(() => {
      this.opening = undefined;
    });
    const session = await this.opening;
    if (this.closed) {
      session.close();
      throw poolClosed();
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
    for (const { subscriptions } of this.channels.values()) {
      for (const { gapHandlers } of subscriptions) {
        for (const handler of gapHandlers) queueMicrotask(handler);
      }
    }
  }

  private armHeartbeat(): void {
    clearTimeout(this.heartbeat);
    const interval = this.options.heartbeatInterval();
    if (interval === 0) return;
    this.heartbeat = startTimer(() => {
      this.commands = this.commands.then(() => this.check());
    }, interval);
    this.heartbeat.unref();
  }

  private async check(): Promise<void> {
    const { session, options } = this;
    if (session === undefined) return;
    if (!session.idle) {
      this.armHeartbeat();
      return;
    }
    const alive = await new Promise<boolean>((resolve) => {
      session.run(
        new Check(options.heartbeatSql(), options.heartbeatTimeout(), (_session, answered) =>
          resolve(answered),
        ),
      );
    });
    if (alive) this.armHeartbeat();
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
