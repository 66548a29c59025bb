import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';
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

  begin(session: Session): void {
    const statement = this.statementOn(session);
    session.native.prepare(session.slot, statement.id, statement.sql);
  }

  protected done(session: Session): void {
    this.statementOn(session).prepared = true;
    this.resolve();
  }
}
