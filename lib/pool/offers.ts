import type { Session } from '../driver/session.js';
import type { Waiter } from './waiter.js';

/**
 * Operations that wait for the end of the one before them on a certain session, whose core has their command already
 * (`Session.offer`): a server process that has answered gets its next command without waiting for this thread. In the
 * order of their offers.
 */
export class Offers {
  private readonly offers = new Map<Session, { waiter: Waiter; since: number }>();

  get length(): number {
    return this.offers.size;
  }

  /** False where the session does not take it. */
  make(session: Session, waiter: Waiter, now: number): boolean {
    const { operation } = waiter;
    if (operation === undefined || !session.offer(operation)) return false;
    this.offers.set(session, { waiter, since: now });
    return true;
  }

  /** What was offered to the session is its own now, or comes back: it is offered no longer. */
  take(session: Session): Waiter | undefined {
    const offer = this.offers.get(session);
    if (offer === undefined) return undefined;
    this.offers.delete(session);
    return offer.waiter;
  }

  /** Takes back the oldest offer that is at least `age` ms old; `begun` is given what has begun in the meantime. */
  takeBack(age: number, now: number, begun: (waiter: Waiter) => void): Waiter | undefined {
    for (const [session, { waiter, since }] of this.offers) {
      if (now - since < age) return undefined;
      if (this.withdraw(session)) return waiter;
      begun(waiter);
    }
    return undefined;
  }

  /** Takes back those whose deadline is past; `begun` is given what has begun in the meantime. */
  takeExpired(now: number, begun: (waiter: Waiter) => void): Waiter[] {
    const expired: Waiter[] = [];
    for (const [session, { waiter }] of [...this.offers]) {
      if (waiter.deadline > now) continue;
      if (this.withdraw(session)) expired.push(waiter);
      else begun(waiter);
    }
    return expired;
  }

  private withdraw(session: Session): boolean {
    this.offers.delete(session);
    return session.takeBack() !== undefined;
  }
}
