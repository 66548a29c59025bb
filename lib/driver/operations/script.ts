import { TransactionStatus, type NativeFailure, type RowMode } from '../../addon/interface.js';
import { callsUnknown, settingsTouched } from '../changes.js';
import { commandError } from '../failure.js';
import type { TypeMap } from '../../types/type-map.js';
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
abstract class SimpleText extends OneCommand {
  constructor(
    protected readonly sql: string,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  protected abstract give(): void;

  protected done(session: Session, transactionStatus: TransactionStatus): void {
    this.noteSettings(session, transactionStatus);
    this.give();
  }

  override failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    // Statements before the one that failed may have been committed.
    if (!failure.lost) this.noteSettings(session, transactionStatus);
    this.reject(commandError(failure, session.address, { sql: this.sql, parameters: [] }));
    if (!failure.lost) session.finish(transactionStatus);
  }

  private noteSettings(session: Session, transactionStatus: TransactionStatus): void {
    const settings = settingsTouched(this.sql);
    if (settings !== undefined) session.noteSettings(settings, transactionStatus);
    if (transactionStatus !== TransactionStatus.Idle && callsUnknown(this.sql, true))
      session.statements.noteUnknownCall(undefined);
  }
}

/** For what became of each statement. */
export class Script extends SimpleText {
  private readonly results: ScriptResult[] = [];

  constructor(
    sql: string,
    private readonly resolve: (results: ScriptResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    super(sql, reject);
  }

  begin(session: Session): void {
    session.native.script(session.slot, this.sql);
  }

  override result(_session: Session, { command, count }: StatementResult): void {
    if (command !== '') this.results.push({ command, count });
  }

  protected give(): void {
    this.resolve(this.results);
  }
}

/** The same, for its rows. Types that the map does not know stay text: the server is not asked in the middle of a script. */
export class RowScript extends SimpleText {
  private readonly results: StatementResult[] = [];
  private thrown: { error: unknown } | undefined;

  constructor(
    sql: string,
    private readonly rowMode: RowMode,
    private readonly types: TypeMap,
    private readonly resolve: (results: StatementResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    super(sql, reject);
  }

  begin(session: Session): void {
    const { sql, rowMode, types } = this;
    session.native.script(session.slot, sql, 0, 0, rowMode, session.core.typeMapId(types));
  }

  override result(_session: Session, result: StatementResult): void {
    this.results.push(result);
  }

  override threw(_session?: Session, error?: unknown): void {
    this.thrown ??= { error };
  }

  protected give(): void {
    if (this.thrown === undefined) this.resolve(this.results);
    else this.reject(this.thrown.error);
  }
}
