import { TransactionStatus } from '../../addon/interface.js';
import type { Session } from '../../driver/session.js';
import type { CallContext } from '../calls/call-context.js';
import { Connection } from '../connection.js';
import { NOBODY } from './borrow.js';
import { Lease } from './lease.js';

/** Sets up a new session. The connection is that session's; it takes no calls once the function has ended. */
export type OnConnect = (session: Connection) => Promise<void> | void;

/** Lends a new session, which nobody has yet, to the program's function, and takes it back clean. */
export async function setUpSession(
  session: Session,
  context: CallContext,
  onConnect: OnConnect,
): Promise<void> {
  const lease = new Lease(session, NOBODY, '');
  await onConnect(Connection.create(lease, context));
  // What the function has not waited for is carried out first.
  await lease.release();
  if (!session.idle) throw new Error('its connection was closed meanwhile.');
  if (session.transactionStatus !== TransactionStatus.Idle) {
    throw new Error('it has left a transaction open, which would undo what it has set.');
  }
}
