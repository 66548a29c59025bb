import {
  CHECK_TABLE,
  chooseStrategy,
  chosenColumns,
  fingerprintOf,
  isFaultOfRow,
  READ_TABLE,
  readTable,
  type Table,
  type Choice,
  type TableColumn,
} from '../../encoding/index.js';
import { RowMode } from '../../addon/interface.js';
import { DatabaseError, UsageError } from '../../errors/index.js';
import { quoteQualified } from '../../sql/identifiers.js';
import { TypeMap } from '../../types/type-map.js';
import { findBadRow, insertCollecting } from './collect.js';
import { CopyInserter, CopyStream } from './copy.js';
import { BatchLimit } from './limit.js';
import {
  checkBatchOptions,
  type BadRow,
  type BatchInsertOptions,
  type BatchInsertResult,
  type BatchRows,
} from './options.js';
import { Pace, rowSource, type Chunk, type RowSource } from './source.js';
import { BindInserter } from './bind.js';
import { UnnestInserter, ValuesInserter } from './statements.js';
import {
  inSavepoint,
  type Batch,
  type BatchScope,
  type Inserted,
  type Inserter,
  type Plan,
  type Transact,
} from './work.js';
import { executeUntold, type OperationRunner } from '../calls/call.js';
import type { CallContext } from '../calls/call-context.js';

/** Up to so many rows a prepared statement, which is one round trip, is quicker than a COPY, which is four. */
const FEW_ROWS = 500;
/** Rows that are taken from their source at one go, until something else is known to be better. */
const FIRST_CHUNK = 1_000;
const SAVEPOINT = 'kbn_batch';
/** Classes of SQLSTATEs by which a server says that it does not understand the question for the table. */
const UNKNOWN: ReadonlySet<string> = new Set(['0A', '22', '3F', '42']);

/** How the catalogue's answer is read. */
const CATALOGUE_TYPES = new TypeMap();

/** What the catalogue said of tables, for each database, by their quoted names. */
const tables = new WeakMap<CallContext, Map<string, Table>>();

function tablesOf(context: CallContext): Map<string, Table> {
  let known = tables.get(context);
  if (known === undefined) {
    known = new Map<string, Table>();
    tables.set(context, known);
  }
  return known;
}

/** Inserts rows. See `Queryable.batchInsert`. */
export async function batchInsert<T>(
  scope: BatchScope,
  table: string | readonly string[],
  columns: readonly string[],
  rows: BatchRows,
  options: BatchInsertOptions,
): Promise<BatchInsertResult<T>> {
  checkBatchOptions(columns, options);
  if (scope.inTransaction && options.transaction === 'perChunk') {
    throw new UsageError(
      'KB_BAD_OPTION',
      `The option transaction: 'perChunk' cannot be used inside a transaction.`,
      { hint: 'Insert on the database, or on a connection without an open transaction.' },
    );
  }
  const limit = new BatchLimit(options);
  const pace = new Pace();
  const source = rowSource(rows, pace, limit);
  try {
    const insertion = new Insertion(scope, table, columns, source, options, limit, pace);
    const { telemetry } = scope.context;
    const result = await telemetry.batch(
      { traceContext: options.traceContext, table: insertion.name },
      () => ({
        size: insertion.size,
        returned: options.returning === undefined ? undefined : insertion.returned.length,
      }),
      () => insertion.run(),
    );
    return result as BatchInsertResult<T>;
  } finally {
    limit.end();
    source.close();
  }
}

class Insertion {
  private readonly start = performance.now();
  private readonly badRows: BadRow[] = [];
  readonly returned: unknown[] = [];
  private inserted = 0;
  private sentRows = 0;
  private sentBytes = 0;
  /** Whether what is known of the table has been asked for by this very call. */
  private fresh = false;
  /** What the server has refused without a word on which row it was. */
  private refused: { inserter: Inserter; chunk: Chunk } | undefined;
  private note = '';

  constructor(
    private readonly scope: BatchScope,
    private readonly table: string | readonly string[],
    private readonly columns: readonly string[],
    private readonly source: RowSource,
    private readonly options: BatchInsertOptions,
    private readonly limit: BatchLimit,
    private readonly pace: Pace,
  ) {
    this.name = quoteQualified(table);
  }

  /** Quoted. */
  readonly name: string;

  get size(): number {
    return this.sentRows;
  }

  async run(): Promise<BatchInsertResult<unknown>> {
    this.limit.check();
    // Taken before there is a session, which would be idle while the first row is waited for.
    const first = await this.source.next(this.options.chunkRows ?? FIRST_CHUNK);
    if (first === undefined) return this.result({ strategy: 'values', reason: 'There are no rows.' });
    const known = tablesOf(this.scope.context);
    try {
      const plan = this.planFor(known.get(this.name) ?? (await this.learnTable()), first);
      return await this.insert(plan, first);
    } catch (error) {
      // What is known of the table may be what is wrong.
      if (error instanceof DatabaseError) known.delete(this.name);
      throw error;
    }
  }

