import { Line } from '../base/line.js';
import { startTimer } from '../base/timers.js';
import type { Operation, Session } from '../driver/session.js';
import { Deadlines } from './deadlines.js';
import { Offers } from './offers.js';
import type { Waiter } from './waiter.js';

/** ms after which what was offered to a session that does not come to it is run by the next that is free. */
const OFFER_PATIENCE = 10;

/**
 * Those who wait for a session, in the order in which they came, and until when. The first may be offered to a busy
 * session; who is offered still waits. Nothing here takes longer because more of them wait.
 *
 * How long an operation may wait is said once for all lines in which it does: each goes on counting where the last has ended.
 */
export class PoolLine {
  private readonly waiting = new Line<Waiter, Operation | undefined>(({ operation }) => operation);
  private readonly offers = new Offers();
  private readonly deadlines = new Deadlines<Waiter>();
  private expiry: NodeJS.Timeout | undefined;
  private firesAt = Infinity;
  private arrived = 0;
  private waited = 0;
  /** Told of the ms that each waited who has got a session. */
  served: ((waited: number) => void) | undefined;

  /**
   * @param patience ms that an operation may wait; 0: for ever
   * @param refuseLate is given who has waited for as long as they may
   */
  constructor(
    private readonly patience: () => number,
    private readonly refuseLate: (late: Operation[]) => void,
  ) {}

  /** Those who have not been offered to a session. */
  get length(): number {
    return this.waiting.length;
  }

  get first(): Operation | undefined {
    return this.waiting.first?.operation;
  }

  /** How many have ever come. */
  get arrivals(): number {
    return this.arrived;
  }

  /** The number of the first among all who ever came. */
  get firstArrival(): number | undefined {
    return this.waiting.first?.arrival;
  }

  /** Since when the first waits; Infinity where nobody does. */
  get firstSince(): number {
    return this.waiting.first?.since ?? Infinity;
  }

  /** All who wait, the offered among them. */
  get total(): number {
    return this.waiting.length + this.offers.length;
  }

  /** ms that all those waited together who wait no longer. */
  get waitDuration(): number {
    return this.waited;
  }

  join(operation: Operation): void {
    const waiter = this.waiter(operation, ++this.arrived);
    this.waiting.push(waiter);
    this.watch(waiter);
  }

  /** Goes before all others: it has waited already. */
  joinFirst(operation: Operation): void {
    const waiter = this.waiter(operation, this.arrived);
    this.waiting.unshift(waiter);
    this.watch(waiter);
  }

  private waiter(operation: Operation, arrival: number): Waiter {
    const since = performance.now() - (operation.waited ?? 0);
    const patience = this.patience();
    const deadline = patience === 0 ? Infinity : since + patience;
    return { operation, arrival, since, deadline, over: false };
  }

  /** False where it is not in line (any more). */
  leave(operation: Operation): boolean {
    const waiter = this.waiting.remove(operation);
    if (waiter === undefined) return false;
    this.end(waiter, performance.now());
    return true;
  }

  /** Takes the first, for a session that is free. */
  take(now: number): Operation | undefined {
    const waiter = this.waiting.shift();
    if (waiter === undefined) return undefined;
    const { operation } = waiter;
    this.gotSession(waiter, now);
    return operation;
  }

  /** Takes who has the session that is free now: before the first, whose offer another session has kept too long. */
  takeForIdle(now: number): Operation | undefined {
    this.takeLateOfferBack(this.waiting.length > 0 ? OFFER_PATIENCE : 0, now);
    return this.take(now);
  }

  /** Takes who would have the next session that is free, to wait elsewhere. */
  yieldFirst(now: number, may: (operation: Operation) => boolean): Operation | undefined {
    this.takeLateOfferBack(this.waiting.length > 0 ? OFFER_PATIENCE : 0, now);
    const { first } = this.waiting;
    const operation = first?.operation;
    if (first === undefined || operation === undefined || !may(operation)) return undefined;
    this.waiting.shift();
    this.end(first, now);
    return operation;
  }

