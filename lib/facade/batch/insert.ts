// Longer than other files: one batch from its first row to its last, by whichever strategy; the strategies stand beside it.
import {
  chooseStrategy,
  chosenColumns,
  isFaultOfRow,
  isOtherTable,
  type Table,
  type Choice,
  type TableColumn,
} from '../../encoding/index.js';
import { DatabaseError, rejectedForCaller, UsageError } from '../../errors/index.js';
import { quoteQualified } from '../../sql/identifiers.js';
import { findBadRow, insertCollecting } from './collect.js';
import { CopyInserter, CopyStream } from './copy.js';
import { withDefault } from '../calls/default-timeout.js';
import { Limit } from '../calls/limit.js';
import { batchTimedOut } from '../calls/timeouts.js';
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
import type { BatchPlace, Intake } from './place.js';
import { TableQuestion } from './tables.js';
import type { Batch, BatchScope, Inserted, Inserter, Plan, Transact } from './work.js';
import type { OperationRunner } from '../calls/call.js';

/** Up to so many rows a prepared statement, which is one round trip, is quicker than a COPY, which is four. */
const FEW_ROWS = 500;
/** Rows that are taken from their source at one go, until something else is known to be better. */
const FIRST_CHUNK = 1_000;

/** Inserts rows. See `Queryable.batchInsert`. */
export async function batchInsert<T>(
  place: BatchPlace,
  table: string | readonly string[],
  columns: readonly string[],
  rows: BatchRows,
  options: BatchInsertOptions,
): Promise<BatchInsertResult<T>> {
  checkBatchOptions(columns, options);
  const limit = new Limit(withDefault(options, place.context) ?? {}, batchTimedOut);
  let source: RowSource | undefined;
  try {
    const pace = new Pace();
    source = rowSource(rows, pace, limit);
    const insertion = new Insertion(place, table, columns, source, options, limit, pace);
    const { telemetry } = place.context;
    const result = await telemetry.batch(
      { traceContext: options.traceContext, table: insertion.name },
      () => ({
        size: insertion.size,
        returned: options.returning === undefined ? undefined : insertion.returned.length,
      }),
      () => insertion.run(),
    );
    return result as BatchInsertResult<T>;
  } catch (error) {
    return await rejectedForCaller(error);
  } finally {
    source?.close();
  }
}

class Insertion implements Intake {
  private readonly start = performance.now();
  private readonly badRows: BadRow[] = [];
  readonly returned: unknown[] = [];
  private inserted = 0;
  private sentRows = 0;
  private sentBytes = 0;
  /** What the server has refused without a word on which row it was. */
  private refused: { inserter: Inserter; chunk: Chunk } | undefined;
  private note = '';
  waitsForRows = false;
  /** Rows taken from the source. */
  rows = 0;
  /** Quoted. */
  readonly name: string;
  private readonly question: TableQuestion;

  constructor(
    private readonly place: BatchPlace,
    private readonly table: string | readonly string[],
    private readonly columns: readonly string[],
    private readonly source: RowSource,
    private readonly options: BatchInsertOptions,
    private readonly limit: Limit,
    private readonly pace: Pace,
  ) {
    this.name = quoteQualified(table);
    this.question = new TableQuestion(this.name, place.context, limit);
  }

  get size(): number {
    return this.sentRows;
  }

  async run(): Promise<BatchInsertResult<unknown>> {
    this.limit.check();
    // Taken before there is a session, which would be idle while the first row is waited for.
    const first = await this.take(this.options.chunkRows ?? FIRST_CHUNK);
    if (first === undefined) return this.result({ strategy: 'values', reason: 'There are no rows.' });
    return this.place.during((scope) => this.insert(scope, first), this.limit, this);
  }

  /** The next rows of the source. */
  private async take(most: number): Promise<Chunk | undefined> {
    this.waitsForRows = true;
    try {
      const chunk = await this.source.next(most);
      if (chunk !== undefined) this.rows += chunk.to - chunk.from;
      return chunk;
    } finally {
      this.waitsForRows = false;
    }
  }

