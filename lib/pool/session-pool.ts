import { deferred, type Deferred } from '../base/deferred.js';
import { startTimer } from '../base/timers.js';
import type { ResolvedPoolOptions } from '../config/index.js';
import { TransactionStatus } from '../addon/interface.js';
import type { Operation, Session, SessionOwner } from '../driver/session.js';
import { ConnectionError, KingbaseError, type PoolStats } from '../errors/index.js';
import { Check } from '../driver/operations/check.js';
import { SessionEngine } from './engine.js';
import { evicts, isTemporary, READ_ONLY_TRANSACTION } from './eviction.js';
import { Offers } from './offers.js';
import { Outage } from './outage.js';
import { acquireTimedOut, poolClosed, poolFull, type PoolState } from './refusals.js';
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

/** `database/sql`'s maxBadConnRetries: so many attempts on pooled connections, then a last one on a new one. */
const ATTEMPTS_ON_POOLED = 2;

/** ms between two times that all connections to a read-only server are given up. */
const LEAVE_PAUSE = 1_000;

/** ms after which what was offered to a session that does not come to it is run by the next that is free. */
const OFFER_PATIENCE = 10;

/** Operations that begin one inside the other. */
const DEEPEST = 50;

/**
 * A bounded set of sessions. An operation gets the session that was used last, at once when one is idle; else a new one
 * is opened as long as there are fewer than `max`; else it waits in line. The first in line may be offered to a busy
 * session, which goes on with it by itself.
 *
 * While the server is away there is one attempt to connect at a time, with growing pauses, however many wait: the first
 * that succeeds lets the others follow.
 */
