import { deferred, type Deferred } from '../../base/deferred.js';
import type { Operation, Session, SessionOwner } from '../../driver/session.js';
import { ConnectionError, UsageError, type KingbaseError } from '../../errors/index.js';
import type { OperationRunner } from '../calls/call.js';
import { Reset } from '../../driver/operations/reset.js';
import { behindRows, releasedUnderRows, StallWatch, type ReadingProgress } from './stalled-reader.js';

/** ms that a call waits for rows which are not read on. */
const PATIENCE_WITH_READER = 2_000;

/** Runs the operations of one checked-out session one after the other, until it is given back. */
export class SessionQueue implements SessionOwner, OperationRunner {
  private readonly waiting: Operation[] = [];
  private lost: KingbaseError | undefined;
  private handing = false;
  private released: Deferred<void> | undefined;
  /** Told once, when the session is given back or gone. */
  onRelease: (() => void) | undefined;
  /** Told when what goes on is to stop, whether a command is under way or not. */
  onInterrupt: ((reason: unknown) => void) | undefined;
  private readonly stall = new StallWatch(
    PATIENCE_WITH_READER,
    true,
    () => this.waiting.length > 0 || (this.released !== undefined && !this.free),
    (reader) => {
      const refusal = reader.refusal ?? behindRows;
      for (const operation of this.waiting.splice(0)) operation.refuse(refusal(PATIENCE_WITH_READER));
      if (this.released !== undefined) reader.abandon(releasedUnderRows());
    },
  );

  /** @param reset SQL that frees the session of what its user has left in it, '' for none */
  constructor(
    readonly session: Session,
    private readonly pool: SessionOwner,
    private readonly reset: string,
  ) {
    session.owner = this;
  }

  run(operation: Operation): void {
    if (this.released !== undefined) {
      operation.refuse(
        new UsageError('KB_CONNECTION_RELEASED', 'The connection has been released and takes no more calls.'),
      );
    } else if (this.lost !== undefined) {
      operation.refuse(this.lost);
    } else if (this.free) {
      this.session.run(operation);
    } else {
      this.waiting.push(operation);
      this.stall.look();
    }
  }

  /** Whether the session takes an operation: it is idle, and not lent to a cursor between two of its statements. */
  private get free(): boolean {
    return this.session.idle && this.session.owner === this;
  }

  watch(progress: ReadingProgress): () => void {
    return this.stall.watch(progress);
  }

  withdraw(operation: Operation): boolean {
    const at = this.waiting.indexOf(operation);
    if (at >= 0) this.waiting.splice(at, 1);
    return at >= 0;
  }

  /** Stops what is going on and refuses what waits. */
  interrupt(reason: unknown): void {
    for (const operation of this.waiting.splice(0)) operation.refuse(reason);
    const { owner } = this.session;
    if (owner instanceof SessionQueue && owner !== this) owner.interrupt(reason);
    else this.session.interrupt();
    this.onInterrupt?.(reason);
  }

  /** Gives the session back when what has been asked of it has ended. */
  release(): Promise<void> {
    if (this.released === undefined) {
      this.released = deferred();
      if (this.lost !== undefined || this.free) this.giveBack();
      else this.stall.look();
    }
    return this.released.promise;
  }

  /** Ends the session instead of giving it back: its state cannot be trusted. */
  destroy(): void {
    this.session.close();
  }

  sessionIdle(session: Session): void {
    // An operation that ends as it begins, for a parameter that cannot be written, comes back to here at once: the loop
    // goes on with the next, so that a long line of them does not become as deep a stack.
    if (this.handing) return;
    this.handing = true;
    while (this.free) {
      const next = this.waiting.shift();
      if (next === undefined) break;
      session.run(next);
    }
    this.handing = false;
    if (this.free && this.released !== undefined) this.giveBack();
  }

  sessionClosed(session: Session, error: KingbaseError | undefined): void {
    this.lost =
      error === undefined
        ? new UsageError('KB_CONNECTION_RELEASED', 'The connection has been closed.')
        : new ConnectionError(
            'KB_CONNECTION_LOST',
            `The connection to ${session.address} had been lost before.`,
            {
              // Of what waits and of what comes nothing was sent, whatever became of what was under way.
              outcome: 'not-sent',
              address: session.address,
              cause: error.cause ?? error,
              hint: 'Check out another connection, and begin again what was done on this one.',
            },
          );
    this.pool.sessionClosed(session, error);
    for (const operation of this.waiting.splice(0)) operation.refuse(this.lost);
    this.end();
  }

  rerun(): boolean {
    // What came before it on this session is gone with it.
    return false;
  }

  private giveBack(): void {
    if (this.lost === undefined) {
      this.session.owner = this.pool;
      if (this.reset === '') this.pool.sessionIdle(this.session);
      else this.session.run(new Reset(this.reset, this.session.patience));
    }
    this.end();
  }

  private end(): void {
    this.onRelease?.();
    this.onRelease = undefined;
    this.released?.resolve();
  }
}
