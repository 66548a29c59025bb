import { GivingUp } from '../base/given-up.js';
import type { ResolvedPoolOptions } from '../config/index.js';
import type { Session } from '../driver/session.js';
import { ConnectionError, KingbaseError } from '../errors/index.js';
import { worthConnectingAgain } from '../errors/server-going-away.js';
import { SessionEngine, type OpenSession } from './engine.js';
import { Outage } from './outage.js';

/** What opening sessions needs of the pool. */
export interface OpeningHost {
  readonly poolOptions: ResolvedPoolOptions;
  readonly isClosing: boolean;
  /** Sessions there are. */
  readonly size: number;
  /** Sessions there are to be though nobody waits for them. */
  readonly min: number;
  /** Those who wait and have no session in view. */
  readonly wanting: number;
  /** How many have ever come to wait, and the number of the first who still does. */
  readonly arrivals: number;
  readonly firstArrival: number | undefined;
  /** Takes a place for a connection, for somebody who waits or not; false where the pool and others have all there are. */
  takePlace(waitedFor: boolean): boolean;
  /** A place is free again. */
  placeFree(): void;
  /** Whether a session that has been made may be lent. */
  admits(session: Session): boolean;
  opened(session: Session, engine: SessionEngine): void;
  /** An attempt has failed for good: those who wait are told. */
  refuseWaiting(error: unknown): void;
  /** An attempt has ended without a session, and no other is under way. */
  nothingOpened(): void;
  unreachable(error: unknown, attempt: number, delay: number): void;
}

/** An attempt to connect that is under way. */
interface Attempt {
  readonly since: number;
  readonly givingUp: GivingUp;
}

/**
 * ms after which an attempt is given up that has kept somebody waiting in vain. Only one that has no limit of its own
 * (`connectTimeout: 0`, or longer than this) becomes so old; without this its place would be lost for ever.
 */
const STUCK_AFTER = 60_000;

const NOBODY = -1;

/** ms: the first pause after a refusal that time does not mend while other sessions live, and the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/**
 * Makes new sessions: for those who wait, up to the minimum, and again while the server is away.
 *
 * One attempt goes ahead of the others, and only where it succeeds do those follow that others wait for, all at a time. So a
 * password that has become wrong is tried once and not once for each who waits, which would lock the account.
 */
export class Opening {
  private engine: SessionEngine;
  private readonly attempts = new Set<Attempt>();
  private away: Outage | undefined;
  private refused: { error: unknown; times: number; until: number } | undefined;
  private everConnected = false;
  /** For whom the last attempt that ended has gone ahead, if it has succeeded: for all who came up to this one. */
  private aheadOf = NOBODY;

  constructor(
    private readonly open: OpenSession,
    private readonly host: OpeningHost,
    max: number,
  ) {
    this.engine = this.engineFor(max);
  }

  private engineFor(max: number): SessionEngine {
    return new SessionEngine(this.open, max, () => this.host.placeFree());
  }

  /** Attempts that are under way. */
  get count(): number {
    return this.attempts.size;
  }

  /** Why the last attempt failed, unless one has succeeded since. */
  get failure(): { readonly error: unknown } | undefined {
    return this.away ?? this.refused;
  }

  /** How many sessions more there may be, those that are being made among them; none while the server is away. */
  get room(): number {
    return this.away === undefined ? Math.max(0, this.host.poolOptions.max - this.host.size) : 0;
  }

  /** Another number of sessions from now on. */
  resize(max: number): void {
    this.engine = this.engineFor(max);
  }

  /** Opens a session for each that waits, as far as there is room; those being opened have a taker already. */
  grow(): void {
    while (this.growByOne());
    // While the server is away its timer makes the attempts, one at a time.
    this.planAttempt();
  }

  /** Whether a session would be opened for somebody who waits, if there were a place for it. */
  get wantsPlace(): boolean {
    return this.host.wanting > this.attempts.size && this.mayOpen();
  }

  /** Opens one session for somebody who waits; false where there is nobody, or no room. */
  growByOne(): boolean {
    if (!this.wantsPlace || !this.host.takePlace(true)) return false;
    void this.openOne();
    return true;
  }

  keepMinimum(): void {
    const { host } = this;
    if (host.isClosing || !this.everConnected) return;
    while (this.attempts.size + host.size < host.min && this.mayOpen() && host.takePlace(false)) {
      void this.openOne();
    }
  }

  /** Gives up all attempts; each ends at once, with `reason`. */
  giveUp(reason: unknown): void {
    for (const { givingUp } of [...this.attempts]) givingUp.abort(reason);
  }

