import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { StatementResult } from '../result-shape.js';
import type { Operation, Session } from '../session.js';

/** ms for commands of the driver's own where the pool's `heartbeatTimeout` is 0. */
const LONGEST_OWN_COMMANDS = 30_000;

/**
 * Commands that the driver runs for its own purposes, one after the other. No caller waits who could give them up, and
 * the connection may be half-open, so all of them together have a limit: a session that has not answered by then is
 * closed.
 */
export abstract class OwnCommands implements Operation {
  readonly ofSession = true;
  readonly isBrief = true;
  private timer: NodeJS.Timeout | undefined;
  /** The session was closed because the limit had passed. */
  private late = false;

  /** @param limit ms, such as `session.patience`; 0 stands for 30 s */
  constructor(private readonly limit: number) {}

  /** Begins the first command. */
  protected abstract first(session: Session): void;

  /** Begins the command after one that has ended; false when that was the last. `failure`: the server has refused it. */
  protected next(_session: Session, _failure?: NativeFailure): boolean {
    return false;
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
    const limit = this.limit > 0 ? this.limit : LONGEST_OWN_COMMANDS;
    this.timer = setTimeout(() => {
      this.late = true;
      session.drop(
        `the server had not answered what the driver itself had asked it within ${limit} ms (pool.heartbeatTimeout)`,
      );
    }, limit);
    this.timer.unref();
    this.first(session);
  }

  refuse(_error: unknown): void {
    this.over(undefined, false);
  }

  result(_session: Session, _result: StatementResult): void {
    // Of no interest, unless a subclass says so.
  }

  threw(): void {
    // Nothing is built that could throw.
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.goOn(session, transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    if (failure.lost || this.late) {
      this.stop(session, false);
    } else if (this.spoilsWhenRefused) {
      this.spoil(
        session,
        `the server had refused what the driver itself asked: ${failure.fields?.['M'] ?? failure.message}`,
      );
    } else {
      this.goOn(session, transactionStatus, failure);
    }
  }

  private goOn(session: Session, transactionStatus: TransactionStatus, failure?: NativeFailure): void {
    session.transactionStatus = transactionStatus;
    if (this.next(session, failure)) return;
    this.stop(session, true);
    session.finish(transactionStatus);
  }

  /**
   * Ends with a session that nobody may have any more.
   *
   * @param because a clause
   */
  protected spoil(session: Session, because: string): void {
    this.stop(session, false);
    session.discard(because);
  }

  private stop(session: Session, alive: boolean): void {
    clearTimeout(this.timer);
    this.over(session, alive);
  }
}
