import { isFaultOfRow, placed, rowIndexOf } from '../../encoding/index.js';
import { DatabaseError } from '../../errors/index.js';
import { CopyInserter, valueTypeAt } from './copy.js';
import type { BadRow } from './options.js';
import type { Chunk } from './source.js';
import { inSavepoint } from '../transactions/savepoint.js';
import type { Inserted, Inserter, Plan } from './work.js';
import type { OperationRunner } from '../calls/call.js';

/**
 * Inserts what can be inserted of a chunk, and tells the rest. A chunk that fails is inserted again without the row that
 * is to blame; where that is not known, in halves. All inside savepoints, since a refusal ends a transaction otherwise.
 */
export async function insertCollecting(
  plan: Plan,
  inserter: Inserter,
  runner: OperationRunner,
  chunk: Chunk,
  badRows: BadRow[],
): Promise<Inserted> {
  const { limit } = plan.batch;
  const total: Inserted = { count: 0, bytes: 0, rows: [] };
  // The next range last.
  const ranges = [chunk];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const piece = range;
    const insert = (on: OperationRunner): Promise<Inserted> => inserter.insert(on, piece);
    try {
      const { count, bytes, rows } = await inSavepoint(runner, limit, insert);
      total.count += count;
      total.bytes += bytes;
      for (const row of rows) total.rows.push(row);
    } catch (error) {
      if (!isFaultOfRow(error) || limit.over) throw error;
      const { from, to, base } = piece;
      const known = (rowIndexOf(error) ?? -1) - base;
      const bad = to - from === 1 ? from : known;
      if (bad >= from && bad < to) {
        const row = { ...piece, from: bad, to: bad + 1 };
        badRows.push({ index: base + bad, error: await describedBad(error, plan, runner, row) });
        if (bad + 1 < to) ranges.push({ ...piece, from: bad + 1 });
        if (from < bad) ranges.push({ ...piece, to: bad });
      } else {
        const middle = from + ((to - from) >> 1);
        ranges.push({ ...piece, from: middle }, { ...piece, to: middle });
      }
    }
  }
  return total;
}

/**
 * Finds the row of a chunk, of any size, that the server has refused: by inserting ever smaller parts of it, inside
 * savepoints. Undefined where none of them is refused now: the cause was not in the chunk alone.
 */
export async function findBadRow(
  plan: Plan,
  inserter: Inserter,
  runner: OperationRunner,
  chunk: Chunk,
): Promise<DatabaseError | undefined> {
  const { batch } = plan;
  let { from, to } = chunk;
  let last: DatabaseError | undefined;
  while (from < to) {
    const middle = from + Math.min(Math.max((to - from) >> 1, 1), inserter.chunkRows);
    try {
      const piece = { ...chunk, from, to: middle };
      await inSavepoint(runner, batch.limit, (on) => inserter.insert(on, piece));
      from = middle;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !isFaultOfRow(error)) throw error;
      if (error.rowIndex !== undefined) return error;
      if (to - from === 1) {
        last = error;
        break;
      }
      to = middle;
    }
  }
  return last === undefined ? undefined : describedBad(last, plan, runner, { ...chunk, from, to: from + 1 });
}

/** Lets a COPY of the row fail, too, since its error names the column. */
async function nameColumn(
  error: DatabaseError,
  plan: Plan,
  runner: OperationRunner,
  row: Chunk,
): Promise<void> {
  if (plan.strategy === 'copy' || plan.table?.noCopy !== undefined || !error.code.startsWith('22')) return;
  const { batch } = plan;
  const copy = (on: OperationRunner): Promise<Inserted> => new CopyInserter(plan).insert(on, row);
  await inSavepoint(runner, batch.limit, copy).catch((again: unknown) => {
    if (again instanceof DatabaseError && again.code === error.code && again.column !== undefined) {
      placed(error, { rowIndex: row.base + row.from, column: again.column });
    }
  });
}

/** The error with the place of what it is about. */
async function describedBad<E extends BadRow['error']>(
  error: E,
  plan: Plan,
  runner: OperationRunner,
  row: Chunk,
): Promise<E> {
  if (error instanceof DatabaseError && error.column === undefined)
    await nameColumn(error, plan, runner, row);
  const rowIndex = row.base + row.from;
  const column = 'column' in error && typeof error.column === 'string' ? error.column : undefined;
  const valueType = error.valueType ?? valueTypeAt(row, rowIndex, column, plan.batch.target.columns);
  return placed(error, { rowIndex, valueType });
}
