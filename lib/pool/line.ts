import { Line } from '../base/line.js';
import { startTimer } from '../base/timers.js';
import type { Operation, Session } from '../driver/session.js';
import { Offers, type Waiter } from './offers.js';

/** ms after which what was offered to a session that does not come to it is run by the next that is free. */
const OFFER_PATIENCE = 10;

/**
 * Those who wait for a session, in the order in which they came, and until when. The first may be offered to a busy
 * session; who is offered still waits.
 */
export class PoolLine {
  private readonly waiting = new Line<Waiter, Operation>(({ operation }) => operation);
  private readonly offers = new Offers();
  private expiry: NodeJS.Timeout | undefined;
  private waited = 0;

  /** @param refuseLate is given who has waited for as long as they may */
  constructor(private readonly refuseLate: (late: Operation[]) => void) {}

  /** Those who have not been offered to a session. */
  get length(): number {
    return this.waiting.length;
  }

  /** All who wait, the offered among them. */
  get total(): number {
    return this.waiting.length + this.offers.length;
  }

  /** ms that those waited, all together, who have got a session. */
  get waitDuration(): number {
    return this.waited + this.offers.waitDuration;
  }

  join(operation: Operation, since: number, deadline: number): void {
    this.waiting.push({ operation, since, deadline });
    this.armExpiry();
  }

  /** Goes before all others: it has waited already. */
  joinFirst(waiter: Waiter): void {
    this.waiting.unshift(waiter);
    this.armExpiry();
  }

  /** False where it is not in line (any more). */
  leave(operation: Operation): boolean {
    if (this.waiting.remove(operation) === undefined) return false;
    this.nobodyLeft();
    return true;
  }

  /** Takes the first. */
  take(now: number): Operation | undefined {
    const waiter = this.shift();
    if (waiter !== undefined) this.waited += now - waiter.since;
    return waiter?.operation;
  }

  /** Takes who has the session that is free now: before the first, whose offer another session has kept too long. */
  takeForIdle(now: number): Operation | undefined {
    this.takeLateOfferBack(this.waiting.length > 0 ? OFFER_PATIENCE : 0, now);
    return this.take(now);
  }

  /** Offers the first to a session that is busy. */
  offer(session: Session, now: number): void {
    this.takeLateOfferBack(OFFER_PATIENCE, now);
    const { first } = this.waiting;
    if (first !== undefined && this.offers.make(session, first, now)) this.shift();
  }

  /** The session has begun what was offered to it. */
  offerBegun(session: Session, now: number): void {
    this.offers.begun(session, now);
  }

  /** The session gives back what was offered to it; false where nothing was. */
  offerReturned(session: Session): boolean {
    const waiter = this.offers.returned(session);
    if (waiter !== undefined) this.joinFirst(waiter);
    return waiter !== undefined;
  }

  /** Empties the line, but for what is offered. */
  takeAll(): Operation[] {
    const all = this.waiting.takeAll().map(({ operation }) => operation);
    this.nobodyLeft();
    return all;
  }

  /** Takes back all that is offered and has not begun. */
  takeOffersBack(): Operation[] {
    return this.offers.takeExpired(Infinity).map(({ operation }) => operation);
  }

  rearmExpiry(): void {
    this.stop();
    this.armExpiry();
  }

  stop(): void {
    clearTimeout(this.expiry);
    this.expiry = undefined;
  }

  private takeLateOfferBack(age: number, now: number): void {
    const late = this.offers.takeBack(age, now);
    if (late !== undefined) this.waiting.unshift(late);
  }

  private shift(): Waiter | undefined {
    const waiter = this.waiting.shift();
    this.nobodyLeft();
    return waiter;
  }

  /** A timer for nobody is not to keep the process alive. */
  private nobodyLeft(): void {
    if (this.waiting.length === 0) this.expiry?.unref();
  }

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
      const late = this.takeLate(performance.now());
      this.armExpiry();
      this.refuseLate(late);
    }, first.deadline - performance.now());
  }

  private takeLate(now: number): Operation[] {
    const late = this.offers.takeExpired(now).map(({ operation }) => operation);
    for (
      let { first } = this.waiting;
      first !== undefined && first.deadline <= now;
      { first } = this.waiting
    ) {
      const operation = this.take(now);
      if (operation !== undefined) late.push(operation);
    }
    return late;
  }
}
