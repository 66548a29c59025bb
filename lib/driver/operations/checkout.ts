import type { Session } from '../session.js';
import { OneCommand } from './one-command.js';

/**
 * Takes a session out of the pool, either at once or with a first command on it: one that could not be sent is then run
 * on another session as any call on the pool is.
 */
export class Checkout<T> extends OneCommand {
  /**
   * @param take becomes the session's owner
   * @param opening what is run first on the session, '' for nothing; where the server refuses it, the session goes back
   */
  constructor(
    private readonly take: (session: Session) => T,
    private readonly opening: string | ((session: Session) => string),
    private readonly resolve: (taken: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  begin(session: Session): void {
    const { opening } = this;
    const sql = typeof opening === 'string' ? opening : opening(session);
    if (sql === '') this.ended(session, session.transactionStatus);
    else session.native.script(session.slot, sql);
  }

  protected done(session: Session): void {
    this.resolve(this.take(session));
  }
}
