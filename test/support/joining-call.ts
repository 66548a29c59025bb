import { RowMode, type NativeFailure, type TransactionStatus } from '../../lib/addon/interface.js';
import type { Operation, Session } from '../../lib/driver/session.js';

/** A call that can be sent together with others, unless it is told otherwise. */
export class JoiningCall implements Operation {
  outcome = 'waits';
  ticket: unknown;

  constructor(
    readonly id: number,
    private readonly joins = true,
  ) {}

  begin(session: Session): void {
    session.native.executePrepared(session.slot, this.id, 0, 0, RowMode.Object, 0);
  }

  join({ native, slot }: Session): boolean {
    return this.joins && native.joinPrepared(slot, this.id, 0, 0, RowMode.Object, 0);
  }

  restart(): boolean {
    return true;
  }

  result(): void {
    // Its end counts.
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.outcome = 'done';
    session.finish(transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.outcome = failure.lost ? (failure.sent ? 'unknown' : 'not sent') : 'failed';
    if (!failure.lost) session.finish(transactionStatus);
  }

  refuse(error: unknown): void {
    this.outcome = (error as { code: string }).code;
  }

  threw(): void {
    throw new Error('There was nothing to convert.');
  }
}
