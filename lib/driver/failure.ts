import { isRangeError } from '../base/is-error.js';
import { inOneLine } from '../base/in-one-line.js';
import { ConnectionError, DatabaseError, UsageError, type KingbaseError } from '../errors/index.js';
import type { NativeFailure } from '../addon/interface.js';
import { hintFor, type Sent } from './hints.js';

/** @param why a clause without an end */
export function unreadableValue(why: string): UsageError {
  return new UsageError('KB_VALUE_UNREADABLE', `The result cannot be read: ${why}.`, {
    hint: 'Open the database with binaryResults: false, which has all values come as text.',
  });
}

/**
 * The error for a command that failed on a connection that had been made.
 *
 * @param sent what the program has had run
 */
export function commandError(failure: NativeFailure, address: string, sent?: Sent): KingbaseError {
  const { fields } = failure;
  const reported =
    fields === undefined
      ? undefined
      : DatabaseError.fromFields({ ...fields, H: fields['H'] ?? hintFor(fields, sent) });
  if (!failure.lost && failure.stage === 'result') {
    return unreadableValue(failure.message);
  }
  const found = reported === undefined ? foundError(failure, address) : undefined;
  if (found !== undefined) return found;
  if (!failure.lost) {
    // Without the server's fields the library itself refused: more parameters than the protocol has, COPY as a query.
    return reported ?? new UsageError('KB_COMMAND_REFUSED', `The command was refused: ${failure.message}.`);
  }
  const words = inOneLine(reported?.message ?? failure.message);
  return new ConnectionError('KB_CONNECTION_LOST', `The connection to ${address} was lost: ${words}`, {
    outcome: failure.sent ? 'unknown' : 'not-sent',
    address,
    cause: reported ?? new Error(failure.message),
    hint: failure.sent
      ? 'The server may or may not have carried out the statement: look before running it again.'
      : 'Nothing of the statement was sent, so it is safe to run it again.',
  });
}

/** What kept the driver from sending a command or reading its answer; undefined for an ordinary loss or refusal. */
export function foundError(failure: NativeFailure, address: string): ConnectionError | undefined {
  const { reason, sent } = failure;
  if (reason === undefined) return undefined;
  const { code, text, hint } = FOUND[reason];
  const words = inOneLine(failure.message);
  const unknown = sent
    ? ' The server may or may not have carried out the statement: look before running it again.'
    : '';
  return new ConnectionError(code, `${text.replace('{address}', address)}: ${words}.`, {
    outcome: sent ? 'unknown' : 'not-sent',
    address,
    cause: new Error(failure.message),
    hint: hint + unknown,
  });
}

const FOUND = {
  resources: {
    code: 'KB_RESOURCES',
    text: 'The system does not give what the connection to {address} needs',
    hint: 'Look at the limits of descriptors and threads (ulimit -n, ulimit -u, the container); the next call tries again.',
  },
  memory: {
    code: 'KB_OUT_OF_MEMORY',
    text: 'There is no memory for what was sent to or came from {address}',
    hint: 'Read large results in parts, by rows() or copyTo(), or give the process more memory.',
  },
  protocol: {
    code: 'KB_PROTOCOL',
    text: 'What came from {address} is not what the protocol has, and the connection was closed',
    hint: 'See what stands between: a proxy, or a server of another product.',
  },
} as const;

/**
 * What building a result threw, as the call is to reject with it. The core throws a RangeError with our code where a
 * value does not fit a string or a Buffer; of memory that cannot be had V8 speaks in its own words. What a program's
 * converter threw goes back as it came.
 */
export function thrownError(thrown: unknown): unknown {
  // By its name: in a context of its own (a test runner, vm) the core throws another RangeError than ours.
  if (!isRangeError(thrown)) return thrown;
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
