import type { ResolvedPoolOptions } from '../config/index.js';
import { TransactionStatus } from '../driver/native.js';
import type { Operation, Session, SessionOwner } from '../driver/session.js';
import { KingbaseError, PoolError, type PoolStats } from '../errors/index.js';
import { Check } from './check.js';
import { SessionEngine } from './engine.js';
import { evicts, isTemporary } from './eviction.js';
import { Outage } from './outage.js';
import { Upkeep, type Member, type UpkeepHost } from './upkeep.js';
import { WaitingLine, type Waiter } from './waiting.js';

/** What a pool is told to report. */
export interface PoolEvents {
  opened(session: Session): void;
  /** `reason` in words; `error` where the connection was lost. */
  closed(session: Session, reason: string, error: KingbaseError | undefined): void;
  /** An attempt to connect has failed and will be repeated after `delay` ms. */
  unreachable(error: unknown, attempt: number, delay: number): void;
}

interface PoolMember extends Member {
  readonly engine: SessionEngine;
  /** A heartbeat is not use: since when the session it goes to had been idle before. */
  idleBefore: number | undefined;
  /** A ROLLBACK has been sent since it was last free of a transaction. */
  rolledBack: boolean;
  /** Not to be used again, and why. */
  evict: string | undefined;
}

/** `database/sql`'s maxBadConnRetries: on pooled connections, before a last attempt on a new one. */
const RETRIES_ON_POOLED = 2;

/**
 * A bounded set of sessions. An operation gets the session that was used last, at once when one is idle; else a new one
 * is opened as long as there are fewer than `max`; else it waits in line.
 *
 * While the server is away there is one attempt to connect at a time, with growing pauses, however many wait: the first
 * that succeeds lets the others follow.
 */
export class SessionPool implements SessionOwner, UpkeepHost {
  private readonly idle: Session[] = [];
  private readonly members = new Map<Session, PoolMember>();
  private readonly waiting = new WaitingLine();
  private readonly attempts = new WeakMap<Operation, number>();
  private engine: SessionEngine;
  private opening = 0;
  private inUse = 0;
  private expiry: NodeJS.Timeout | undefined;
  private readonly upkeep = new Upkeep(this);
  private closing: { promise: Promise<void>; resolve: () => void } | undefined;
  private outage: Outage | undefined;
  private everConnected = false;

  private waitCount = 0;
  private waitDuration = 0;
  private maxIdleClosed = 0;
  private maxIdleTimeClosed = 0;
  private maxLifetimeClosed = 0;
  private reconnects = 0;
  private heartbeatFailures = 0;
  private lostSessions = 0;

  /** @param writable a writable server was asked for (target_session_attrs) */
  constructor(
    private options: ResolvedPoolOptions,
    private readonly writable: boolean,
    private readonly open: () => Promise<Session>,
    private readonly events: PoolEvents,
  ) {
    this.engine = new SessionEngine(open, options.max);
  }

  // ---- the way of an operation

  /** Runs the operation on the next session that is free. */
  run(operation: Operation): void {
    const session = this.idle.pop();
    if (session === undefined || this.closing !== undefined) {
      if (session !== undefined) this.idle.push(session);
      this.wait(operation);
      return;
    }
    this.inUse++;
    this.begin(session, operation);
  }

  private begin(session: Session, operation: Operation): void {
    const { validateAfterIdle, heartbeatSql, heartbeatTimeout } = this.options;
    const member = this.members.get(session);
    if (
      validateAfterIdle === 0 ||
      member === undefined ||
      performance.now() - member.checkedAt <= validateAfterIdle
    ) {
      session.run(operation);
      return;
    }
    const since = performance.now();
    session.run(
      new Check(heartbeatSql, heartbeatTimeout, (_checked, alive) => {
        member.checkedAt = performance.now();
        // Its turn comes first of all, on this session when it goes idle now, else on another.
        this.waiting.unshift({ operation, since, deadline: this.deadline(since) });
        if (!alive) {
          this.heartbeatFailures++;
          this.grow();
        }
      }),
    );
  }

  private wait(operation: Operation): void {
    if (this.closing !== undefined) {
      operation.refuse(poolClosed());
      return;
    }
    if (this.waiting.length >= this.options.maxWaiting && !this.hasRoom()) {
      operation.refuse(
        new PoolError(
          'KB_POOL_FULL',
          `All ${this.options.max} connections are in use and ${this.waiting.length} calls wait.`,
          {
            stats: this.stats(),
            hint: 'Raise pool.max or pool.maxWaiting, or let the program make fewer calls at a time.',
          },
        ),
      );
      return;
    }
    const since = performance.now();
    this.waitCount++;
    this.waiting.push({ operation, since, deadline: this.deadline(since) });
    this.armExpiry();
    this.grow();
  }