  private async insert(scope: BatchScope, first: Chunk): Promise<BatchInsertResult<unknown>> {
    const { question, options } = this;
    if (scope.inTransaction && options.transaction === 'perChunk') {
      throw new UsageError(
        'KB_BAD_OPTION',
        `The option transaction: 'perChunk' cannot be used inside a transaction.`,
        { hint: 'Insert on the database, or on a connection without an open transaction.' },
      );
    }
    let table: Table | undefined;
    try {
      const { remembered } = question;
      const suffices = remembered !== undefined && chosenColumns(remembered, this.columns) !== undefined;
      table = suffices ? remembered : await question.learn(scope);
      const plan = this.planFor(table, first);
      if (this.isOneStatement(scope, plan, first)) {
        const done = await this.insertAtOnce(scope, plan, first);
        if (done !== undefined) return done;
        // Nothing was inserted: the session that it came to sees another table than the one that is known.
        table = await question.learn(scope);
      }
      return await this.insertConfirmed(scope, table, first);
    } catch (error) {
      if (error instanceof DatabaseError) question.forget();
      throw error;
    }
  }

  /** By one statement, which does nothing, and gives undefined, where the table is not as the plan has it. */
  private async insertAtOnce(
    scope: BatchScope,
    plan: Plan,
    first: Chunk,
  ): Promise<BatchInsertResult<unknown> | undefined> {
    try {
      await this.insertTogether(plan, scope.runner, first);
    } catch (error) {
      if (await this.hasChanged(scope, plan, error)) return undefined;
      throw await this.placed(scope, error, plan);
    }
    return this.result(plan);
  }

  /** Whether the statement may have been refused only because the table is not as the plan has it. */
  private async hasChanged(scope: BatchScope, plan: Plan, error: unknown): Promise<boolean> {
    const { table } = plan;
    if (table === undefined || !(error instanceof DatabaseError) || this.limit.over) return false;
    if (isOtherTable(error)) return true;
    // What is in a row cannot be seen by the table; it is its types that may be others.
    if (error.code.startsWith('23')) return false;
    return (await this.question.learn(scope))?.fingerprint !== table.fingerprint;
  }

  /** In a transaction, or several, in which it is made sure first what the table is. */
  private async insertConfirmed(
    scope: BatchScope,
    table: Table | undefined,
    first: Chunk,
  ): Promise<BatchInsertResult<unknown>> {
    const { options, limit } = this;
    let settled = this.planFor(table, first);
    const settle = async (runner: OperationRunner): Promise<Plan> => {
      if (settled.table === undefined) return settled;
      const now = await this.question.confirmed(settled.table, runner);
      if (now !== settled.table) settled = this.planFor(now, first);
      return settled;
    };
    try {
      if (options.transaction === 'perChunk') {
        const most = this.inserterFor(settled).chunkRows;
        await scope.onSession((transact) => this.insertApart(settle, most, transact, first), limit);
      } else {
        await scope.atomically(async (runner) => {
          const plan = await settle(runner);
          if (plan.strategy === 'copy' && !this.collects) await this.stream(plan, runner, first);
          else await this.insertTogether(plan, runner, first);
        }, limit);
      }
    } catch (error) {
      throw await this.placed(scope, error, settled);
    }
    return this.result(settled);
  }

  /**
   * Whether everything is done by one statement, for which there need be no transaction: one that makes sure by itself
   * that the table is the one that is known, or nothing is known of it.
   */
  private isOneStatement(scope: BatchScope, plan: Plan, first: Chunk): boolean {
    return (
      (plan.strategy === 'unnest' || (plan.table === undefined && plan.strategy !== 'copy')) &&
      !this.collects &&
      !scope.inTransaction &&
      !this.question.ambiguous &&
      this.options.transaction !== 'perChunk' &&
      this.source.ended &&
      first.to - first.from <= this.inserterFor(plan).chunkRows
    );
  }

