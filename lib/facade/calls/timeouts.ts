import { ConnectionError, TimeoutError, type KingbaseError } from '../../errors/index.js';
import type { TimedOut, Waiting } from './limit.js';

/** For a statement. */
export const statementTimedOut: TimedOut = (timeout, cause, waiting) =>
  waiting === undefined
    ? new TimeoutError('query', timeout, `The statement took longer than its limit of ${timeout} ms.`, {
        cause,
        hint: 'Give it a longer timeout, or find out with EXPLAIN what takes the time.',
      })
    : notBegun(timeout, waiting);

/** For taking a connection out of the pool. */
export const checkoutTimedOut: TimedOut = (timeout, cause, waiting) =>
  waiting === undefined
    ? new TimeoutError(
        'connect',
        timeout,
        `Checking out a connection took longer than its limit of ${timeout} ms.`,
        {
          cause,
          hint: 'The server has not answered the first command on the connection: see whether it can be reached.',
        },
      )
    : notBegun(timeout, waiting);

/** For a transaction, from when its connection is asked for. */
export const transactionTimedOut: TimedOut = (timeout, cause, waiting) =>
  waiting === undefined
    ? new TimeoutError(
        'transaction',
        timeout,
        `The transaction took longer than its limit of ${timeout} ms and was rolled back.`,
        { cause },
      )
    : notBegun(timeout, waiting);

/** For a commit, which the server may have carried out though its answer did not come. */
export const commitTimedOut: TimedOut = (timeout, cause, waiting) => {
  if (waiting !== undefined) return notBegun(timeout, waiting);
  const unknown = cause instanceof ConnectionError;
  return new TimeoutError(
    'transaction',
    timeout,
    unknown
      ? `The commit got no answer within its limit of ${timeout} ms.`
      : `The commit took longer than its limit of ${timeout} ms, and the transaction was rolled back.`,
    {
      cause,
      hint: unknown
        ? 'The server may or may not have committed: look before running the transaction again.'
        : 'Give commit() or the transaction a longer timeout.',
    },
  );
};

/** For a batch with all its commands, and the wait for its rows. */
export const batchTimedOut: TimedOut = (timeout, cause) =>
  new TimeoutError('batch', timeout, `The batch took longer than its limit of ${timeout} ms.`, {
    cause,
    hint: 'Give it a longer timeout.',
  });

/** For the question how far a server has come. */
export const positionTimedOut: TimedOut = (timeout, cause, waiting) =>
  waiting === undefined
    ? new TimeoutError(
        'query',
        timeout,
        `No server has said its position within the limit of ${timeout} ms.`,
        {
          cause,
          hint: 'Give it a longer timeout. In a cluster db.topology() shows what is known of the servers.',
        },
      )
    : notBegun(timeout, waiting);

/** For LISTEN, from when the subscription is asked for. */
export const listenTimedOut: TimedOut = (timeout, cause) =>
  new TimeoutError('listen', timeout, `The server did not listen within the limit of ${timeout} ms.`, {
    cause,
  });

function notBegun(timeout: number, { words, last, cause, hint, waiting }: Waiting): KingbaseError {
  const [operation, what] =
    waiting === undefined ? ['query', 'its turn'] : ['connect', `a connection (${waiting} waiting)`];
  return new TimeoutError(
    operation,
    timeout,
    `The call was not sent: its limit of ${timeout} ms passed while it waited for ${what}: ${words}.${last}`,
    { outcome: 'not-sent', cause, hint },
  );
}
