import type { ExecutionRequest } from '../../driver/operations/execution.js';
import type { Telemetry } from '../../observability/telemetry.js';
import type { OperationRunner } from '../calls/call.js';
import { openRows, type RowChannel } from '../streams/data-channels.js';
import { hasCursor, openCursor } from './cursor.js';
import { openGuardedRows } from './guarded-rows.js';
import type { LeakWatch } from '../sessions/leak.js';
import type { RowSource } from './row-reader.js';
import type { QueryOptions } from '../calls/options.js';

/** What rows need of a database. */
export interface RowContext {
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
  options: QueryOptions | undefined,
  build: () => ExecutionRequest,
  ended: () => void = () => undefined,
): RowSource<T> {
  const timeout = options?.timeout;
  const watch = runner.watch?.bind(runner) ?? context.leakWatch();
  return {
    telemetry: context.telemetry,
    signal: options?.signal,
    traceContext: options?.traceContext,
    request: build,
    open: async (request, signal): Promise<RowChannel<T>> => {
      const channelOptions = { signal, timeout };
      if (!context.readsRowByRow() && hasCursor(request.sql))
        return openCursor<T>(runner, request, channelOptions);
      // A session of the pool is in no transaction.
      const open = runner.watch === undefined ? openRows<T> : openGuardedRows<T>;
      return open(runner, request, channelOptions);
    },
    watch,
    ended,
  };
}