  private hasRoom(): boolean {
    return this.outage === undefined && this.opening + this.members.size < this.options.max;
  }

  private deadline(since: number): number {
    return this.options.acquireTimeout === 0 ? Infinity : since + this.options.acquireTimeout;
  }

  /** Takes an operation that has not begun out of the line; false when it is not there any more. */
  withdraw(operation: Operation): boolean {
    return this.waiting.remove(operation);
  }

  /**
   * Runs an operation again whose connection was lost before anything of it was sent. The rule of Go's database/sql:
   * twice on pooled connections, then once on a new one. False when it has had all its attempts.
   */
  rerun(operation: Operation): boolean {
    const attempt = (this.attempts.get(operation) ?? 0) + 1;
    if (attempt > RETRIES_ON_POOLED + 1 || this.closing !== undefined) return false;
    this.attempts.set(operation, attempt);
    if (attempt > RETRIES_ON_POOLED) {
      // Two in a row were dead, so those that still lie here probably are too.
      for (const session of this.idle.splice(0)) this.retire(session, 'other connections were found dead');
    }
    const since = performance.now();
    this.waiting.unshift({ operation, since, deadline: this.deadline(since) });
    this.armExpiry();
    this.serve();
    return true;
  }

  /** Lets those who wait have what is idle, and opens sessions for the others. */
  private serve(): void {
    while (this.waiting.length > 0) {
      const session = this.idle.pop();
      if (session === undefined) break;
      this.inUse++;
      const next = this.takeWaiter();
      if (next !== undefined) this.begin(session, next.operation);
    }
    this.grow();
  }

  private takeWaiter(): Waiter | undefined {
    const waiter = this.waiting.shift();
    if (waiter !== undefined) this.waitDuration += performance.now() - waiter.since;
    if (this.waiting.length === 0) this.expiry?.unref();
    return waiter;
  }

  // ---- sessions coming back

