import type { ResolvedPoolOptions } from '../config/index.js';
import type { Session } from '../driver/session.js';
import { ConnectionError, KingbaseError } from '../errors/index.js';
import { worthConnectingAgain } from '../errors/server-going-away.js';
import { SessionEngine } from './engine.js';
import { Outage } from './outage.js';

/** What opening sessions needs of the pool. */
export interface OpeningHost {
  readonly poolOptions: ResolvedPoolOptions;
  readonly isClosing: boolean;
  /** Sessions there are. */
  readonly size: number;
  /** Those who wait and have no session in view. */
  readonly wanting: number;
  opened(session: Session, engine: SessionEngine): void;
  /** An attempt has failed for good: those who wait are told. */
  refuseWaiting(error: unknown): void;
  unreachable(error: unknown, attempt: number, delay: number): void;
}

/** Makes new sessions: for those who wait, up to the minimum, and again and again while the server is away. */
export class Opening {
  private engine: SessionEngine;
  private underWay = 0;
  private away: Outage | undefined;
  private everConnected = false;

  constructor(
    private readonly open: () => Promise<Session>,
    private readonly host: OpeningHost,
    max: number,
  ) {
    this.engine = new SessionEngine(open, max);
  }

  /** Attempts that are under way. */
  get count(): number {
    return this.underWay;
  }

  /** The time in which the server cannot be reached, if it cannot. */
  get outage(): Outage | undefined {
    return this.away;
  }

  /** Another number of sessions from now on. */
  resize(max: number): void {
    this.engine = new SessionEngine(this.open, max);
  }

  hasRoom(): boolean {
    return this.away === undefined && this.underWay + this.host.size < this.host.poolOptions.max;
  }

  /** Opens a session for each that waits, as far as there is room; those being opened have a taker already. */
  grow(): void {
    while (this.host.wanting > this.underWay && this.hasRoom()) void this.openOne();
    // While the server is away its timer makes the attempts, one at a time.
    this.planAttempt();
  }

  keepMinimum(): void {
    const { host } = this;
    if (host.isClosing || !this.everConnected) return;
    while (this.underWay + host.size < host.poolOptions.min && this.hasRoom()) void this.openOne();
  }

  stop(): void {
    this.away?.end();
  }

  private async openOne(): Promise<void> {
    this.underWay++;
    const { engine } = this;
    let session: Session;
    try {
      session = await engine.open();
    } catch (error) {
      this.underWay--;
      this.failed(error);
      return;
    }
    this.underWay--;
    if (!session.idle) {
      // Lost again between its making and our learning of it, when nobody owned it who could have been told.
      engine.destroy(session);
      this.failed(lostAtOnce(session));
      return;
    }
    this.everConnected = true;
    this.away?.end();
    this.away = undefined;
    this.host.opened(session, engine);
    this.grow();
    this.keepMinimum();
  }

  private failed(error: unknown): void {
    const { host } = this;
    const code = error instanceof KingbaseError ? error.code : '';
    // Before the first connection, or where waiting cannot help, nobody is kept waiting. With live sessions those who
    // wait may still get one of them.
    if (host.size === 0 && (host.isClosing || !this.everConnected || !worthConnectingAgain(code))) {
      if (this.underWay > 0) return; // another attempt is under way and decides
      host.refuseWaiting(error);
      return;
    }
    this.away ??= new Outage(error);
    this.away.error = error;
    this.planAttempt();
  }

  private planAttempt(): void {
    const { away, host } = this;
    if (away === undefined || away.planned || this.underWay > 0) return;
    if (host.wanting <= 0 && host.size >= host.poolOptions.min) {
      // Nobody asks any more; the next who does makes the next attempt.
      this.away = undefined;
      return;
    }
    away.plan(
      () => void this.openOne(),
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
