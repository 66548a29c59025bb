// Longer than other files: the parts of the pool stand beside it (line, opening, closing, upkeep, counters), and here is what
// binds them, where each has to see the idle sessions and the members.
import { mostIdle, type ResolvedPoolOptions } from '../config/index.js';
import { TransactionStatus, type NativeFailure } from '../addon/interface.js';
import { Check } from '../driver/operations/check.js';
import type { Operation, Session, SessionOwner } from '../driver/session.js';
import type { KingbaseError } from '../errors/index.js';
import { evicts } from '../errors/server-going-away.js';
import { Closing, type ClosingHost } from './closing.js';
import type { OpenSession, SessionEngine } from './engine.js';
import { Leaving } from './eviction.js';
import { PoolLine } from './line.js';
import { Opening, type OpeningHost } from './opening.js';
import {
  acquireTimedOut,
  poolClosed,
  poolFull,
  reasonOfWaiting,
  type PoolState,
  type WaitReason,
} from './refusals.js';
import { Reruns } from './rerun.js';
import { ALONE, type PoolRole } from './role.js';
import type { Sharer } from './shared-limit.js';
import { Counters, type PoolStats } from './stats.js';
import { Upkeep, type Member, type UpkeepHost } from './upkeep.js';
import { UseTimes, type PoolWatcher } from './use-times.js';

/** What a pool is told to report. */
export interface PoolEvents {
  opened(session: Session): void;
  /** `reason` in words; `error` where the connection was lost. */
  closed(session: Session, reason: string, error: KingbaseError | undefined): void;
  /** An attempt to connect has failed and will be repeated after `delay` ms. */
  unreachable(error: unknown, attempt: number, delay: number): void;
  /** A call on the pool, of which the next may run on another session, has left a transaction open; it is rolled back. */
  leftOpen(): void;
  /** Whether what has failed so may be run elsewhere; absent where nothing is. */
  mayRunElsewhere?(failure: NativeFailure): boolean;
  /**
   * Runs an operation elsewhere that has failed on one of the pool's sessions; `failure` is undefined where nothing of it
   * was sent. False, and nothing is done, where the pool is to go on with it.
   */
  runElsewhere?(operation: Operation, failure: NativeFailure | undefined): boolean;
  /** A session has come back for which nobody waits. */
  spare?(): void;
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

/** ms that closing in a hurry waits for the answer to a cancel request, which takes a connection of its own. */
const LONGEST_GRACE = 1_000;

const PLACE_NEEDED = 'its place was needed for a connection to another server';

/** Operations that begin one inside the other. */
const DEEPEST = 50;

/**
 * A bounded set of sessions. An operation gets the session that was used last, at once when one is idle; else a new one
 * is opened as long as there are fewer than `max`; else it waits in line. The first in line may be offered to a busy
 * session, which goes on with it by itself.
 *
 * While the server is away there is one attempt to connect at a time, with growing pauses, however many wait: the first
 * that succeeds lets the others follow (`Opening`).
 */
export class SessionPool implements SessionOwner, UpkeepHost, OpeningHost, ClosingHost, Sharer {
  private readonly idle: Session[] = [];
  private readonly members = new Map<Session, PoolMember>();
  private readonly line = new PoolLine(
    () => this.options.acquireTimeout,
    (late) => this.refuseLate(late),
  );
  private readonly reruns = new Reruns();
  private readonly counters = new Counters();
  private readonly upkeep = new Upkeep(this);
  private readonly leaving = new Leaving();
  private readonly opening: Opening;
  private closing: Closing | undefined;
  private inUse = 0;
  /** There only while somebody counts. */
  private useTimes: UseTimes | undefined;
  /** Sessions that are being checked for somebody who waits. */
  private checking = 0;
  private depth = 0;

  /** @param writable a writable server was asked for (target_session_attrs) */
  constructor(
    private options: ResolvedPoolOptions,
    private readonly writable: boolean,
    open: OpenSession,
    private readonly events: PoolEvents,
    private readonly role: PoolRole = ALONE,
  ) {
    this.opening = new Opening(open, this, options.max);
    role.shared?.join(this);
  }

