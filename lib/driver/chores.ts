import { TransactionStatus } from '../addon/interface.js';
import { Deallocation } from './operations/deallocation.js';
import { OwnSettings } from './operations/own-settings.js';
import type { Operation, Session } from './session.js';

/** Sets again what a command has set back, and closes the server's form of statements that the cache no longer keeps. */
export function chores(session: Session): Operation | undefined {
  const { settingsToRestore, statements, patience } = session;
  if (settingsToRestore !== '') {
    session.settingsToRestore = '';
    return new OwnSettings(settingsToRestore, patience);
  }
  // Not inside a transaction block, which a statement that the server no longer has would fail.
  if (!statements.hasEvicted || session.transactionStatus !== TransactionStatus.Idle) return undefined;
  const names = statements.takeEvicted().map((id) => `${statements.prefix}${id}`);
  return new Deallocation(names, patience);
}
