import { startTimer } from '../base/timers.js';
import type { ResolvedPoolOptions } from '../config/index.js';
import type { Session } from '../driver/session.js';

/** What the pool knows of a session. Times are of `performance.now()`. */
export interface Member {
  readonly expiresAt: number;
  idleSince: number;
  /** When the server last answered. */
  checkedAt: number;
}

/** What upkeep needs of the pool. */
export interface UpkeepHost {
  readonly poolOptions: ResolvedPoolOptions;
  /** The idle sessions as they are now. */
  idleMembers(): [session: Session, member: Member][];
  /** Whether a session may go without falling below `min`. */
  mayShrink(): boolean;
  dropIdle(session: Session, why: 'lifetime' | 'idle'): void;
  heartbeat(session: Session): void;
}

/** Looks after idle sessions: closes those past their time, and asks the others whether the server is still there. */
export class Upkeep {
  private timer: NodeJS.Timeout | undefined;
  private firesAt = Infinity;

  constructor(private readonly host: UpkeepHost) {}

  /** A session has gone idle. */
  noticeIdle(member: Member): void {
    // Its lifetime may end before all others'; everything else it is due for is due later than what is planned.
    if (this.timer === undefined || member.expiresAt < this.firesAt) this.rearm();
  }

  /** The options have changed. */
  rearm(): void {
    this.stop();
    this.arm();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(): void {
    let due = Infinity;
    for (const [, member] of this.host.idleMembers()) due = Math.min(due, this.dueOf(member));
    if (due === Infinity) return;
    // Not later than the shortest interval from now either: who goes idle meanwhile may be due before those here.
    const { heartbeatInterval, idleTimeout } = this.host.poolOptions;
    const longest = Math.min(heartbeatInterval || Infinity, idleTimeout || Infinity);
    const now = performance.now();
    const delay = Math.min(Math.max(1, due - now), longest);
    this.firesAt = now + delay;
    this.timer = startTimer(() => {
      this.timer = undefined;
      this.run();
    }, delay);
    this.timer.unref();
  }

  private dueOf(member: Member): number {
    const { heartbeatInterval, idleTimeout } = this.host.poolOptions;
    return Math.min(
      heartbeatInterval === 0 ? Infinity : member.checkedAt + heartbeatInterval,
      idleTimeout > 0 && this.host.mayShrink() ? member.idleSince + idleTimeout : Infinity,
      member.expiresAt,
    );
  }

  private run(): void {
    const { heartbeatInterval, idleTimeout } = this.host.poolOptions;
    const now = performance.now();
    for (const [session, member] of this.host.idleMembers()) {
      if (now >= member.expiresAt) this.host.dropIdle(session, 'lifetime');
      else if (idleTimeout > 0 && now >= member.idleSince + idleTimeout && this.host.mayShrink()) {
        this.host.dropIdle(session, 'idle');
      } else if (heartbeatInterval > 0 && now >= member.checkedAt + heartbeatInterval) {
        this.host.heartbeat(session);
      }
    }
    this.arm();
  }
}