export class SessionPool implements SessionOwner, UpkeepHost {
  private readonly idle: Session[] = [];
  private readonly members = new Map<Session, PoolMember>();
  private readonly waiting = new WaitingLine();
  private readonly offers = new Offers();
  private readonly attempts = new WeakMap<Operation, { count: number; since: number }>();
  private engine: SessionEngine;
  private opening = 0;
  private inUse = 0;
  /** Sessions that are being checked for somebody who waits. */
  private checking = 0;
  private depth = 0;
  private expiry: NodeJS.Timeout | undefined;
  private readonly upkeep = new Upkeep(this);
  private closing: Deferred<void> | undefined;
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
  private leftAt = -Infinity;

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
    if (session !== undefined) {
      if (this.closing === undefined && this.waiting.length === 0 && !this.isStale(session)) {
        this.inUse++;
        session.run(operation);
        return;
      }
      this.idle.push(session);
    }
    this.wait(operation);
  }

  /** Whether the session is to be checked before it is used. */
  private isStale(session: Session): boolean {
    const { validateAfterIdle } = this.options;
    if (validateAfterIdle === 0) return false;
    const member = this.members.get(session);
    return member !== undefined && performance.now() - member.checkedAt > validateAfterIdle;
  }

  /** Checks a session for the first in line, who has it when it comes back, unless another comes back before. */
  private check(session: Session): void {
    this.checking++;
    session.run(
      new Check(this.options.heartbeatSql, this.options.heartbeatTimeout, (_checked, alive) => {
        this.checking--;
        if (alive) return;
        this.heartbeatFailures++;
        this.serve();
      }),
    );
  }

  private wait(operation: Operation): void {
    if (this.closing !== undefined) {
      operation.refuse(poolClosed());
      return;
    }
    if (this.waitingCount >= this.options.maxWaiting && this.idle.length === 0 && !this.hasRoom()) {
      operation.refuse(poolFull(this.state));
      return;
    }
    const since = performance.now();
    this.waitCount++;
    this.waiting.push({ operation, since, deadline: this.deadline(since) });
    this.armExpiry();
    this.serve();
  }

  private get waitingCount(): number {
    return this.waiting.length + this.offers.length;
  }

  private hasRoom(): boolean {
    return this.outage === undefined && this.opening + this.members.size < this.options.max;
  }

  private deadline(since: number): number {
    return this.options.acquireTimeout === 0 ? Infinity : since + this.options.acquireTimeout;
  }

  /** Takes an operation that has not begun out of the line; false when it is not there any more. */
  withdraw(operation: Operation): boolean {
    const withdrawn = this.waiting.remove(operation);
    if (withdrawn) this.lineIsShorter();
    return withdrawn;
  }

  /**
   * Runs an operation again whose connection was lost before anything of it was sent. The rule of Go's database/sql:
   * twice on pooled connections, then once on a new one. False when it has had all its attempts.
   */
  rerun(operation: Operation): boolean {
    const { count, since } = this.attempts.get(operation) ?? { count: 1, since: performance.now() };
    if (count > ATTEMPTS_ON_POOLED || this.closing !== undefined) return false;
    this.attempts.set(operation, { count: count + 1, since });
    if (count === ATTEMPTS_ON_POOLED) {
      // Two in a row were dead, so those that still lie here probably are too.
      for (const session of this.idle.splice(0)) this.retire(session, 'other connections were found dead');
    }
    this.waiting.unshift({ operation, since, deadline: this.deadline(since) });
    this.armExpiry();
    this.serve();
    return true;
  }

  /** Lets those who wait have what is idle, and opens sessions for the others. */
  private serve(): void {
    while (this.waiting.length > this.checking) {
      const session = this.idle.pop();
      if (session === undefined) break;
      this.inUse++;
      if (this.isStale(session)) this.check(session);
      else this.hand(session, this.takeWaiter(performance.now()));
    }
    this.grow();
  }

  private takeWaiter(now: number): Waiter | undefined {
    const waiter = this.leaveLine();
    if (waiter !== undefined) this.waitDuration += now - waiter.since;
    return waiter;
  }

  private leaveLine(): Waiter | undefined {
    const waiter = this.waiting.shift();
    if (this.waiting.length === 0) this.expiry?.unref();
    return waiter;
  }

  /** Who has the session that is free now: before the first in line whose offer another session has kept too long. */
  private takeNext(now: number): Waiter | undefined {
    const late = this.offers.takeBack(this.waiting.length > 0 ? OFFER_PATIENCE : 0, now);
    if (late !== undefined) this.waiting.unshift(late);
    return this.takeWaiter(now);
  }

  /** Offers the first in line to a session that is busy. */
  private offer(session: Session, member: PoolMember, now: number): void {
    if (this.waiting.length === 0) return;
    if (member.evict !== undefined || now >= member.expiresAt || this.members.size > this.options.max) return;
    const late = this.offers.takeBack(OFFER_PATIENCE, now);
    if (late !== undefined) this.waiting.unshift(late);
    const { first } = this.waiting;
    if (first !== undefined && this.offers.make(session, first, now)) this.leaveLine();
  }

  sessionGoesOn(session: Session): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    const now = performance.now();
    member.checkedAt = now;
    this.offers.begun(session, now);
    this.offer(session, member, now);
  }

  offerReturned(session: Session): void {
    const waiter = this.offers.returned(session);
    if (waiter === undefined) return;
    this.waiting.unshift(waiter);
    this.armExpiry();
    this.serve();
  }

  /** Begins a waiter's operation on a session that is in use for it already. */
  private hand(session: Session, waiter: Waiter | undefined): void {
    if (waiter === undefined) return;
    // Operations that end as they begin, for a parameter that cannot be written, bring the session back to here: a long
    // line of them is not to become as deep a stack.
    if (this.depth >= DEEPEST) {
      queueMicrotask(() => session.run(waiter.operation));
      return;
    }
    this.depth++;
    session.run(waiter.operation);
    this.depth--;
  }

  /** Somebody has left the line. */
  private lineIsShorter(): void {
    // A timer for nobody is not to keep the process alive.
    if (this.waiting.length === 0) this.expiry?.unref();
    this.settleClosing();
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
    if (member.evict === undefined && this.members.size > this.options.max)
      member.evict = 'the pool was made smaller';
    if (member.evict !== undefined || now >= member.expiresAt) {
      if (member.evict === undefined) this.maxLifetimeClosed++;
      this.inUse--;
      this.retire(session, member.evict ?? 'it had reached its lifetime');
      this.serve();
      return;
    }
    const waiter = this.takeNext(now);
    if (waiter !== undefined) {
      member.idleBefore = undefined;
      this.hand(session, waiter);
      this.offer(session, member, now);
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
    this.upkeep.noticeIdle(member);
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
    if (member === undefined || !evicts(sqlState, this.writable)) return;
    member.evict ??= `the server said ${sqlState}`;
    if (sqlState === READ_ONLY_TRANSACTION) this.leave(session.address);
  }

  /**
   * The server there takes no writes any more: so that it is found out once and not by each connection, none of those
   * made before is used again. Not more often than now and then: a program that writes in READ ONLY transactions of its
   * own gets the same error.
   */
  private leave(address: string): void {
    const now = performance.now();
    if (now < this.leftAt + LEAVE_PAUSE) return;
    this.leftAt = now;
    const reason = 'its server takes no writes any more';
    for (const [other, member] of [...this.members]) {
      if (other.address !== address) continue;
      if (this.takeIdle(other)) this.retire(other, reason);
      else member.evict ??= reason;
    }
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

  /** Opens a session for each that waits, as far as there is room; those being opened or checked have a taker already. */
  private grow(): void {
    while (this.waiting.length > this.opening + this.checking && this.hasRoom()) void this.openOne();
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
    if (!session.idle) {
      // Lost again between its making and our learning of it, when nobody owned it who could have been told.
      engine.destroy(session);
      this.openFailed(
        new ConnectionError(
          'KB_CONNECT_LOST',
          `The connection to ${session.address} was lost as soon as it was made.`,
          {
            outcome: 'not-sent',
            address: session.address,
            hint: 'See the server log: it ends connections, or is ending itself.',
          },
        ),
      );
      return;
    }
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
    // Before the first connection, or where waiting cannot help, nobody is kept waiting. With live sessions those who
    // wait may still get one of them.
    if (
      this.members.size === 0 &&
      (this.closing !== undefined || !this.everConnected || !isTemporary(code))
    ) {
      if (this.opening > 0) return; // another attempt is under way and decides
      for (const { operation } of this.waiting.takeAll()) operation.refuse(error);
      this.lineIsShorter();
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
    const first = this.offers.oldest ?? this.waiting.first;
    if (first === undefined) return;
    if (this.expiry !== undefined) {
      if (this.waiting.length === 1) this.expiry.ref();
      return;
    }
    this.expiry = startTimer(() => {
      this.expiry = undefined;
      this.refuseExpired();
    }, first.deadline - performance.now());
  }

  private refuseExpired(): void {
    const now = performance.now();
    for (const { operation } of this.offers.takeExpired(now)) operation.refuse(acquireTimedOut(this.state));
    for (
      let { first } = this.waiting;
      first !== undefined && first.deadline <= now;
      first = this.waiting.first
    ) {
      this.takeWaiter(now)?.operation.refuse(acquireTimedOut(this.state));
    }
    this.settleClosing();
    this.armExpiry();
  }

  private get state(): PoolState {
    const { max, acquireTimeout } = this.options;
    const { opening, inUse, outage } = this;
    return { max, acquireTimeout, waiting: this.waitingCount, opening, inUse, outage, stats: this.stats() };
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
    clearTimeout(this.expiry);
    this.expiry = undefined;
    this.armExpiry();
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
      waitDuration: this.waitDuration + this.offers.waitDuration,
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
      this.closing = deferred();
      for (const session of this.idle.splice(0)) this.retire(session, 'the database was closed');
    }
    const { promise } = this.closing;
    // Also where closing has begun without a limit.
    if (timeout > 0) this.hurryClosing(timeout, promise);
    this.settleClosing();
    return promise;
  }

  private hurryClosing(timeout: number, closed: Promise<void>): void {
    const grace = Math.max(this.options.heartbeatTimeout, 100);
    let timer = startTimer(() => {
      for (const { operation } of this.offers.takeExpired(Infinity)) operation.refuse(poolClosed());
      for (const { operation } of this.waiting.takeAll()) operation.refuse(poolClosed());
      for (const session of this.members.keys()) session.cancel();
      // A session that does not answer the cancel, or that somebody keeps checked out, is closed under them.
      timer = startTimer(() => {
        for (const session of [...this.members.keys()]) session.close();
      }, grace);
      this.settleClosing();
    }, timeout);
    void closed.then(() => {
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