  private async insert(plan: Plan, first: Chunk): Promise<BatchInsertResult<unknown>> {
    const { scope, options, limit } = this;
    let settled = plan;
    try {
      if (options.transaction === 'perChunk') {
        await scope.onSession((transact) => this.insertApart(plan, transact, first), limit.signal);
      } else if (this.isOneStatement(plan, first)) {
        await this.insertTogether(plan, scope.runner, first);
      } else {
        await scope.atomically(async (runner) => {
          settled = await this.confirmed(plan, runner, first);
          if (settled.strategy === 'copy' && !this.collects) await this.stream(settled, runner, first);
          else await this.insertTogether(settled, runner, first);
        }, limit.signal);
      }
    } catch (error) {
      throw await this.placed(error, settled);
    }
    return this.result(settled);
  }

  /** Whether everything is done by one statement, for which there need be no transaction. */
  private isOneStatement(plan: Plan, first: Chunk): boolean {
    const { scope, source } = this;
    return (
      plan.strategy !== 'copy' &&
      !this.collects &&
      !scope.inTransaction &&
      source.ended &&
      first.to - first.from <= this.inserterFor(plan).chunkRows
    );
  }

  // ---- what is to be done

  private async learnTable(): Promise<Table | undefined> {
    const { scope, limit } = this;
    const { runner } = scope;
    const read = (): Promise<Table | undefined> => this.readTable(runner);
    try {
      return await (scope.inTransaction ? inSavepoint(runner, SAVEPOINT, limit.signal, read) : read());
    } catch (error) {
      // No such table, or no such catalogue (V8R3): the INSERT will show, in the server's own words.
      if (error instanceof DatabaseError && UNKNOWN.has(error.code.slice(0, 2)) && !limit.over)
        return undefined;
      throw error;
    }
  }

  private async readTable(runner: OperationRunner): Promise<Table | undefined> {
    const table = readTable(await this.askFor(READ_TABLE, runner));
    if (table !== undefined) tablesOf(this.scope.context).set(this.name, table);
    this.fresh = true;
    return table;
  }

  /** @param sql a question for the table whose name is `$1` */
  private askFor(sql: string, runner: OperationRunner): Promise<unknown[]> {
    const request = { sql, parameters: [this.name], rowMode: RowMode.Array, types: CATALOGUE_TYPES };
    return executeUntold(runner, request, { signal: this.limit.signal }, (rows) => rows ?? []);
  }

  private planFor(table: Table | undefined, first: Chunk): Plan {
    const { options, source, scope, columns: names } = this;
    const columns = table === undefined ? undefined : chosenColumns(table, names);
    const onConflict = options.onConflict !== undefined && options.onConflict !== 'error';
    const choice = chooseStrategy({
      asked: options.strategy ?? 'auto',
      table,
      columns,
      needsInsert: options.returning !== undefined ? 'returning' : onConflict ? 'onConflict' : undefined,
      few: source.ended && first.to - first.from <= FEW_ROWS,
      types: scope.context.typeMapOf(options.types),
    });
    return { ...choice, table, columns: columns ?? names.map(unknownColumn), batch: this.batchFor(table) };
  }

  private batchFor(table: Table | undefined): Batch {
    const { options, columns, limit, pace, scope } = this;
    const { context } = scope;
    const quote = table?.quote ?? '"';
    return {
      target: {
        table: quoteQualified(this.table, quote),
        columns,
        quote,
        onConflict: options.onConflict ?? 'error',
        returning: options.returning,
      },
      tableName: (typeof this.table === 'string' ? this.table.split('.') : this.table).at(-1) ?? '',
      types: context.typeMapOf(options.types),
      ...{ options, limit, pace, context },
    };
  }

  /**
   * In binary a column whose type has changed would be filled with nonsense where the sizes are the same, so that what
   * was known from before is made sure of.
   */
  private async confirmed(plan: Plan, runner: OperationRunner, first: Chunk): Promise<Plan> {
    if (plan.strategy !== 'copy') return plan;
    const unchanged = this.fresh || (await this.isAsKnown(plan.table, runner));
    const confirmed = unchanged ? plan : this.planFor(await this.readTable(runner), first);
    // Of a later transaction it says nothing.
    this.fresh = false;
    return confirmed;
  }

  private async isAsKnown(table: Table | undefined, runner: OperationRunner): Promise<boolean> {
    return table !== undefined && fingerprintOf(await this.askFor(CHECK_TABLE, runner)) === table.fingerprint;
  }

  private inserterFor(plan: Plan): Inserter {
    switch (plan.strategy) {
      case 'copy':
        return new CopyInserter(plan);
      case 'unnest':
        return new UnnestInserter(plan);
      case 'bind':
        return new BindInserter(plan);
      case 'values':
        return new ValuesInserter(plan);
    }
  }

  // ---- doing it

