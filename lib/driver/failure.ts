import { ConnectionError, DatabaseError, UsageError, type KingbaseError } from '../errors/index.js';
import type { NativeFailure } from '../addon/interface.js';

/** The error for a command that failed on a connection that had been made. */
export function commandError(failure: NativeFailure, address: string): KingbaseError {
  const reported = failure.fields === undefined ? undefined : DatabaseError.fromFields(failure.fields);
  if (!failure.lost && failure.stage === 'result') {
    return new UsageError('KB_VALUE_UNREADABLE', `The result cannot be read: ${failure.message}.`, {
      hint: 'Open the database with binaryResults: false, which has all values come as text.',
    });
  }
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

/**
 * What building a result threw, as the call is to reject with it. The core throws a RangeError with our code where a
 * value does not fit a string or a Buffer; of memory that cannot be had V8 speaks in its own words. What a program's
 * converter threw goes back as it came.
 */
export function thrownError(thrown: unknown): unknown {
  if (!(thrown instanceof RangeError)) return thrown;
  const own = (thrown as { code?: unknown }).code === 'KB_VALUE_TOO_LARGE';
  if (!own && !/allocation failed|Invalid (string|array) length|string longer than/.test(thrown.message)) {
    return thrown;
  }
  return new UsageError(
    'KB_VALUE_TOO_LARGE',
    own
      ? 'A value of the result is larger than a JavaScript string or Buffer can be.'
      : `There is no memory for a value that large: ${thrown.message}.`,
    { cause: thrown, hint: 'Read it in parts: with substring(), as a large object, or by copyTo().' },
  );
}
