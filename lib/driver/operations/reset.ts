import type { ResetItem } from '../../config/index.js';
import { TransactionStatus } from '../../addon/interface.js';
import { settingsTouched } from '../changes.js';
import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

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
export class Reset extends OwnCommands {
  /** What is left of the session's state nobody knows. */
  protected override readonly spoilsWhenRefused = true;
  readonly restores = true;
  private rolledBack = false;

  constructor(
    private readonly sql: string,
    limit: number,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    // A transaction left open would make DISCARD ALL fail, and undo the rest when it is rolled back.
    this.rolledBack = session.transactionStatus === TransactionStatus.Idle;
    session.native.script(session.slot, this.rolledBack ? this.sql : 'ROLLBACK');
  }

  protected override next(session: Session): boolean {
    if (this.rolledBack) {
      const settings = settingsTouched(this.sql);
      if (settings !== undefined) session.noteSettings(settings, TransactionStatus.Idle);
      return false;
    }
    this.rolledBack = true;
    session.native.script(session.slot, this.sql);
    return true;
  }
}
