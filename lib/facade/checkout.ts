import type { Operation } from '../driver/operation.js';
import type { Session } from '../driver/session.js';
import type { OperationRunner } from './call.js';

const nothing = (): void => undefined;

/** Takes a session out of the pool: an operation that begins no command and does not end by itself. */
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
  static from<T>(pool: OperationRunner, take: (session: Session) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      pool.run(new Checkout(take, resolve, reject));
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
