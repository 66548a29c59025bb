import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { TransactionStatus } from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import { Check } from '../../driver/operations/check.js';
import { beginText } from '../../sql/begin.js';
import { tokens } from '../../sql/lexer.js';
import { asQueryResult, executeUntraced, runScript } from '../calls/call.js';
import { Limit } from '../calls/limit.js';
import type { QueryResult } from '../calls/options.js';
import type { OperationRunner } from '../calls/runner.js';
import { commitTimedOut, statementTimedOut } from '../calls/timeouts.js';
import { borrow, runOwn } from '../sessions/borrow.js';
import type { Lease } from '../sessions/lease.js';
import type { RowChannel } from '../streams/data-channels.js';

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
 *
 * @param runner a pool, or the session that the rows have to themselves
 */
export async function openCursor<T>(
  runner: OperationRunner,
  request: ExecutionRequest,
  limit: Limit,
): Promise<RowChannel<T>> {
  let own = false;
  const lease = await borrow(
    runner,
    ({ transactionStatus }) => {
      own = transactionStatus === TransactionStatus.Idle;
      return own ? beginText() : '';
    },
    limit,
  );
  const cursor = new Cursor<T>(lease, request, own, limit);
  await cursor.open();
  return cursor;
}

class Cursor<T> implements RowChannel<T> {
  fields: readonly Column[] = [];
  private count = 0;
  /** That of the caller, which the program reaches by closing the rows. */
  private readonly limit: Limit;
  private readonly unwatch: () => void;
  private first: T[] | undefined;
  private atEnd = false;
  private failure: { error: unknown } | undefined;
  private ending: Promise<void> | undefined;

  constructor(
    private readonly lease: Lease,
    private readonly request: ExecutionRequest,
    private readonly ownTransaction: boolean,
    limit: Limit,
  ) {
    this.limit = new Limit({}, statementTimedOut, limit);
    // What is going on is cancelled by the limit and fails; where nothing is, the cursor is closed here.
    this.unwatch = limit.watch(() => {
      this.failure ??= { error: limit.reason() };
      void this.end(() => this.undo());
    });
    lease.onEnd(() => {
      if (lease.takenBack) this.failure ??= { error: lease.refused };
    });
  }

  get processId(): number {
    return this.atEnd ? 0 : this.lease.processId;
  }

  get tag(): RowChannel<T>['tag'] {
    return this.atEnd && this.failure === undefined ? { command: 'SELECT', rowCount: this.count } : undefined;
  }

  get failed(): boolean {
    return this.failure !== undefined;
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
    return executeUntraced(this.lease, once, this.limit, asQueryResult<T>);
  }

  private async fetch(): Promise<T[] | undefined> {
    const sql = `FETCH FORWARD ${BATCH} FROM ${CURSOR}`;
    const { rows, fields } = await this.call({ ...this.request, sql, parameters: [] });
    this.fields = fields;
    this.count += rows.length;
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
    if (this.ending === undefined) this.limit.stop();
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
      this.unwatch();
      return this.lease.release();
    });
    return this.ending;
  }

  private async complete(): Promise<void> {
    try {
      if (this.ownTransaction) await runScript(this.lease, `CLOSE ${CURSOR}; COMMIT`, this.commitLimit());
      else await runOwn(this.lease, `CLOSE ${CURSOR}`, this.limit);
    } catch (error) {
      this.failure ??= { error };
      await this.undo();
    }
  }

  /** A function in the query may have changed something, so that this is a commit like any other. */
  private commitLimit(): Limit {
    const { limit, lease } = this;
    const timeout = limit.hasTime || lease.patience === 0 ? undefined : lease.patience;
    return new Limit({ timeout }, commitTimedOut, limit);
  }

  private async undo(): Promise<void> {
    this.atEnd = true;
    await new Promise<void>((resolve) => {
      // Behind what is being cancelled.
      const sql = this.ownTransaction ? 'ROLLBACK' : `CLOSE ${CURSOR}`;
      this.lease.run(new Check(sql, this.lease.patience, () => resolve()));
    });
  }
}