  // ---- what is to be done

  private planFor(table: Table | undefined, first: Chunk): Plan {
    const { options, source, place, columns: names } = this;
    const columns = table === undefined ? undefined : chosenColumns(table, names);
    const onConflict = options.onConflict !== undefined && options.onConflict !== 'error';
    const choice = chooseStrategy({
      asked: options.strategy ?? 'auto',
      table,
      columns,
      needsInsert: options.returning !== undefined ? 'returning' : onConflict ? 'onConflict' : undefined,
      few: source.ended && first.to - first.from <= FEW_ROWS,
      types: place.context.typeMapOf(options.types),
    });
    return { ...choice, table, columns: columns ?? names.map(unknownColumn), batch: this.batchFor(table) };
  }

  private batchFor(table: Table | undefined): Batch {
    const { options, columns, limit, pace, place } = this;
    const { context } = place;
    const quote = table?.quote ?? '"';
    return {
      target: {
        table: quoteQualified(this.table, quote),
        name: this.name,
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
    const report = (rows: number, bytes: number): void => {
      this.report(rows, bytes);
    };
    // An array ends soon; whether another source does, nobody knows.
    const inParts = this.source.size === undefined && plan.table?.takesParts === true;
    const stream = new CopyStream(plan, runner, false, report, inParts);
    // Of an array all that is left: pieces are made of it by their bytes.
    const most = this.source.size ?? FIRST_CHUNK;
    try {
      for (let chunk: Chunk | undefined = first; chunk !== undefined; chunk = await this.take(most)) {
        this.limit.check();
        await stream.write(chunk);
      }
      this.inserted = await stream.end();
    } catch (error) {
      const refusal = await stream.abort();
      // Why the server has refused a row says more than that the time was up.
      if (refusal !== undefined && this.limit.over) throw refusal;
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
  private async insertApart(
    settle: (runner: OperationRunner) => Promise<Plan>,
    most: number,
    transact: Transact,
    first: Chunk,
  ): Promise<void> {
    let last: { plan: Plan; inserter: Inserter } | undefined;
    for await (const chunk of this.chunks(first, most)) {
      await transact(async (runner) => {
        const plan = await settle(runner);
        const { inserter } = (last = plan === last?.plan ? last : { plan, inserter: this.inserterFor(plan) });
        // Smaller than the chunk only where the table has changed since the first.
        for (const piece of pieces(chunk, inserter.chunkRows)) {
          if (this.collects) await this.collect(plan, inserter, runner, piece);
          else await this.settle(inserter, { chunk: piece, inserted: inserter.insert(runner, piece) }, false);
        }
      });
    }
  }

  private async *chunks(first: Chunk, most: number): AsyncGenerator<Chunk> {
    for (let next: Chunk | undefined = first; next !== undefined; next = await this.take(most)) {
      for (const piece of pieces(next, most)) {
        this.limit.check();
        yield piece;
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
  private async placed(scope: BatchScope, error: unknown, plan: Plan): Promise<unknown> {
    const { refused, limit } = this;
    if (refused === undefined || !isFaultOfRow(error) || error.rowIndex !== undefined || limit.over)
      return error;
    try {
      await scope.atomically(async (runner) => {
        throw new TrialOver(await findBadRow(plan, refused.inserter, runner, refused.chunk));
      }, limit);
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

function* pieces(chunk: Chunk, most: number): Generator<Chunk> {
  const { to } = chunk;
  for (let { from } = chunk; from < to; from += most) yield { ...chunk, from, to: Math.min(from + most, to) };
}

function unknownColumn(name: string): TableColumn {
  return {
    name,
    catalogueName: name,
    typeName: '',
    typeOid: 0,
    baseOid: 0,
    kind: undefined,
    array: undefined,
  };
}
