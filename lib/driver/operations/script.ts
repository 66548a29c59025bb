import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import { settingsTouched } from '../changes.js';
import type { Session } from '../session.js';
import { OneCommand } from './one-command.js';
import type { StatementResult } from '../result-shape.js';

/** How one statement of a script ended. */
export interface ScriptResult {
  command: string;
  /** The number in the command tag; -1 where it has none. */
  count: number;
}

/** Runs a text of several statements by the simple protocol. */
export class Script extends OneCommand {
  private readonly results: ScriptResult[] = [];

  constructor(
    private readonly sql: string,
    private readonly resolve: (results: ScriptResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  begin(session: Session): void {
    session.native.script(session.slot, this.sql);
  }

  override result(_session: Session, { command, count }: StatementResult): void {
    if (command !== '') this.results.push({ command, count });
  }

  protected done(session: Session, transactionStatus: TransactionStatus): void {
    this.noteSettings(session, transactionStatus);
    this.resolve(this.results);
  }

  override failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    // Statements before the one that failed may have been committed.
    if (!failure.lost) this.noteSettings(session, transactionStatus);
    super.failed(session, failure, transactionStatus);
  }

  private noteSettings(session: Session, transactionStatus: TransactionStatus): void {
    const settings = settingsTouched(this.sql);
    if (settings !== undefined) session.noteSettings(settings, transactionStatus);
  }
}
