import { commandError } from '../failure.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { ResultShape } from '../result-shape.js';
import type { Operation, Session } from '../session.js';

/** How one statement of a script ended. */
export interface ScriptResult {
  command: string;
  /** The number in the command tag; -1 where it has none. */
  count: number;
}

/** Runs a text of several statements by the simple protocol. */
export class Script implements Operation {
  private readonly results: ScriptResult[] = [];

  constructor(
    private readonly sql: string,
    private readonly resolve: (results: ScriptResult[]) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  begin(session: Session): void {
    session.native.script(session.slot, this.sql);
  }

  refuse(error: unknown): void {
    this.reject(error);
  }

  result(
    session: Session,
    _rows: unknown[] | undefined,
    _shape: ResultShape | undefined,
    command: string,
    count: number,
    endOfResult: boolean,
    endOfCommand: boolean,
    transactionStatus: TransactionStatus,
  ): void {
    if (endOfResult && command !== '') this.results.push({ command, count });
    if (!endOfCommand) return;
    this.resolve(this.results);
    session.finish(transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.reject(commandError(failure, session.address));
    if (!failure.lost) session.finish(transactionStatus);
  }

  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus): void {
    session.finish(transactionStatus);
    this.reject(thrown);
  }

  described(): void {
    // Never asked for.
  }
}
