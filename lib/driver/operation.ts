import type { NativeFailure, TransactionStatus } from './native.js';
import type { ResultShape } from './result-shape.js';
import type { Session } from './session.js';

/**
 * Something to be done on a session: one command or several in a row. The session tells it how each command ends; the
 * operation begins the next one or ends by `session.finish`.
 */
export interface Operation {
  /** Begins on an idle session, which is the operation's until it calls `session.finish`. */
  begin(session: Session): void;
  /** Whether the command under way only prepares for the one that matters. */
  readonly intermediate?: boolean;
  /** No session could be had, or the operation was withdrawn before it began. */
  refuse(error: unknown): void;
  result(
    session: Session,
    rows: unknown[] | undefined,
    shape: ResultShape | undefined,
    command: string,
    count: number,
    endOfResult: boolean,
    endOfCommand: boolean,
    transactionStatus: TransactionStatus,
  ): void;
  described(session: Session, parameterTypes: Uint32Array): void;
  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus): void;
  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void;
}