  /** One COPY for all rows. */
  private async stream(plan: Plan, runner: OperationRunner, first: Chunk): Promise<void> {
    const stream = new CopyStream(plan, runner, false, (rows, bytes) => {
      this.report(rows, bytes);
    });
    // Of an array all that is left: pieces are made of it by their bytes.
    const most = this.source.size ?? FIRST_CHUNK;
    try {
      for (let chunk: Chunk | undefined = first; chunk !== undefined; chunk = await this.source.next(most)) {
        this.limit.check();
        await stream.write(chunk);
      }
      this.inserted = await stream.end();
    } catch (error) {
      await stream.abort();
      const { size } = this.source;
      if (size !== undefined) {
        this.refused = { inserter: new CopyInserter(plan), chunk: { ...first, from: 0, to: size } };
      }
      throw error;
    }
    if (stream.switched !== undefined) this.note = ` ${stream.switched}`;
  }

  /** All chunks in the transaction that is open. While one is on its way the next is encoded. */
  private async insertTogether(plan: Plan, runner: OperationRunner, first: Chunk): Promise<void> {
    const inserter = this.inserterFor(plan);
    let running: Running | undefined;
    try {
      for await (const chunk of this.chunks(first, inserter.chunkRows)) {
        if (this.collects) {
          await this.collect(plan, inserter, runner, chunk);
          continue;
        }
        const before = running;
        running = { chunk, inserted: inserter.insert(runner, chunk) };
        running.inserted.catch(() => undefined);
        await this.settle(inserter, before, true);
      }
      await this.settle(inserter, running, true);
      inserter.release?.();
    } catch (error) {
      // The session is free only when it has ended.
      await running?.inserted.catch(() => undefined);
      throw error;
    }
  }

  /** Each chunk in a transaction of its own: none may begin when the one before it has failed. */
  private async insertApart(plan: Plan, transact: Transact, first: Chunk): Promise<void> {
    let inserter = this.inserterFor(plan);
    for await (const chunk of this.chunks(first, inserter.chunkRows)) {
      await transact(async (runner) => {
        const current = await this.confirmed(plan, runner, first);
        if (current !== plan) inserter = this.inserterFor(current);
        if (this.collects) await this.collect(current, inserter, runner, chunk);
        else await this.settle(inserter, { chunk, inserted: inserter.insert(runner, chunk) }, false);
      });
    }
  }

  private async *chunks(first: Chunk, most: number): AsyncGenerator<Chunk> {
    for (let next: Chunk | undefined = first; next !== undefined; next = await this.source.next(most)) {
      for (let { from } = next; from < next.to; from += most) {
        this.limit.check();
        yield { ...next, from, to: Math.min(from + most, next.to) };
        if (this.pace.due) await this.pace.rest();
      }
    }
  }

  private get collects(): boolean {
    return this.options.onBadRow === 'collect';
  }

  private async collect(
    plan: Plan,
    inserter: Inserter,
    runner: OperationRunner,
    chunk: Chunk,
  ): Promise<void> {
    this.count(await insertCollecting(plan, inserter, runner, chunk, this.badRows), chunk);
  }

  private async settle(inserter: Inserter, running: Running | undefined, together: boolean): Promise<void> {
    if (running === undefined) return;
    const { chunk } = running;
    try {
      this.count(await running.inserted, chunk);
    } catch (error) {
      // The rows before it may be what one of it collides with; they are there still where all are in an array.
      const again = together && this.source.size !== undefined;
      this.refused = { inserter, chunk: again ? { ...chunk, from: 0 } : chunk };
      throw error;
    }
  }

  private count({ count, bytes, rows }: Inserted, chunk: Chunk): void {
    this.inserted += count;
    for (const row of rows) this.returned.push(row);
    this.report(chunk.to - chunk.from, bytes);
  }

  private report(rows: number, bytes: number): void {
    this.sentRows += rows;
    this.sentBytes += bytes;
    const seconds = (performance.now() - this.start) / 1000;
    this.options.onProgress?.({ rows: this.sentRows, bytes: this.sentBytes, rate: this.sentRows / seconds });
  }

  // ---- what came of it

  private result({ strategy, reason }: Choice): BatchInsertResult<unknown> {
    const result: BatchInsertResult<unknown> = {
      rowsInserted: this.inserted,
      strategy,
      reason: reason + this.note,
      badRows: this.badRows.sort((a, b) => a.index - b.index),
    };
    if (this.options.returning !== undefined) result.rows = this.returned;
    return result;
  }

  /** The error with the place of the row that it is about, as far as that can be found out. */
  private async placed(error: unknown, plan: Plan): Promise<unknown> {
    const { refused, limit, scope } = this;
    if (refused === undefined || !isFaultOfRow(error) || error.rowIndex !== undefined || limit.over)
      return error;
    try {
      await scope.atomically(async (runner) => {
        throw new TrialOver(await findBadRow(plan, refused.inserter, runner, refused.chunk));
      }, limit.signal);
    } catch (over) {
      // What the trial itself may have failed by says less than the first error.
      if (over instanceof TrialOver && over.found !== undefined) return over.found;
    }
    return error;
  }
}

interface Running {
  chunk: Chunk;
  inserted: Promise<Inserted>;
}

/** Ends the transaction in which a bad row was looked for. */
class TrialOver extends Error {
  constructor(readonly found: DatabaseError | undefined) {
    super('The trial is over.');
  }
}

function unknownColumn(name: string): TableColumn {
  return { name, typeOid: 0, baseOid: 0, kind: undefined, array: undefined };
}