  // ---- the way of an operation

  /** Runs the operation on the next session that is free. */
  run(operation: Operation): void {
    const session = this.idle.pop();
    if (session !== undefined) {
      if (this.closing === undefined && this.line.length === 0 && !this.isStale(session)) {
        this.inUse++;
        if (this.useTimes !== undefined) {
          this.useTimes.waited(0);
          this.useTimes.took(session);
        }
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
    const member = this.members.get(session);
    // It goes back to its place where whoever it is checked for is served by another, or has gone.
    if (member !== undefined) member.idleBefore = member.idleSince;
    session.run(
      new Check(this.options.heartbeatSql, this.options.heartbeatTimeout, (_checked, alive) => {
        this.checking--;
        if (alive) return;
        this.counters.heartbeatFailures++;
        this.serve();
      }),
    );
  }

  private wait(operation: Operation): void {
    if (this.closing !== undefined) {
      operation.refuse(poolClosed());
      return;
    }
    // Those for whom a connection is made, or one that is idle is looked at, have what they wait for in view.
    const inView = this.room + this.checking;
    if (this.line.total - inView >= this.options.maxWaiting && this.idle.length === 0) {
      operation.refuse(poolFull(this.state));
      return;
    }
    this.line.join(operation);
    this.serve();
  }

  /** Connections that there could be besides those there are. */
  private get room(): number {
    return Math.min(this.opening.room, this.role.shared?.roomFor(this) ?? Infinity);
  }

  /** Whether one more could begin without waiting for the end of another. */
  get free(): boolean {
    return this.idle.length + this.room > this.line.total;
  }

  /** Takes who would have the next session that is free, if `may` says so. */
  yieldFirst(may: (operation: Operation) => boolean): Operation | undefined {
    const yielded = this.line.yieldFirst(performance.now(), may);
    if (yielded !== undefined) this.settleClosing();
    return yielded;
  }

  /** Runs what has waited in another pool. */
  takeOver(operation: Operation): void {
    this.line.joinFirst(operation);
    this.serve();
  }

  /** Takes an operation that has not begun out of the line; false when it is not there any more. */
  withdraw(operation: Operation): boolean {
    const withdrawn = this.line.leave(operation);
    if (withdrawn) this.settleClosing();
    return withdrawn;
  }

  /** Why an operation that waits has no session yet. */
  whyWaiting(): WaitReason {
    return reasonOfWaiting(this.state);
  }

  mayRunElsewhere(failure: NativeFailure): boolean {
    return this.events.mayRunElsewhere?.(failure) === true;
  }

  runElsewhere(_session: Session, operation: Operation, failure: NativeFailure): void {
    this.events.runElsewhere?.(operation, failure);
  }

  runLater(operation: Operation): boolean {
    if (this.closing !== undefined || operation.restart === undefined) return false;
    this.line.joinFirst(operation);
    this.serve();
    return true;
  }

  rerun(operation: Operation): boolean {
    if (this.events.runElsewhere?.(operation, undefined) === true) return true;
    const again = this.closing === undefined ? this.reruns.next(operation) : undefined;
    if (again === undefined) return false;
    if (again.onNew) {
      for (const session of this.idle.splice(0)) this.retire(session, 'other connections were found dead');
    }
    this.line.joinFirst(operation);
    this.serve();
    return true;
  }

  /** Lets those who wait have what is idle, and opens sessions for the others. */
  private serve(): void {
    while (this.line.length > this.checking) {
      const session = this.idle.pop();
      if (session === undefined) break;
      this.inUse++;
      if (this.isStale(session)) this.check(session);
      else this.hand(session, this.line.take(performance.now()));
    }
    this.opening.grow();
  }

  /** Offers the first in line to a session that is busy. */
  private offer(session: Session, member: PoolMember, now: number): void {
    // Those who wait are sent together when it is free.
    if (this.line.length === 0 || session.pipelines) return;
    if (member.evict !== undefined || now >= member.expiresAt || this.members.size > this.options.max) return;
    if (this.role.shared?.isDue(this) === true) return;
    this.line.offer(session, now);
  }

  sessionGoesOn(session: Session): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    const now = performance.now();
    member.checkedAt = now;
    this.useTimes?.gaveBack(session);
    this.line.offerBegun(session, now);
    this.useTimes?.took(session);
    this.offer(session, member, now);
  }

  offerReturned(session: Session): void {
    if (this.line.offerReturned(session)) this.serve();
  }

  /**
   * Begins what was first in line together with those behind it, as many as are one session's part; false where it is to be
   * begun by itself.
   */
  private handTogether(session: Session, first: Operation, now: number): boolean {
    const part = Math.ceil((this.line.length + 1) / this.members.size);
    if (part < 2 || !session.join(first)) return false;
    for (let count = 1; count < part; count++) {
      const next = this.line.first;
      if (next === undefined || !session.join(next)) break;
      this.line.take(now);
    }
    this.useTimes?.took(session);
    session.runJoined();
    return true;
  }

  /** Begins an operation on a session that is in use for it already. */
  private hand(session: Session, operation: Operation | undefined): void {
    if (operation === undefined) return;
    this.useTimes?.took(session);
    // Operations that end as they begin, for a parameter that cannot be written, bring the session back to here: a long
    // line of them is not to become as deep a stack.
    if (this.depth >= DEEPEST) {
      queueMicrotask(() => session.run(operation));
      return;
    }
    this.depth++;
    session.run(operation);
    this.depth--;
  }

  // ---- refusals

  private refuseLate(late: readonly Operation[]): void {
    const { state } = this;
    for (const operation of late) operation.refuse(acquireTimedOut(state));
    this.useTimes?.timedOut(late.length);
    this.opening.giveUpStuck();
    this.settleClosing();
  }

  refuseWaiting(error: unknown): void {
    for (const operation of this.line.takeAll()) operation.refuse(error);
    this.settleClosing();
  }

  nothingOpened(): void {
    this.settleClosing();
  }

  private get state(): PoolState {
    const { acquireTimeout } = this.options;
    const { shared } = this.role;
    return {
      acquireTimeout,
      waiting: this.line.total,
      failure: this.opening.failure,
      stats: this.stats(),
      sharedMax: shared !== undefined && shared.roomFor(this) <= 0 ? shared.max : undefined,
    };
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
    this.useTimes?.gaveBack(session);
    member.checkedAt = now;
    member.rolledBack = false;
    if (member.evict === undefined && this.members.size > this.options.max)
      member.evict = 'the pool was made smaller';
    if (member.evict === undefined && this.role.shared?.isDue(this) === true) member.evict = PLACE_NEEDED;
    if (member.evict !== undefined || now >= member.expiresAt) {
      if (member.evict === undefined) this.counters.maxLifetimeClosed++;
      this.inUse--;
      this.retire(session, member.evict ?? 'it had reached its lifetime');
      this.serve();
      return;
    }
    const next = this.line.takeForIdle(now);
    if (next !== undefined) {
      member.idleBefore = undefined;
      if (session.pipelines && this.handTogether(session, next, now)) return;
      this.hand(session, next);
      this.offer(session, member, now);
      return;
    }
    this.inUse--;
    if (this.closing !== undefined) {
      this.retire(session, 'the database was closed');
      return;
    }
    if (this.idle.length >= mostIdle(this.options)) {
      this.counters.maxIdleClosed++;
      this.retire(session, 'enough others were idle');
      return;
    }
    this.putIdle(session, member, now);
    this.events.spare?.();
  }

  /**
   * The one that was used last lies on top. A check is no use: after it the session goes back to its place, so that those at
   * the bottom grow old and can be closed.
   */
  private putIdle(session: Session, member: PoolMember, now: number): void {
    const { idleBefore } = member;
    member.idleBefore = undefined;
    member.idleSince = idleBefore ?? now;
    if (idleBefore === undefined) {
      this.idle.push(session);
    } else {
      const above = this.idle.findIndex((other) => (this.members.get(other)?.idleSince ?? 0) > idleBefore);
      this.idle.splice(above < 0 ? this.idle.length : above, 0, session);
    }
    this.upkeep.noticeIdle(member);
  }

  leftOpen(): void {
    this.events.leftOpen();
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
    if (error !== undefined && this.members.has(session)) this.counters.sessionLost();
    this.remove(session, error === undefined ? 'it was closed' : 'it was lost', error);
  }

  /** What the server said to a command on the session. */
  serverError(session: Session, sqlState: string): void {
    const member = this.members.get(session);
    if (member === undefined || !evicts(sqlState, this.writable)) return;
    member.evict ??= `the server said ${sqlState}`;
    if (this.leaving.isDue(sqlState)) this.leave(session.address);
  }

  private leave(address: string): void {
    this.give((session) => session.address === address, 'its server takes no writes any more');
  }

  /** Gives up sessions: the idle ones now, the others when they come back. */
  give(which: (session: Session) => boolean, reason: string): void {
    for (const [other, member] of [...this.members]) {
      if (!which(other)) continue;
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
    this.opening.keepMinimum();
  }

  /** Forgets a session that has ended. */
  private remove(session: Session, reason: string, error: KingbaseError | undefined): void {
    const member = this.members.get(session);
    if (member === undefined) return;
    this.members.delete(session);
    this.useTimes?.gaveBack(session);
    member.engine.destroy(session);
    if (!this.takeIdle(session)) this.inUse--;
    this.events.closed(session, reason, error);
    this.settleClosing();
    this.opening.grow();
    this.opening.keepMinimum();
  }

  // ---- new sessions

  get size(): number {
    return this.members.size;
  }

  get wanting(): number {
    return this.line.length - this.checking;
  }

  get arrivals(): number {
    return this.line.arrivals;
  }

  get firstArrival(): number | undefined {
    return this.line.firstArrival;
  }

  /** Connections that are kept though nobody waits for them. */
  get min(): number {
    return this.role.keepsMinimum ? this.options.min : 0;
  }

  takePlace(waitedFor: boolean): boolean {
    return this.role.shared?.take(this, waitedFor) ?? true;
  }

  placeFree(): void {
    this.role.shared?.giveBack();
  }

  admits(session: Session): boolean {
    return this.role.admits(session);
  }

  opened(session: Session, engine: SessionEngine): void {
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
    this.counters.sessionOpened();
    this.events.opened(session);
    this.inUse++;
    this.sessionIdle(session);
  }

  unreachable(error: unknown, attempt: number, delay: number): void {
    this.events.unreachable(error, attempt, delay);
  }

  // ---- what others need that share the limit

  get firstSince(): number {
    return this.line.firstSince;
  }

  get wantsPlace(): boolean {
    return this.opening.wantsPlace;
  }

  get hasPlaces(): boolean {
    return this.members.size + this.opening.count > 0;
  }

  get idleCount(): number {
    return this.idle.length;
  }

  get idleSince(): number {
    const [oldest] = this.idle;
    return (oldest && this.members.get(oldest)?.idleSince) ?? Infinity;
  }

  dropOldest(): void {
    const oldest = this.idle.shift();
    if (oldest === undefined) return;
    this.counters.maxIdleClosed++;
    this.retire(oldest, PLACE_NEEDED);
  }

  growByOne(): void {
    this.opening.growByOne();
  }

  keepMinimum(): void {
    this.opening.keepMinimum();
  }

  // ---- what happens while idle

  idleMembers(): [session: Session, member: Member][] {
    return this.idle.flatMap((session): [Session, Member][] => {
      const member = this.members.get(session);
      return member === undefined ? [] : [[session, member]];
    });
  }

  mayShrink(): boolean {
    return this.members.size > this.min;
  }

  dropIdle(session: Session, why: 'lifetime' | 'idle'): void {
    if (!this.takeIdle(session)) return;
    if (why === 'lifetime') this.counters.maxLifetimeClosed++;
    else this.counters.maxIdleTimeClosed++;
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
        if (alive) this.opening.keepMinimum();
        else this.counters.heartbeatFailures++;
      }),
    );
  }

