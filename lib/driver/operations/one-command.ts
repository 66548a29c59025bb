import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import { commandError } from '../failure.js';
import type { Sent } from '../hints.js';
import type { Operation, Session } from '../session.js';
import type { StatementResult } from '../result-shape.js';

/** An operation of one command, of whose results nothing is built. */
export abstract class OneCommand implements Operation {
  ticket: unknown;
  waited = 0;

  constructor(protected readonly reject: (error: unknown) => void) {}

  abstract begin(session: Session): void;

  refuse(error: unknown): void {
    this.reject(error);
  }

  result(_session: Session, _result: StatementResult): void {
    // Of no interest, unless a subclass says so.
  }

  threw(): void {
    // Nothing is built.
  }

  /** The command has succeeded: the operation ends. Called before the session goes on. */
  protected abstract done(session: Session, transactionStatus: TransactionStatus): void;

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.done(session, transactionStatus);
    session.finish(transactionStatus);
  }

  /** What the program itself has had run. */
  protected get sent(): Sent | undefined {
    return undefined;
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.reject(commandError(failure, session.address, this.sent));
    if (!failure.lost) session.finish(transactionStatus);
  }
}
