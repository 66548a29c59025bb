import { ConnectionError, DatabaseError } from '../../errors/index.js';
import { startTimer } from '../../base/timers.js';
import { backoffDelay, type BackoffRule } from '../../pool/backoff.js';
import { checkFunction } from '../calls/check-arguments.js';
import type { CallContext } from '../calls/call-context.js';
import type { Limit } from '../calls/limit.js';
import type { TransactionOptions, TransactionRetry } from './options.js';
import type { Transaction } from './transaction.js';

const RETRY_BACKOFF: BackoffRule = { first: 20, longest: 2_000 };
const DEFAULT_ATTEMPTS = 5;

/**
 * Runs `fn` in a transaction: commits when it returns, rolls back when it throws, and tries again where asked to.
 *
 * @param limit of all attempts and the pauses between them
 */
export async function inTransaction<R>(
  context: CallContext,
  begin: () => Promise<Transaction>,
  fn: (transaction: Transaction) => Promise<R> | R,
  options: (TransactionOptions & { retry?: TransactionRetry }) | undefined,
  limit: Limit | undefined,
): Promise<R> {
  checkFunction('transaction()', fn, 'Write db.transaction(async (tx) => { … }).');
  const { retry } = options ?? {};
  const attempts = retry === undefined ? 1 : (retry.maxAttempts ?? DEFAULT_ATTEMPTS);
  const backoff =
    retry?.backoff ?? ((attempt: number): number => backoffDelay(RETRY_BACKOFF, attempt - 1, Math.random()));
  for (let attempt = 1; ; attempt++) {
    const last: { transaction?: Transaction } = {};
    const once = async (): Promise<R> => {
      last.transaction = await begin();
      return oneAttempt(last.transaction, fn, limit);
    };
    try {
      return await context.telemetry.transaction(options?.traceContext, once);
    } catch (error) {
      if (attempt >= attempts || !isWorthAnother(error, last.transaction)) throw error;
      // Out of time between two attempts is out of time.
      limit?.check();
      await pause(backoff(attempt), limit);
    }
  }
}

/**
 * A transaction that may stand is never run again. One whose connection was lost before its COMMIT was sent cannot
 * stand: the server rolls it back.
 */
function isWorthAnother(error: unknown, transaction: Transaction | undefined): boolean {
  if (transaction?.undone === false) return false;
  if (error instanceof DatabaseError) return error.retryable;
  return error instanceof ConnectionError && error.code === 'KB_CONNECTION_LOST';
}

async function oneAttempt<R>(
  transaction: Transaction,
  fn: (transaction: Transaction) => Promise<R> | R,
  limit: Limit | undefined,
): Promise<R> {
  try {
    const work = (async (): Promise<R> => fn(transaction))();
    const result = await (limit === undefined ? work : limit.race(work));
    await transaction.complete();
    return result;
  } catch (error) {
    await transaction[Symbol.asyncDispose]();
    throw error;
  }
}

function pause(delay: number, limit: Limit | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = delay > 0 ? startTimer(resolve, delay) : undefined;
    if (timer === undefined) resolve();
  });
  if (limit === undefined) return over;
  return limit.race(over).finally(() => clearTimeout(timer));
}