  // ---- from outside

  /** Changes the options of a pool that is in use; what is open beyond the new limits is closed when it comes back. */
  configure(options: ResolvedPoolOptions): void {
    const { max } = this.options;
    this.options = options;
    if (max !== options.max) this.opening.resize(options.max);
    while (
      this.idle.length > 0 &&
      (this.idle.length > mostIdle(options) || this.members.size > options.max)
    ) {
      const session = this.idle.shift();
      if (session === undefined) break;
      this.counters.maxIdleClosed++;
      this.retire(session, 'the pool was made smaller');
    }
    this.upkeep.rearm();
    this.serve();
    this.opening.keepMinimum();
  }

  /** How many calls wait for a session. */
  get waiting(): number {
    return this.line.total;
  }

  /** Tells the watcher of each use of a session from now on; undefined: nobody any more. */
  tellUses(watcher: PoolWatcher | undefined): void {
    const uses = watcher && new UseTimes(watcher);
    this.useTimes = uses;
    this.line.served = uses && ((duration) => uses.waited(duration));
  }

  /** Calls that run or wait. */
  get load(): number {
    return this.inUse + this.line.total;
  }

  /** Takes out what has not begun. */
  takeWaiting(): Operation[] {
    const taken = [...this.line.takeOffersBack(), ...this.line.takeAll()];
    this.settleClosing();
    return taken;
  }

