import type { TransactionStatus } from '../../addon/interface.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';
import { deallocation } from './description.js';
import { OneCommand } from './one-command.js';

/** Prepares a statement on one session, so that a mistake in it shows when it is prepared and not when it is run. */
export class PrepareProbe extends OneCommand {
  /** @param statementOn the form of the statement that a session has, prepared or not */
  constructor(
    private readonly statementOn: (session: Session) => CachedStatement,
    private readonly resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  private dropped = false;

  restart(): boolean {
    return true;
  }

  begin(session: Session): void {
    session.prepare(this.statementOn(session));
  }

  override ended(session: Session, transactionStatus: TransactionStatus): void {
    if (session.pooler === undefined || this.dropped) {
      super.ended(session, transactionStatus);
      return;
    }
    // Whether it is right is known, and the name would stay on a server session that is anybody's soon.
    this.dropped = true;
    session.native.script(session.slot, deallocation(session, this.statementOn(session)));
  }

  protected done(session: Session): void {
    if (session.pooler === undefined) this.statementOn(session).prepared = true;
    this.resolve();
  }
}