  /** Somebody has waited in vain for as long as they may. */
  giveUpStuck(): void {
    const now = performance.now();
    for (const { since, givingUp } of [...this.attempts]) {
      if (now - since < STUCK_AFTER) continue;
      givingUp.abort(
        new ConnectionError('KB_CONNECT_TIMEOUT', `No connection was made within ${STUCK_AFTER} ms.`, {
          outcome: 'not-sent',
          hint: 'Look what keeps the host name, the password function or the server from answering, or set connectTimeout.',
        }),
      );
    }
  }

  /** What kept connections from being made may have passed: there is no pause before the next attempt. */
  tryNow(): void {
    if (this.away === undefined) return;
    this.stop();
    this.grow();
  }

  stop(): void {
    this.away?.end();
    this.away = undefined;
  }

  private mayOpen(): boolean {
    const { host, attempts, refused } = this;
    if (this.away !== undefined || attempts.size + host.size >= host.poolOptions.max) return false;
    if (attempts.size > 0 && !this.mayFollow()) return false;
    return refused === undefined || host.size === 0 || performance.now() >= refused.until;
  }

  /** Whether an attempt has gone ahead for those who wait: one has succeeded since the first of them came. */
  private mayFollow(): boolean {
    const { firstArrival, size } = this.host;
    return size > 0 && firstArrival !== undefined && firstArrival <= this.aheadOf;
  }

  /** A place has been taken for it. */
  private async openOne(): Promise<void> {
    const { engine } = this;
    const attempt: Attempt = { since: performance.now(), givingUp: new GivingUp() };
    this.attempts.add(attempt);
    let session: Session;
    try {
      session = await engine.open(attempt.givingUp);
    } catch (error) {
      this.attempts.delete(attempt);
      this.failed(error);
      return;
    }
    this.attempts.delete(attempt);
    if (!session.idle) {
      // Lost again between its making and our learning of it, when nobody owned it who could have been told.
      engine.destroy(session);
      this.failed(lostAtOnce(session));
      return;
    }
    this.everConnected = true;
    if (!this.host.admits(session)) {
      engine.destroy(session);
      this.goOn();
      if (this.attempts.size === 0) this.host.nothingOpened();
      return;
    }
    this.aheadOf = this.host.arrivals;
    this.refused = undefined;
    this.stop();
    this.host.opened(session, engine);
    this.goOn();
  }

  private goOn(): void {
    this.grow();
    this.keepMinimum();
  }

  private failed(error: unknown): void {
    const { host } = this;
    this.aheadOf = NOBODY;
    const passing = worthConnectingAgain(error instanceof KingbaseError ? error.code : '');
    if (!passing) this.refuse(error);
    // Before the first connection, or where waiting cannot help, nobody is kept waiting. With live sessions those who
    // wait may still get one of them.
    if (host.size === 0 && (host.isClosing || !this.everConnected || !passing)) {
      // Another attempt that is under way may do better, but not with a wrong password.
      if (this.attempts.size === 0 || !passing) host.refuseWaiting(error);
    } else if (passing) {
      this.away ??= new Outage(error);
      this.away.error = error;
      this.planAttempt();
    }
    if (this.attempts.size === 0) host.nothingOpened();
  }

  /**
   * Somebody has to mend this: no timer repeats it. While other sessions live, calls that come later look again, with
   * growing pauses; without one every call does, since it would be told nothing else.
   */
  private refuse(error: unknown): void {
    this.stop();
    const times = (this.refused?.times ?? 0) + 1;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(times - 1, 30));
    this.refused = { error, times, until: performance.now() + pause };
  }

  private get isWanted(): boolean {
    const { wanting, size, min } = this.host;
    return wanting > 0 || size < min;
  }

  private planAttempt(): void {
    const { away, host } = this;
    if (away === undefined || away.planned || this.attempts.size > 0) return;
    if (!this.isWanted) {
      // Nobody asks any more; the next who does makes the next attempt.
      this.away = undefined;
      return;
    }
    away.plan(
      () => {
        if (!this.isWanted) this.away = undefined;
        else if (host.takePlace(host.wanting > 0)) void this.openOne();
        else this.planAttempt();
      },
      (attempt, delay) => {
        host.unreachable(away.error, attempt, delay);
      },
    );
  }
}

function lostAtOnce({ address }: Session): ConnectionError {
  return new ConnectionError(
    'KB_CONNECT_LOST',
    `The connection to ${address} was lost as soon as it was made.`,
    {
      outcome: 'not-sent',
      address,
      hint: 'See the server log: it ends connections, or is ending itself.',
    },
  );
}
