import { startTimer } from '../../base/timers.js';
import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { TransactionStatus } from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import type { Session } from '../../driver/session.js';
import { Check } from '../../driver/operations/check.js';
import { tokens } from '../../sql/lexer.js';
import { borrowSession } from '../sessions/borrowed-session.js';
import {
  asQueryResult,
  executeUntold,
  runScript,
  timeoutError,
  type OperationRunner,
} from '../calls/call.js';
import type { ChannelOptions, RowChannel } from '../streams/data-channels.js';
import type { SessionQueue } from '../sessions/session-queue.js';
import type { QueryResult } from '../calls/options.js';

/** Rows asked for at a time. */
const BATCH = 500;
const CURSOR = 'kbn_rows';

/**
 * Whether the statement can be that of a cursor: a query, and none that changes something on its way (PostgreSQL manual,
 * DECLARE: "A SELECT or VALUES command"; data-modifying statements in WITH are refused).
 */
export function hasCursor(sql: string): boolean {
  let first = true;
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === 'space' || kind === 'comment') continue;
    const word = kind === 'word' ? sql.slice(start, end).toLowerCase() : sql.slice(start, end);
    if (first && !['select', 'values', 'table', 'with', '('].includes(word)) return false;
    first = false;
    if (kind === 'word' && ['insert', 'update', 'delete', 'merge', 'into'].includes(word)) return false;
  }
  return !first;
}

/**
 * The rows of a query by a cursor on the server, for client libraries that can give a result only as a whole. It takes
 * a transaction, which is begun where there is none: committed when the rows have been read to the end, rolled back
 * when they have not.
 */
export async function openCursor<T>(
  runner: OperationRunner,
  request: ExecutionRequest,
  options: ChannelOptions,
): Promise<RowChannel<T>> {
  let own = false;
  const opening = (session: Session): string => {
    own = session.transactionStatus === TransactionStatus.Idle;
    return own ? 'START TRANSACTION' : '';
  };
  const start = performance.now();
  const queue = await borrowSession(runner, opening, options);
  const cursor = new Cursor<T>(queue, request, own, options, start);
  await cursor.open();
  return cursor;
}

class Cursor<T> implements RowChannel<T> {
  fields: readonly Column[] = [];
  private readonly abort = new AbortController();
  private readonly signal: AbortSignal | undefined;
  private timer: NodeJS.Timeout | undefined;
  private first: T[] | undefined;
  private atEnd = false;
  private failure: { error: unknown } | undefined;
  private ending: Promise<void> | undefined;

  constructor(
    private readonly queue: SessionQueue,
    private readonly request: ExecutionRequest,
    private readonly ownTransaction: boolean,
    { signal, timeout }: ChannelOptions,
    start: number,
  ) {
    this.signal = signal;
    queue.onInterrupt = (reason) => {
      this.interrupt(reason);
    };
    if (signal?.aborted === true) this.onAbort();
    else signal?.addEventListener('abort', this.onAbort, { once: true });
    if (timeout === undefined) return;
    this.timer = startTimer(
      () => {
        this.interrupt(timeoutError('query', timeout, undefined));
      },
      timeout - (performance.now() - start),
    );
  }

  private readonly onAbort = (): void => {
    this.interrupt(this.signal?.reason);
  };

  /** What is going on is cancelled and fails with the reason; where nothing is, the cursor is closed here. */
  private interrupt(reason: unknown): void {
    this.failure ??= { error: reason };
    this.abort.abort(reason);
    void this.end(() => this.undo());
  }

  get processId(): number {
    return this.atEnd ? 0 : (this.queue.session.facts?.backendPid ?? 0);
  }

  async open(): Promise<void> {
    const sql = `DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${this.request.sql}`;
    try {
      await this.call({ ...this.request, sql });
      this.first = await this.fetch();
    } catch (error) {
      throw await this.fail(error);
    }
  }

  private call(request: ExecutionRequest): Promise<QueryResult<T>> {
    // Not prepared for the next time: the cursor is another one then, with other columns perhaps.
    const once = { ...request, statementOn: () => undefined };
    return executeUntold(this.queue, once, { signal: this.abort.signal }, asQueryResult<T>);
  }

  private async fetch(): Promise<T[] | undefined> {
    const sql = `FETCH FORWARD ${BATCH} FROM ${CURSOR}`;
    const { rows, fields } = await this.call({ ...this.request, sql, parameters: [] });
    this.fields = fields;
    if (rows.length < BATCH) {
      this.atEnd = true;
      await this.end(() => this.complete());
      if (this.failure !== undefined) throw this.failure.error;
    }
    return rows.length > 0 ? rows : undefined;
  }

  take(): T[] | undefined {
    const { first } = this;
    this.first = undefined;
    return this.failure === undefined ? first : undefined;
  }

  async read(): Promise<T[] | undefined> {
    const first = this.take();
    if (first !== undefined) return first;
    if (this.failure !== undefined) throw this.failure.error;
    if (this.atEnd) return undefined;
    try {
      return await this.fetch();
    } catch (error) {
      throw await this.fail(error);
    }
  }

  async close(): Promise<void> {
    this.first = undefined;
    if (this.ending === undefined) this.abort.abort();
    await this.end(() => this.undo());
  }

  /** What readers get, once the session is free. */
  private async fail(error: unknown): Promise<unknown> {
    this.failure ??= { error };
    await this.end(() => this.undo());
    return this.failure.error;
  }

  /** Ends it, in the one way or the other, and gives the session back. Never rejects. */
  private end(by: () => Promise<void>): Promise<void> {
    this.ending ??= by().finally(() => {
      clearTimeout(this.timer);
      this.signal?.removeEventListener('abort', this.onAbort);
      return this.queue.release();
    });
    return this.ending;
  }

  private async complete(): Promise<void> {
    try {
      const { signal } = this.abort;
      await runScript(this.queue, this.ownTransaction ? `CLOSE ${CURSOR}; COMMIT` : `CLOSE ${CURSOR}`, {
        signal,
      });
    } catch (error) {
      this.failure ??= { error };
      await this.undo();
    }
  }

  private async undo(): Promise<void> {
    this.atEnd = true;
    const { session } = this.queue;
    await new Promise<void>((resolve) => {
      // Behind what is being cancelled.
      const sql = this.ownTransaction ? 'ROLLBACK' : `CLOSE ${CURSOR}`;
      this.queue.run(new Check(sql, session.patience, () => resolve()));
    });
  }
}