  /** Offers the first to a session that is busy. */
  offer(session: Session, now: number): void {
    this.takeLateOfferBack(OFFER_PATIENCE, now);
    const { first } = this.waiting;
    if (first === undefined || !this.offers.make(session, first, now)) return;
    this.waiting.shift();
    this.letProcessEnd();
  }

  /** The session has begun what was offered to it. */
  offerBegun(session: Session, now: number): void {
    const waiter = this.offers.take(session);
    if (waiter !== undefined) this.gotSession(waiter, now);
  }

  /** The session gives back what was offered to it; false where nothing was. */
  offerReturned(session: Session): boolean {
    const waiter = this.offers.take(session);
    if (waiter === undefined) return false;
    this.waiting.unshift(waiter);
    this.arm();
    return true;
  }

  /** Empties the line, but for what is offered. */
  takeAll(): Operation[] {
    const now = performance.now();
    return this.endAll(this.waiting.takeAll(), now);
  }

  /** Takes back all that is offered and has not begun. */
  takeOffersBack(): Operation[] {
    return this.takeExpiredOffers(Infinity, performance.now());
  }

  stop(): void {
    clearTimeout(this.expiry);
    this.expiry = undefined;
  }

  private takeLateOfferBack(age: number, now: number): void {
    const late = this.offers.takeBack(age, now, (waiter) => this.gotSession(waiter, now));
    if (late !== undefined) this.waiting.unshift(late);
  }

  /** Somebody waits no longer, since a session has begun with what they wait for. */
  private gotSession(waiter: Waiter, now: number): void {
    this.end(waiter, now);
    this.served?.(now - waiter.since);
  }

  /** Somebody waits no longer. */
  private end(waiter: Waiter, now: number): void {
    this.count(waiter, now);
    if (this.waiting.length === 0 && this.offers.length === 0) this.deadlines.clear();
    else if (waiter.deadline !== Infinity) this.deadlines.ended();
    this.letProcessEnd();
  }

  private count(waiter: Waiter, now: number): void {
    const { operation, since } = waiter;
    waiter.over = true;
    waiter.operation = undefined;
    if (operation === undefined) return;
    const all = now - since;
    this.waited += all - (operation.waited ?? 0);
    // A whole number, which costs the operation nothing.
    operation.waited = Math.round(all);
  }

  /** A timer for nobody is not to keep the process alive. */
  private letProcessEnd(): void {
    if (this.waiting.length === 0) this.expiry?.unref();
  }

  private watch(waiter: Waiter): void {
    if (waiter.deadline !== Infinity) this.deadlines.add(waiter);
    if (this.expiry !== undefined && waiter.deadline < this.firesAt) this.stop();
    this.arm();
  }

  /** One timer for whoever is due first. It keeps the process alive while anybody waits, also without a deadline. */
  private arm(): void {
    if (this.expiry !== undefined) {
      if (this.waiting.length === 1) this.expiry.ref();
      return;
    }
    if (this.total === 0) return;
    this.firesAt = this.deadlines.next();
    this.expiry = startTimer(() => {
      this.expiry = undefined;
      const late = this.takeLate(performance.now());
      this.arm();
      if (late.length > 0) this.refuseLate(late);
    }, this.firesAt - performance.now());
  }

  private takeLate(now: number): Operation[] {
    const late = this.takeExpiredOffers(now, now);
    for (;;) {
      const waiter = this.deadlines.takeDue(now);
      const operation = waiter?.operation;
      if (waiter === undefined || operation === undefined || this.waiting.remove(operation) === undefined)
        break;
      this.count(waiter, now);
      late.push(operation);
    }
    this.letProcessEnd();
    return late;
  }

  private takeExpiredOffers(deadline: number, now: number): Operation[] {
    const expired = this.offers.takeExpired(deadline, (waiter) => this.gotSession(waiter, now));
    return this.endAll(expired, now);
  }

  private endAll(waiters: readonly Waiter[], now: number): Operation[] {
    const operations = waiters.flatMap(({ operation }) => operation ?? []);
    for (const waiter of waiters) this.end(waiter, now);
    return operations;
  }
}
