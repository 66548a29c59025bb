import type { Operation, Session } from '../driver/session.js';
import { startOperation, type OperationRunner } from './call.js';
import type { QueryOptions } from './types.js';

const nothing = (): void => undefined;

/** Takes a session out of the pool: an operation that begins no command and ends at once. */
export class Checkout<T> implements Operation {
  readonly result = nothing;
  readonly described = nothing;
  readonly threw = nothing;
  readonly failed = nothing;

  private constructor(
    private readonly take: (session: Session) => T,
    private readonly resolve: (taken: T) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  /** `take` becomes the session's owner. */
  static from<T>(
    pool: OperationRunner,
    take: (session: Session) => T,
    options: Pick<QueryOptions, 'signal' | 'timeout'> | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      startOperation(pool, (fail) => new Checkout(take, resolve, fail), options, reject, 'connect');
    });
  }

  begin(session: Session): void {
    const taken = this.take(session);
    session.finish(session.transactionStatus);
    this.resolve(taken);
  }

  refuse(error: unknown): void {
    this.reject(error);
  }
}
