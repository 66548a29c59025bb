import type { Operation, Session } from '../driver/session.js';

/** An operation that waits for a session. */
export interface Waiter {
  readonly operation: Operation;
  /** `performance.now()` when it began to wait. */
  readonly since: number;
  /** When it gives up; Infinity for never. */
  readonly deadline: number;
}

/**
 * Operations that wait for the end of the one before them on a certain session, whose core has their command already
 * (`Session.offer`): a server process that has answered gets its next command without waiting for this thread. In the
 * order of their offers.
 */
export class Offers {
  private readonly offers = new Map<Session, { waiter: Waiter; since: number }>();
  private begunAfter = 0;

  get length(): number {
    return this.offers.size;
  }

  /** ms that those waited, all together, which have begun. */
  get waitDuration(): number {
    return this.begunAfter;
  }

  get oldest(): Waiter | undefined {
    for (const { waiter } of this.offers.values()) return waiter;
    return undefined;
  }

  /** False where the session does not take it. */
  make(session: Session, waiter: Waiter, now: number): boolean {
    if (!session.offer(waiter.operation)) return false;
    this.offers.set(session, { waiter, since: now });
    return true;
  }

  /** The session has begun what was offered to it. */
  begun(session: Session, now: number): void {
    const offer = this.offers.get(session);
    if (offer === undefined) return;
    this.offers.delete(session);
    this.begunAfter += now - offer.waiter.since;
  }

  /** The session gives back what was offered to it. */
  returned(session: Session): Waiter | undefined {
    const offer = this.offers.get(session);
    this.offers.delete(session);
    return offer?.waiter;
  }

  /** Takes back the oldest offer that is at least `age` ms old, except what has begun. */
  takeBack(age: number, now: number): Waiter | undefined {
    for (const [session, { waiter, since }] of this.offers) {
      if (now - since < age) return undefined;
      if (this.withdraw(session, now)) return waiter;
    }
    return undefined;
  }

  /** Takes back those whose deadline is past, except what has begun. */
  takeExpired(now: number): Waiter[] {
    return [...this.offers].flatMap(([session, { waiter }]) =>
      waiter.deadline <= now && this.withdraw(session, now) ? [waiter] : [],
    );
  }

  private withdraw(session: Session, now: number): boolean {
    if (session.takeBack() === undefined) {
      this.begun(session, now);
      return false;
    }
    this.offers.delete(session);
    return true;
  }
}
