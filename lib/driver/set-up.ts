import { isError } from '../base/is-error.js';
import { ConnectionError, DatabaseError, TimeoutError } from '../errors/index.js';
import { worthConnectingAgain } from '../errors/server-going-away.js';
import type { ConnectLimit } from './connect-limit.js';
import { SessionState, type Session } from './session.js';

/** Sets a new session up. Rejects where that fails; the session is closed then. */
export type SetUp = (session: Session) => Promise<void>;

/** Sets a session up in the time that is left. One that could not be set up is closed: it would differ from the others. */
export async function setUpWithin(limit: ConnectLimit, session: Session, setUp: SetUp): Promise<void> {
  const { address } = session;
  const late = (): ConnectionError =>
    setUpError('KB_CONNECT_TIMEOUT', address, `had not ended within ${limit.total} ms.`, {
      hint: 'Look what onConnect waits for; it has its session, and must not wait for another of the same pool.',
    });
  const work = setUp(session).catch((error: unknown) => {
    throw asConnectError(session, error);
  });
  try {
    await limit.within(work, limit.shareOf(1), late);
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * What the attempt to connect fails with. Where the server goes away, or was too slow, the pool may try again by itself;
 * whatever else is wrong somebody has to mend.
 */
function asConnectError(session: Session, error: unknown): unknown {
  const { address } = session;
  if (error instanceof DatabaseError && worthConnectingAgain(error.code)) return error;
  if (session.state === SessionState.Closed || (isLoss(error) && addressOf(error) === address)) {
    return lostAfterLogin(address, error);
  }
  const message = isError(error) ? error.message : String(error);
  return setUpError(
    error instanceof TimeoutError ? 'KB_CONNECT_TIMEOUT' : 'KB_CONNECT_SETUP',
    address,
    `failed: ${message}`,
    { cause: error, hint: 'See the cause. No call gets a connection that onConnect has not set up.' },
  );
}

function setUpError(
  code: 'KB_CONNECT_SETUP' | 'KB_CONNECT_TIMEOUT',
  address: string,
  what: string,
  details: { cause?: unknown; hint: string },
): ConnectionError {
  const message = `Cannot connect to ${address}: setting up the session (onConnect) ${what}`;
  return new ConnectionError(code, message, { outcome: 'not-sent', address, ...details });
}

export function isLoss(error: unknown): boolean {
  return error instanceof ConnectionError && error.code === 'KB_CONNECTION_LOST';
}

function addressOf(error: unknown): string | undefined {
  return error instanceof ConnectionError ? error.address : undefined;
}

/** What was lost belongs to making the connection; of what the program asks for nothing has been sent. */
export function lostAfterLogin(address: string, cause: unknown): ConnectionError {
  return new ConnectionError(
    'KB_CONNECT_LOST',
    `Cannot connect to ${address}: the connection was lost again right after the login.`,
    {
      stage: 'auth',
      outcome: 'not-sent',
      address,
      cause,
      hint: 'See the server log, which often says more than the client is told.',
    },
  );
}
