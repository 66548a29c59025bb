import { PoolError, type PoolStats } from '../errors/index.js';
import type { Operation } from '../driver/operation.js';
import type { Session, SessionOwner } from '../driver/session.js';

interface Waiting {
  operation: Operation;
  /** When it gives up, in `performance.now()` time; Infinity for never. */
  deadline: number;
}

/** What waits to have a session for itself. */
export interface SessionPoolOptions {
  max: number;
  /** ms, 0 = no limit. */
  acquireTimeout: number;
  open: () => Promise<Session>;
}

/**
 * A bounded set of sessions. An operation gets an idle session at once, else a new one is opened as long as there are
 * fewer than `max`, else it waits; those who wait are served in order.
 */
export class SessionPool implements SessionOwner {
  private readonly idle: Session[] = [];
  private readonly sessions = new Set<Session>();
  private readonly waiting: Waiting[] = [];
  private head = 0;
  private opening = 0;
  private inUse = 0;
  private timer: NodeJS.Timeout | undefined;
  private closing: { resolve: () => void; promise: Promise<void> } | undefined;
  private waitCount = 0;

  constructor(private readonly options: SessionPoolOptions) {}

  /** Runs the operation on the next session that is free. */
  run(operation: Operation): void {
    if (this.closing !== undefined) {
      operation.refuse(new PoolError('KB_POOL_CLOSED', 'The database has been closed.'));
      return;
    }
    const session = this.idle.pop();
    if (session !== undefined) {
      this.inUse++;
      session.run(operation);
      return;
    }
    this.enqueue(operation);
    // One session for each that waits: those that are being opened already have a taker.
    if (
      this.opening < this.waiting.length - this.head &&
      this.sessions.size + this.opening < this.options.max
    ) {
      void this.open();
    }
  }

  /** Takes an operation that has not begun out of the queue; false when it is not there any more. */
  withdraw(operation: Operation): boolean {
    for (let i = this.head; i < this.waiting.length; i++) {
      if (this.waiting[i]?.operation === operation) {
        this.waiting.splice(i, 1);
        return true;
      }
    }
    return false;
  }

  sessionIdle(session: Session): void {
    this.inUse--;
    const next = this.dequeue();
    if (next !== undefined) {
      this.inUse++;
      session.run(next);
    } else if (this.closing !== undefined) {
      session.close();
    } else {
      this.idle.push(session);
    }
  }

  sessionClosed(session: Session): void {
    if (!this.sessions.delete(session)) return;
    const at = this.idle.indexOf(session);
    if (at >= 0) this.idle.splice(at, 1);
    else this.inUse--;
    if (this.waiting.length > this.head && this.opening === 0) void this.open();
    this.settleClosing();
  }

  stats(): PoolStats {
    return {
      maxOpenConnections: this.options.max,
      openConnections: this.sessions.size,
      inUse: this.inUse,
      idle: this.idle.length,
      waitCount: this.waitCount,
      waitDuration: 0,
      maxIdleClosed: 0,
      maxIdleTimeClosed: 0,
      maxLifetimeClosed: 0,
      connecting: this.opening,
      reconnects: 0,
      heartbeatFailures: 0,
    };
  }

  /** Refuses what comes from now on, lets what has begun or waits end, and closes every session. */
  close(): Promise<void> {
    if (this.closing === undefined) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.closing = { resolve, promise };
      for (const session of this.idle.splice(0)) {
        this.sessions.delete(session);
        session.close();
      }
      this.settleClosing();
    }
    return this.closing.promise;
  }

  private settleClosing(): void {
    if (this.sessions.size === 0 && this.opening === 0 && this.waiting.length === this.head) {
      clearTimeout(this.timer);
      this.closing?.resolve();
    }
  }

  private enqueue(operation: Operation): void {
    const { acquireTimeout } = this.options;
    const deadline = acquireTimeout === 0 ? Infinity : performance.now() + acquireTimeout;
    this.waitCount++;
    this.waiting.push({ operation, deadline });
    // One timer for the first in the queue, since all wait equally long: under load every operation queues, and a
    // timer for each would cost more than the operation.
    if (this.timer === undefined && deadline !== Infinity) this.armTimer(acquireTimeout);
  }

  private dequeue(): Operation | undefined {
    if (this.head === this.waiting.length) return undefined;
    const next = this.waiting[this.head];
    this.head++;
    if (this.head === this.waiting.length) {
      this.waiting.length = 0;
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.waiting.length) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
    return next?.operation;
  }

  private armTimer(delay: number): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.refuseExpired();
    }, delay);
    // What the waiting ones wait for keeps the process alive, not their patience.
    this.timer.unref();
  }

  private refuseExpired(): void {
    const now = performance.now();
    for (;;) {
      const first = this.waiting[this.head];
      if (first === undefined) return;
      if (first.deadline > now) {
        this.armTimer(Math.max(1, first.deadline - now));
        return;
      }
      this.dequeue()?.refuse(
        new PoolError(
          'KB_POOL_ACQUIRE_TIMEOUT',
          `No connection became free within ${this.options.acquireTimeout} ms: all ${this.options.max} are in use.`,
          {
            stats: this.stats(),
            hint: 'Raise pool.max or pool.acquireTimeout, or look for connections that are never released.',
          },
        ),
      );
    }
  }

  private async open(): Promise<void> {
    this.opening++;
    let session: Session;
    try {
      session = await this.options.open();
    } catch (error) {
      this.opening--;
      this.dequeue()?.refuse(error);
      // The others in the queue have had no attempt of their own yet.
      if (this.waiting.length > this.head && this.sessions.size === 0 && this.opening === 0) void this.open();
      this.settleClosing();
      return;
    }
    this.opening--;
    session.owner = this;
    this.sessions.add(session);
    this.inUse++;
    this.sessionIdle(session);
  }
}
