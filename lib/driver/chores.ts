import { TransactionStatus } from '../addon/interface.js';
import { Deallocation } from './operations/deallocation.js';
import { OwnSettings } from './operations/own-settings.js';
import type { Operation, Session } from './session.js';

/** Sets back what a command has changed, and closes the server's form of statements that the cache no longer keeps. */
export function chores(session: Session): Operation | undefined {
  const { statements, patience } = session;
  if (session.alteredSettings !== 0 || session.digitsAltered) return new OwnSettings(patience);
  // Not inside a transaction block, which a statement that the server no longer has would fail.
  if (!statements.hasEvicted || session.transactionStatus !== TransactionStatus.Idle) return undefined;
  const names = statements.takeEvicted().map((id) => `${statements.prefix}${id}`);
  return new Deallocation(names, patience);
}
