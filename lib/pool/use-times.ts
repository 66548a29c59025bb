import { tellSafely } from '../base/tell-safely.js';
import type { Session } from '../driver/session.js';

/** Who counts what calls ask of a pool. All times are in ms. */
export interface PoolWatcher {
  /** A call has a connection, after so long. */
  waited(duration: number): void;
  /** A call has given a connection back, or lost it, after so long. */
  used(duration: number): void;
  /** So many calls have waited in vain for as long as they may. */
  timedOut(calls: number): void;
}

/** How long sessions are used, for a watcher. Checks of the pool's own are no use: nobody has taken their session. */
export class UseTimes {
  private readonly since = new WeakMap<Session, number>();

  constructor(private readonly watcher: PoolWatcher) {}

  waited(duration: number): void {
    tellSafely(() => this.watcher.waited(duration));
  }

  timedOut(calls: number): void {
    tellSafely(() => this.watcher.timedOut(calls));
  }

  took(session: Session): void {
    this.since.set(session, performance.now());
  }

  gaveBack(session: Session): void {
    const since = this.since.get(session);
    if (since === undefined) return;
    this.since.delete(session);
    tellSafely(() => this.watcher.used(performance.now() - since));
  }
}
