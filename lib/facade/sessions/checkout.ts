import { nothing } from '../../base/nothing.js';
import { commandError } from '../../driver/failure.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { Operation, Session } from '../../driver/session.js';
import { startOperation, type OperationRunner } from '../calls/call.js';
import type { QueryOptions } from '../calls/options.js';

/**
 * Takes a session out of the pool, either at once or with a first command on it: one that could not be sent is then run
 * on another session as any call on the pool is.
 */
export class Checkout<T> implements Operation {
  readonly described = nothing;

  private constructor(
    private readonly take: (session: Session) => T,
    private readonly opening: string | ((session: Session) => string),
    private readonly resolve: (taken: T) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  /**
   * @param take becomes the session's owner
   * @param opening what is run first on the session, '' for nothing; where the server refuses it, the session goes back
   */
  static from<T>(
    pool: OperationRunner,
    take: (session: Session) => T,
    opening: string | ((session: Session) => string),
    options: Pick<QueryOptions, 'signal' | 'timeout'> | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      startOperation(pool, (fail) => new Checkout(take, opening, resolve, fail), options, reject, 'connect');
    });
  }

  begin(session: Session): void {
    const { opening } = this;
    const sql = typeof opening === 'string' ? opening : opening(session);
    if (sql === '') this.end(session, session.transactionStatus);
    else session.native.script(session.slot, sql);
  }

  result(session: Session, ...rest: readonly unknown[]): void {
    if (rest[5] === true) this.end(session, rest[6] as TransactionStatus);
  }

  private end(session: Session, transactionStatus: TransactionStatus): void {
    const taken = this.take(session);
    session.finish(transactionStatus);
    this.resolve(taken);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.reject(commandError(failure, session.address));
    if (!failure.lost) session.finish(transactionStatus);
  }

  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus): void {
    this.reject(thrown);
    session.finish(transactionStatus);
  }

  refuse(error: unknown): void {
    this.reject(error);
  }
}
