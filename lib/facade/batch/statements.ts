import { kindOf } from '../../base/kind-of.js';
import { shown } from '../../base/shown.js';
import {
  ArrayParameters,
  FieldRows,
  badRow,
  badValue,
  kindOfRow,
  type TableColumn,
  unnestText,
  valuesText,
  whatIsWrittenFor,
} from '../../encoding/index.js';
import type { ExecutionRequest, ResultView } from '../../driver/operations/execution.js';
import { FieldExecution, type Fields } from '../../driver/operations/binary-parameters.js';
import { RowMode } from '../../addon/interface.js';
import { UsageError } from '../../errors/index.js';
import { LentBytes } from '../../types/parameter-writer.js';
import type { Batch, Inserted, Inserter, Plan } from './work.js';
import type { Chunk } from './source.js';
import { executeUntraced, startOperation, type OperationRunner } from '../calls/call.js';

/**
 * Most parameters of a statement that is described. libpq takes a description of more than 30,000 bytes for a lost
 * connection (src/interfaces/libpq/fe-protocol3.c, VALID_LONG_MESSAGE_TYPE, until PostgreSQL 15), and so do Kingbase's
 * libraries: it has 6 bytes, and 4 for each parameter.
 */
export const MOST_PARAMETERS = 7_498;
const UNNEST_ROWS = 5_000;
/** Values that are encoded at one go; at some 50 ns each it is a few ms. */
const UNNEST_VALUES = 50_000;
/** Beyond this the longer statement costs the server more than it saves. */
const VALUES_ROWS = 1_000;

/** Runs one INSERT. */
async function run(
  batch: Batch,
  runner: OperationRunner,
  sql: string,
  parameters: readonly unknown[],
  bytes: number,
): Promise<Inserted> {
  const request: ExecutionRequest = { ...requestFor(batch, sql), parameters };
  return executeUntraced(runner, request, batch.limit, insertedView(bytes));
}

function requestFor({ options, context, types }: Batch, sql: string): Omit<ExecutionRequest, 'parameters'> {
  return {
    sql,
    rowMode: options.rowMode === 'array' ? RowMode.Array : RowMode.Object,
    types,
    lookUp: context,
    typeOptions: options.types,
  };
}

function insertedView(bytes: number): ResultView<Inserted> {
  return (rows, _fields, _command, count) => ({ count: Math.max(count, 0), bytes, rows: rows ?? [] });
}

/** Inserts each chunk by one statement that takes the values of each column as an array. */
export class UnnestInserter implements Inserter {
  readonly chunkRows: number;
  private readonly sql: string;
  private readonly checked: readonly string[];
  /** Two sets: the buffers of one may be on their way while the other is written. */
  private readonly arrays: readonly [ArrayParameters, ArrayParameters];
  private which: 0 | 1 = 0;
  private underWay: Promise<Inserted> | undefined;

  private readonly batch: Batch;

  constructor({ columns, table, batch }: Plan) {
    this.batch = batch;
    const width = columns.length;
    this.chunkRows =
      batch.options.chunkRows ?? Math.max(1, Math.min(UNNEST_ROWS, Math.floor(UNNEST_VALUES / width)));
    this.sql = unnestText(batch.target, columns);
    this.checked = whatIsWrittenFor(batch.target, columns);
    const newSet = (): ArrayParameters =>
      new ArrayParameters(columns, batch.types, table?.readsTimes === true);
    this.arrays = [newSet(), newSet()];
  }

  async insert(runner: OperationRunner, chunk: Chunk): Promise<Inserted> {
    const { rows, from, to, base } = chunk;
    const kind = kindOfRow(rows[from]);
    if (kind === undefined)
      throw badRow(base + from, `is ${kindOf(rows[from])}, but must be an array or an object.`);
    const arrays = this.arrays[this.which];
    this.which = this.which === 0 ? 1 : 0;
    const parameters = arrays.write(rows, from, to, kind, base);
    const bytes = parameters?.reduce((sum, { length }) => sum + length, 0) ?? Infinity;
    if (parameters === undefined || bytes > MOST_BYTES) return this.insertHalves(runner, chunk);
    const lent = parameters.map((each) => (typeof each === 'string' ? each : new LentBytes(each)));
    const inserted = run(this.batch, runner, this.sql, [...lent, ...this.checked], bytes);
    this.underWay = inserted;
    return inserted;
  }

  release(): void {
    for (const arrays of this.arrays) arrays.release();
  }