  /** The server may be there again: who waits is not to wait for the next attempt, and there is a minimum again. */
  connectNow(): void {
    this.opening.tryNow();
    this.opening.keepMinimum();
  }

  /** Closes sessions, also those that are in use. */
  cut(which: (session: Session) => boolean, close: (session: Session) => void): void {
    for (const session of this.sessions) if (which(session)) close(session);
  }

  /** Those there are at this moment. */
  get sessions(): Session[] {
    return [...this.members.keys()];
  }

  get poolOptions(): ResolvedPoolOptions {
    return this.options;
  }

  stats(): PoolStats {
    const { counters } = this;
    return {
      maxOpenConnections: this.options.max,
      openConnections: this.members.size,
      inUse: this.inUse,
      idle: this.idle.length,
      waitCount: this.line.arrivals,
      waitDuration: this.line.waitDuration,
      maxIdleClosed: counters.maxIdleClosed,
      maxIdleTimeClosed: counters.maxIdleTimeClosed,
      maxLifetimeClosed: counters.maxLifetimeClosed,
      connecting: this.opening.count,
      reconnects: counters.reconnects,
      heartbeatFailures: counters.heartbeatFailures,
    };
  }

  // ---- the end

  /**
   * Refuses new operations, lets those made before end, and closes every session.
   *
   * @param timeout ms after which what is still going on is cancelled and what still waits is refused; 0 = never
   */
  close(timeout: number): Promise<void> {
    if (this.closing === undefined) {
      this.closing = new Closing(this);
      for (const session of this.idle.splice(0)) this.retire(session, 'the database was closed');
    }
    // Also where closing has begun without a limit.
    if (timeout > 0) this.closing.hurryAfter(timeout);
    this.settleClosing();
    return this.closing.promise;
  }

  private settleClosing(): void {
    if (this.closing === undefined) return;
    // A session that is still to be made is of use to nobody.
    if (this.line.total === 0) this.opening.giveUp(poolClosed());
    this.closing.settle();
  }

  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.opening.count === 0 && this.line.length === 0;
  }

  get grace(): number {
    return Math.min(Math.max(this.options.heartbeatTimeout, 100), LONGEST_GRACE);
  }

  hurry(): void {
    for (const operation of this.line.takeOffersBack()) operation.refuse(poolClosed());
    for (const operation of this.line.takeAll()) operation.refuse(poolClosed());
    for (const session of this.members.keys()) session.hurry();
    this.opening.giveUp(poolClosed());
  }

  closeAll(): void {
    for (const session of [...this.members.keys()]) session.close();
  }

  stop(): void {
    this.line.stop();
    this.upkeep.stop();
    this.opening.stop();
  }
}
