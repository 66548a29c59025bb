import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { nothing } from '../../base/nothing.js';
import type { Telemetry } from '../../observability/telemetry.js';
import { limitOfStream, type HasTimeout } from '../calls/default-timeout.js';
import type { Limit } from '../calls/limit.js';
import { UsageError } from '../../errors/index.js';
import type { QueryOptions, StallOptions } from '../calls/options.js';
import type { OperationRunner } from '../calls/runner.js';
import { statementTimedOut } from '../calls/timeouts.js';
import type { LeakWatch } from '../sessions/leak.js';
import { openRows, type RowChannel } from '../streams/data-channels.js';
import { hasCursor, openCursor } from './cursor.js';
import { openGuardedRows } from './guarded-rows.js';
import { needsTransaction, type BehindPooler } from '../calls/pooler.js';
import type { RowSource } from './row-reader.js';

/** What rows need of a database. */
export interface RowContext extends HasTimeout, BehindPooler {
  readonly telemetry: Telemetry;
  /** Whether the client library can give the rows of a result one by one. Loads it if that has not been done. */
  readonly readsRowByRow: () => boolean;
  /** A watch over what may come to hold a connection of the pool. Called where the program asks for it. */
  readonly leakWatch: () => LeakWatch;
}

/** @param build throws what is wrong with the call; if it does not, `ended` is called once */
export function rowSource<T>(
  runner: OperationRunner,
  context: RowContext,
  options: (QueryOptions & StallOptions) | undefined,
  build: () => ExecutionRequest,
  ended: () => void = () => undefined,
): RowSource<T> {
  const watch = runner.watch?.bind(runner) ?? context.leakWatch();
  const read = (on: OperationRunner, request: ExecutionRequest, limit: Limit): Promise<RowChannel<T>> => {
    if (context.readsRowByRow() || !hasCursor(request.sql)) return openRows<T>(on, request, limit);
    needsTransaction(context, 'A cursor');
    return openCursor<T>(on, request, limit);
  };
  let begun: () => void = nothing;
  return {
    telemetry: context.telemetry,
    traceContext: options?.traceContext,
    patience: options?.stallTimeout,
    limit: () => {
      checkStallTimeout(options?.stallTimeout);
      const stream = limitOfStream(options ?? {}, context, statementTimedOut);
      begun = stream.begun;
      return stream.limit;
    },
    request: build,
    open: async (request, limit): Promise<RowChannel<T>> => {
      // A session of the pool is in no transaction, and nobody else waits for it.
      const on = runner.forCall === undefined ? runner : runner.forCall(request.sql, options);
      const channel = await (runner.watch === undefined
        ? read(on, request, limit)
        : openGuardedRows<T>(runner, limit, (lease) => read(lease, request, limit)));
      begun();
      return channel;
    },
    watch,
    ended,
  };
}

function checkStallTimeout(value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return;
  throw new UsageError(
    'KB_BAD_OPTION',
    'The option "stallTimeout" must be a number of milliseconds greater than 0.',
    { hint: 'Leave it out for 2000, or give Infinity for no limit.' },
  );
}
