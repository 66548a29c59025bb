import { nothing } from '../../base/nothing.js';
import type { ResetItem } from '../../config/index.js';
import { TransactionStatus, type NativeFailure } from '../../addon/interface.js';
import type { Operation, Session } from '../session.js';

const STATEMENTS: Readonly<Record<ResetItem, string>> = {
  settings: 'RESET SESSION AUTHORIZATION; RESET ALL',
  temporary: 'DISCARD TEMP',
  locks: 'SELECT pg_advisory_unlock_all()',
  listen: 'UNLISTEN *',
  cursors: 'CLOSE ALL',
  all: 'DISCARD ALL',
};

/** What is run when a session is released; '' for nothing. */
export function resetText(items: readonly ResetItem[]): string {
  // DISCARD ALL does all the others too, and cannot be run together with them: it must be a transaction of its own.
  return items.includes('all') ? STATEMENTS.all : items.map((item) => STATEMENTS[item]).join('; ');
}

/** Frees a session of what its user has left in it, before it goes back to the pool. */
export class Reset implements Operation {
  readonly ofSession = true;
  readonly described = nothing;
  readonly refuse = nothing;
  private rolledBack = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sql: string) {}

  begin(session: Session): void {
    // Nobody waits for it who could give it up, and the connection may be half-open.
    if (session.patience > 0) {
      this.timer = setTimeout(() => {
        session.close();
      }, session.patience);
    }
    // A transaction left open would make DISCARD ALL fail, and undo the rest when it is rolled back.
    this.rolledBack = session.transactionStatus === TransactionStatus.Idle;
    session.native.script(session.slot, this.rolledBack ? this.sql : 'ROLLBACK');
  }

  result(session: Session, ...rest: readonly unknown[]): void {
    if (rest[5] !== true) return;
    if (!this.rolledBack) {
      this.rolledBack = true;
      session.native.script(session.slot, this.sql);
      return;
    }
    clearTimeout(this.timer);
    session.finish(rest[6] as TransactionStatus);
  }

  failed(session: Session, failure: NativeFailure): void {
    clearTimeout(this.timer);
    // What is left of the session's state nobody knows.
    if (!failure.lost) session.discard();
  }

  threw(session: Session, _thrown: unknown, transactionStatus: TransactionStatus): void {
    clearTimeout(this.timer);
    session.finish(transactionStatus);
  }
}
