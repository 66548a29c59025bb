import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import { commandError } from '../../driver/failure.js';
import type { Operation, Session } from '../../driver/session.js';
import { startOperation, type OperationRunner } from './call.js';
import type { Statement } from '../statement.js';
import type { QueryOptions } from './options.js';

/** Prepares a statement on one session, so that a mistake in it shows when it is prepared and not when it is run. */
export class PrepareProbe implements Operation {
  private constructor(
    private readonly statement: Statement,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  static run(
    runner: OperationRunner,
    statement: Statement,
    options: Pick<QueryOptions, 'signal' | 'timeout'> | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      startOperation(runner, (fail) => new PrepareProbe(statement, resolve, fail), options, reject);
    });
  }

  begin(session: Session): void {
    const prepared = this.statement.statementOn(session);
    session.native.prepare(session.slot, prepared.id, this.statement.compiled);
  }

  refuse(error: unknown): void {
    this.reject(error);
  }

  result(session: Session, ...rest: readonly unknown[]): void {
    this.statement.statementOn(session).prepared = true;
    session.finish(rest[6] as TransactionStatus);
    this.resolve();
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    if (!failure.lost) session.finish(transactionStatus);
    this.reject(commandError(failure, session.address));
  }

  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus): void {
    session.finish(transactionStatus);
    this.reject(thrown);
  }

  described(): void {
    // Never asked for.
  }
}
