import { ConnectionError, DatabaseError, UsageError, type KingbaseError } from '../errors/index.js';
import type { NativeFailure } from './native.js';

/** The error for a command that failed on a connection that had been made. */
export function commandError(failure: NativeFailure, address: string): KingbaseError {
  const reported = failure.fields === undefined ? undefined : DatabaseError.fromFields(failure.fields);
  if (!failure.lost) {
    // Without the server's fields the library itself refused: more parameters than the protocol has, COPY as a query.
    return reported ?? new UsageError('KB_COMMAND_REFUSED', `The command was refused: ${failure.message}.`);
  }
  const words = (reported?.message ?? failure.message).replace(/\s*\n\s*/g, ' ');
  return new ConnectionError('KB_CONNECTION_LOST', `The connection to ${address} was lost: ${words}`, {
    outcome: failure.sent ? 'unknown' : 'not-sent',
    address,
    cause: reported ?? new Error(failure.message),
    hint: failure.sent
      ? 'The server may or may not have carried out the statement: look before running it again.'
      : 'Nothing of the statement was sent, so it is safe to run it again.',
  });
}
