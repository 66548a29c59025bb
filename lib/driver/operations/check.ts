import { nothing } from '../../base/nothing.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { Operation, Session } from '../session.js';

/**
 * Asks the server something on a session, to see that it is still there. One that does not answer in time is closed:
 * a half-open connection would answer never.
 */
export class Check implements Operation {
  readonly ofSession = true;
  readonly described = nothing;
  private timer: NodeJS.Timeout | undefined;
  private late = false;

  /**
   * @param limit ms, 0 = none
   * @param done told once, before the session goes idle or after it was closed; without a session where none was had
   */
  constructor(
    private readonly sql: string,
    private readonly limit: number,
    private readonly done: (session: Session | undefined, alive: boolean) => void,
  ) {}

  begin(session: Session): void {
    if (this.limit > 0) {
      this.timer = setTimeout(() => {
        this.late = true;
        session.close();
      }, this.limit);
      this.timer.unref();
    }
    session.native.script(session.slot, this.sql);
  }

  refuse(): void {
    this.done(undefined, false);
  }

  result(session: Session, ...rest: readonly unknown[]): void {
    const endOfCommand = rest[5] === true;
    if (endOfCommand) this.end(session, rest[6] as TransactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    clearTimeout(this.timer);
    if (failure.lost || this.late) {
      this.done(session, false);
      return;
    }
    // It answered, if only to say no.
    this.end(session, transactionStatus);
  }

  threw(session: Session, _thrown: unknown, transactionStatus: TransactionStatus): void {
    this.end(session, transactionStatus);
  }

  private end(session: Session, transactionStatus: TransactionStatus): void {
    clearTimeout(this.timer);
    this.done(session, true);
    session.finish(transactionStatus);
  }
}
