import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { Operation, Session } from '../session.js';

/** ms for a command of the driver's own where the pool's `heartbeatTimeout` is 0. */
const LONGEST_OWN_COMMAND = 30_000;

/**
 * Texts that the driver runs for its own purposes, one after the other. No caller waits who could give them up, and the
 * connection may be half-open, so all of them together have a limit: a session that has not answered by then is closed.
 */
export abstract class OwnCommands implements Operation {
  readonly ofSession = true;
  private timer: NodeJS.Timeout | undefined;
  /** The session was closed because the limit had passed. */
  private late = false;

  /** @param limit ms, such as `session.patience`; 0 stands for a limit that is never reached on a connection that lives */
  protected constructor(private readonly limit: number) {}

  /** What is run first. */
  protected abstract first(session: Session): string;

  /** What is run after a command that has ended; undefined when that was the last. */
  protected next(): string | undefined {
    return undefined;
  }

  /** Whether a refusal of the server leaves the session in a state that nobody knows, so that it is closed. */
  protected readonly spoilsWhenRefused: boolean = false;

  /**
   * It has ended. Called once, before the session goes on or after it was closed.
   *
   * @param session undefined where none could be had
   * @param alive the server has answered, if only to refuse
   */
  protected over(_session: Session | undefined, _alive: boolean): void {
    // Nobody waits, unless a subclass says so.
  }

  begin(session: Session): void {
    const limit = this.limit > 0 ? this.limit : LONGEST_OWN_COMMAND;
    this.timer = setTimeout(() => {
      this.late = true;
      session.close();
    }, limit);
    this.timer.unref();
    session.native.script(session.slot, this.first(session));
  }

  refuse(): void {
    this.over(undefined, false);
  }

  result(): void {
    // Of no interest.
  }

  threw(): void {
    // Nothing is built.
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    const next = this.next();
    if (next !== undefined) {
      session.native.script(session.slot, next);
      return;
    }
    this.stop(session, true);
    session.finish(transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    if (failure.lost || this.late) {
      this.stop(session, false);
    } else if (this.spoilsWhenRefused) {
      this.stop(session, false);
      session.discard();
    } else {
      this.ended(session, transactionStatus);
    }
  }

  private stop(session: Session, alive: boolean): void {
    clearTimeout(this.timer);
    this.over(session, alive);
  }
}