  sessionIdle(session: Session): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    if (session.transactionStatus !== TransactionStatus.Idle) {
      this.rollBack(session, member);
      return;
    }
    const now = performance.now();
    member.checkedAt = now;
    member.rolledBack = false;
    if (member.evict !== undefined || now >= member.expiresAt) {
      if (member.evict === undefined) this.maxLifetimeClosed++;
      this.inUse--;
      this.retire(session, member.evict ?? 'it had reached its lifetime');
      this.serve();
      return;
    }
    const next = this.waiting.length === 0 ? undefined : this.takeWaiter();
    if (next !== undefined) {
      session.run(next.operation);
      return;
    }
    this.inUse--;
    if (this.closing !== undefined) {
      this.retire(session, 'the database was closed');
      return;
    }
    if (this.idle.length >= this.options.maxIdle) {
      this.maxIdleClosed++;
      this.retire(session, 'enough others were idle');
      return;
    }
    member.idleSince = member.idleBefore ?? now;
    member.idleBefore = undefined;
    this.idle.push(session);
    this.upkeep.noticeIdle();
  }

  /** A session never goes back inside a transaction; one that cannot be rolled back is not kept. */
  private rollBack(session: Session, member: PoolMember): void {
    if (member.rolledBack || member.evict !== undefined) {
      this.inUse--;
      this.retire(session, member.evict ?? 'its transaction could not be rolled back');
      this.serve();
      return;
    }
    session.run(
      new Check('ROLLBACK', this.options.heartbeatTimeout, () => {
        // Whatever it answered: if it is still inside a transaction afterwards it is not tried again.
        member.rolledBack = true;
      }),
    );
  }

  sessionClosed(session: Session, error: KingbaseError | undefined): void {
    if (error !== undefined && this.members.has(session)) this.lostSessions++;
    this.remove(session, error === undefined ? 'it was closed' : 'it was lost', error);
  }

  /** What the server said to a command on the session. */
  serverError(session: Session, sqlState: string): void {
    const member = this.members.get(session);
    if (member !== undefined && evicts(sqlState, this.writable))
      member.evict ??= `the server said ${sqlState}`;
  }

  /** Closes a session that nobody uses. */
  private retire(session: Session, reason: string): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    this.members.delete(session);
    this.events.closed(session, reason, undefined);
    member.engine.destroy(session);
    this.settleClosing();
    this.keepMinimum();
  }

  /** Forgets a session that has ended. */
  private remove(session: Session, reason: string, error: KingbaseError | undefined): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    this.members.delete(session);
    member.engine.destroy(session);
    if (!this.takeIdle(session)) this.inUse--;
    this.events.closed(session, reason, error);
    this.settleClosing();
    this.grow();
    this.keepMinimum();
  }

  // ---- new sessions

  /** Opens a session for each that waits, as far as there is room; those being opened have a taker already. */
  private grow(): void {
    while (this.waiting.length > this.opening && this.hasRoom()) void this.openOne();
    // While the server is away its timer makes the attempts, one at a time.
    this.planAttempt();
  }

  private keepMinimum(): void {
    if (this.closing !== undefined || !this.everConnected) return;
    while (this.opening + this.members.size < this.options.min && this.hasRoom()) void this.openOne();
  }

  private async openOne(): Promise<void> {
    this.opening++;
    const { engine } = this;
    let session: Session;
    try {
      session = await engine.open();
    } catch (error) {
      this.opening--;
      this.openFailed(error);
      return;
    }
    this.opening--;
    const { maxLifetime, lifetimeJitter } = this.options;
    const now = performance.now();
    const lifetime =
      maxLifetime === 0 ? Infinity : Math.max(maxLifetime - Math.random() * lifetimeJitter, maxLifetime / 2);
    this.members.set(session, {
      engine,
      expiresAt: now + lifetime,
      idleSince: now,
      idleBefore: undefined,
      checkedAt: now,
      rolledBack: false,
      evict: undefined,
    });
    session.owner = this;
    this.everConnected = true;
    if (this.lostSessions > 0) {
      this.lostSessions--;
      this.reconnects++;
    }
    this.outage?.end();
    this.outage = undefined;
    this.events.opened(session);
    this.inUse++;
    this.sessionIdle(session);
    this.grow();
    this.keepMinimum();
  }

  private openFailed(error: unknown): void {
    const code = error instanceof KingbaseError ? error.code : '';
    if (this.closing !== undefined) {
      this.settleClosing();
      return;
    }
    // Before the first connection, or where waiting cannot help, nobody is kept waiting. With live sessions those who
    // wait may still get one of them.
    if (this.members.size === 0 && (!this.everConnected || !isTemporary(code))) {
      if (this.opening > 0) return; // another attempt is under way and decides
      for (const { operation } of this.waiting.takeAll()) operation.refuse(error);
      return;
    }
    this.outage ??= new Outage(error);
    this.outage.error = error;
    this.planAttempt();
  }

  private planAttempt(): void {
    const { outage } = this;
    if (outage === undefined || outage.planned || this.opening > 0) return;
    if (this.waiting.length === 0 && this.members.size >= this.options.min) {
      // Nobody asks any more; the next who does makes the next attempt.
      this.outage = undefined;
      return;
    }
    outage.plan(
      () => void this.openOne(),
      (attempt, delay) => {
        this.events.unreachable(outage.error, attempt, delay);
      },
    );
  }

  // ---- time limits

  /** One timer for the first in line, for all wait equally long. It keeps the process alive while anybody waits. */
  private armExpiry(): void {
    const { first } = this.waiting;
    if (first === undefined || first.deadline === Infinity) return;
    if (this.expiry !== undefined) {
      if (this.waiting.length === 1) this.expiry.ref();
      return;
    }
    this.expiry = setTimeout(
      () => {
        this.expiry = undefined;
        this.refuseExpired();
      },
      Math.max(1, first.deadline - performance.now()),
    );
  }

  private refuseExpired(): void {
    const now = performance.now();
    for (
      let { first } = this.waiting;
      first !== undefined && first.deadline <= now;
      first = this.waiting.first
    ) {
      this.takeWaiter()?.operation.refuse(this.acquireTimeout());
    }
    this.armExpiry();
  }

  private acquireTimeout(): PoolError {
    const { acquireTimeout, max } = this.options;
    const cause = this.outage?.error;
    if (cause !== undefined) {
      const words = cause instanceof Error ? ` The last attempt said: ${cause.message}` : '';
      return new PoolError(
        'KB_POOL_ACQUIRE_TIMEOUT',
        `No connection within ${acquireTimeout} ms: the server cannot be reached.${words}`,
        {
          stats: this.stats(),
          cause,
          hint: 'Look whether the server runs and can be reached; connecting is tried again.',
        },
      );
    }
    return new PoolError(
      'KB_POOL_ACQUIRE_TIMEOUT',
      `No connection within ${acquireTimeout} ms: all ${max} are in use.`,
      {
        stats: this.stats(),
        hint: 'Raise pool.max or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
      },
    );
  }

  // ---- what happens while idle

  idleMembers(): [session: Session, member: Member][] {
    return this.idle.flatMap((session): [Session, Member][] => {
      const member = this.members.get(session);
      return member === undefined ? [] : [[session, member]];
    });
  }

  mayShrink(): boolean {
    return this.members.size > this.options.min;
  }

  dropIdle(session: Session, why: 'lifetime' | 'idle'): void {
    if (!this.takeIdle(session)) return;
    if (why === 'lifetime') this.maxLifetimeClosed++;
    else this.maxIdleTimeClosed++;
    this.retire(session, why === 'lifetime' ? 'it had reached its lifetime' : 'it was idle for too long');
  }

  private takeIdle(session: Session): boolean {
    const at = this.idle.indexOf(session);
    if (at >= 0) this.idle.splice(at, 1);
    return at >= 0;
  }

  /** Takes one idle session, and no other, for as long as its answer takes. */
  heartbeat(session: Session): void {
    const member = this.members.get(session);
    if (member === undefined || !this.takeIdle(session)) return;
    this.inUse++;
    member.idleBefore = member.idleSince;
    session.run(
      new Check(this.options.heartbeatSql, this.options.heartbeatTimeout, (_checked, alive) => {
        if (!alive) this.heartbeatFailures++;
      }),
    );
  }

  // ---- from outside

  /** Changes the options of a pool that is in use; what is open beyond the new limits is closed when it comes back. */
  configure(options: ResolvedPoolOptions): void {
    const grown = options.max !== this.options.max;
    this.options = options;
    if (grown) this.engine = new SessionEngine(this.open, options.max);
    while (this.idle.length > 0 && (this.idle.length > options.maxIdle || this.members.size > options.max)) {
      const session = this.idle.shift();
      if (session === undefined) break;
      this.maxIdleClosed++;
      this.retire(session, 'the pool was made smaller');
    }
    this.upkeep.rearm();
    this.serve();
    this.keepMinimum();
  }

  get poolOptions(): ResolvedPoolOptions {
    return this.options;
  }

  stats(): PoolStats {
    return {
      maxOpenConnections: this.options.max,
      openConnections: this.members.size,
      inUse: this.inUse,
      idle: this.idle.length,
      waitCount: this.waitCount,
      waitDuration: this.waitDuration,
      maxIdleClosed: this.maxIdleClosed,
      maxIdleTimeClosed: this.maxIdleTimeClosed,
      maxLifetimeClosed: this.maxLifetimeClosed,
      connecting: this.opening,
      reconnects: this.reconnects,
      heartbeatFailures: this.heartbeatFailures,
    };
  }

  /**
   * Refuses new operations, lets those made before end, and closes every session.
   *
   * @param timeout ms after which what is still going on is cancelled and what still waits is refused; 0 = never
   */
  close(timeout: number): Promise<void> {
    if (this.closing === undefined) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.closing = { promise, resolve };
      for (const session of this.idle.splice(0)) this.retire(session, 'the database was closed');
      if (timeout > 0) this.hurryClosing(timeout);
      this.settleClosing();
    }
    return this.closing.promise;
  }

  private hurryClosing(timeout: number): void {
    const grace = Math.max(this.options.heartbeatTimeout, 100);
    const timer = setTimeout(() => {
      for (const { operation } of this.waiting.takeAll()) operation.refuse(poolClosed());
      for (const session of this.members.keys()) session.cancel();
      // A session that does not answer the cancel, or that somebody keeps checked out, is closed under them.
      const last = setTimeout(() => {
        for (const session of [...this.members.keys()]) session.close();
      }, grace);
      last.unref();
      this.settleClosing();
    }, timeout);
    void this.closing?.promise.then(() => {
      clearTimeout(timer);
    });
  }

  private settleClosing(): void {
    if (this.closing === undefined || this.members.size > 0 || this.opening > 0 || this.waiting.length > 0)
      return;
    clearTimeout(this.expiry);
    this.upkeep.stop();
    this.outage?.end();
    this.closing.resolve();
  }
}

function poolClosed(): PoolError {
  return new PoolError('KB_POOL_CLOSED', 'The database has been closed.', {
    hint: 'Make no calls after close(), or open the database again.',
  });
}