  /** The rows are too large for one statement. */
  private async insertHalves(runner: OperationRunner, chunk: Chunk): Promise<Inserted> {
    const { from, to, base } = chunk;
    if (to - from === 1)
      throw badRow(base + from, 'is too large to be inserted by unnest.', undefined, `Use strategy: 'copy'.`);
    // The buffers are for two statements at a time, this one and the one before.
    await this.underWay?.catch(() => undefined);
    const middle = from + ((to - from) >> 1);
    const first = await this.insert(runner, { ...chunk, to: middle });
    const second = await this.insert(runner, { ...chunk, from: middle });
    return {
      count: first.count + second.count,
      bytes: first.bytes + second.bytes,
      rows: [...first.rows, ...second.rows],
    };
  }
}

/** Of one statement: enough to be worth its round trip, and no burden on memory. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Inserts each chunk by one statement with a parameter for each value: whatever can be a parameter can go so. */
export class ValuesInserter implements Inserter {
  readonly chunkRows: number;

  private readonly batch: Batch;
  /** Whole chunks, whose statement is worth being prepared, go in binary where that can be. */
  private readonly fields: FieldRows | undefined;
  private readonly columns: readonly TableColumn[];
  private readonly fieldTypes: readonly (readonly number[])[];
  /** The statement for a whole chunk: always the same string, which is looked up by its text only once. */
  private text: string | undefined;

  constructor({ batch, columns, table }: Plan) {
    this.batch = batch;
    const most = Math.max(1, Math.floor(MOST_PARAMETERS / batch.target.columns.length));
    this.chunkRows = Math.min(batch.options.chunkRows ?? VALUES_ROWS, most);
    this.fields = FieldRows.for(columns, batch.types, table?.readsTimes === true);
    this.columns = columns;
    this.fieldTypes = columns.map(({ typeOid, baseOid }) => [typeOid, baseOid]);
  }

  async insert(runner: OperationRunner, chunk: Chunk): Promise<Inserted> {
    const { batch } = this;
    const { columns } = batch.target;
    const { rows, from, to, base } = chunk;
    const whole = to - from === this.chunkRows;
    const kind = kindOfRow(rows[from]);
    const bytes =
      whole && kind !== undefined ? this.fields?.write(rows, from, to, kind, base, MOST_BYTES) : undefined;
    const parameters = bytes === undefined ? flatten(chunk, columns) : [];
    try {
      return await (bytes === undefined
        ? run(batch, runner, this.textFor(to - from), parameters, 0)
        : this.insertFields(runner, chunk, bytes));
    } catch (error) {
      throw naming(error, chunk, columns, bytes === undefined ? parameters : flatten(chunk, columns));
    }
  }

  private textFor(rows: number): string {
    const { columns, batch } = this;
    if (rows !== this.chunkRows) return valuesText(batch.target, rows, columns);
    return (this.text ??= valuesText(batch.target, rows, columns));
  }

  private insertFields(runner: OperationRunner, chunk: Chunk, bytes: Uint8Array): Promise<Inserted> {
    const { batch } = this;
    const { columns } = batch.target;
    const { from, to } = chunk;
    const request: ExecutionRequest = {
      ...requestFor(batch, this.textFor(to - from)),
      get parameters() {
        return flatten(chunk, columns);
      },
    };
    const fields: Fields = { bytes, count: (to - from) * columns.length, types: this.fieldTypes };
    return new Promise<Inserted>((resolve, reject) => {
      const create = (fail: (error: unknown) => void): FieldExecution<Inserted> =>
        new FieldExecution(request, fields, insertedView(bytes.length), resolve, fail);
      startOperation(runner, create, batch.limit, reject);
    });
  }

  release(): void {
    this.fields?.release();
  }
}

/** The error of a value that cannot be written, with its row and column; any other as it is. */
export function naming(
  error: unknown,
  chunk: Chunk,
  columns: readonly string[],
  parameters: readonly unknown[],
): unknown {
  if (!(error instanceof UsageError) || error.parameterIndex === undefined) return error;
  const index = error.parameterIndex;
  const row = chunk.base + chunk.from + Math.floor(index / columns.length);
  return badValue(error, row, columns[index % columns.length] ?? '', parameters[index]);
}

/** The values of the rows, one row after the other. */
export function flatten({ rows, from, to, base }: Chunk, columns: readonly string[]): unknown[] {
  const values: unknown[] = [];
  for (let i = from; i < to; i++) {
    const row = rows[i];
    if (Array.isArray(row)) {
      if (row.length !== columns.length) {
        throw badRow(base + i, `has ${row.length} values, but there are ${columns.length} columns.`);
      }
      for (const value of row) values.push(value);
    } else if (typeof row === 'object' && row !== null) {
      for (const name of columns) {
        if (!(name in row)) throw badRow(base + i, `has no property "${shown(name)}".`, name);
        values.push((row as Record<string, unknown>)[name]);
      }
    } else {
      throw badRow(base + i, `is ${kindOf(row)}, but must be an array or an object.`);
    }
  }
  return values;
}
