import { isFaultOfRow, placed, rowIndexOf } from '../bulk/index.js';
import { DatabaseError } from '../errors/index.js';
import { CopyInserter, valueTypeAt } from './batch-copy.js';
import type { BadRow } from './batch-options.js';
import type { Chunk } from './batch-source.js';
import { inSavepoint, type Batch, type Inserted, type Inserter, type Plan } from './batch-work.js';
import type { OperationRunner } from './call.js';

const SAVEPOINT = 'kbn_batch_chunk';

/**
 * Inserts what can be inserted of a chunk, and tells the rest. A chunk that fails is inserted again without the row that
 * is to blame; where that is not known, in halves.
 *
 * @param savepoints whether the session is in a transaction, which a failed statement would end otherwise
 */
export async function insertCollecting(
  batch: Batch,
  inserter: Inserter,
  runner: OperationRunner,
  chunk: Chunk,
  savepoints: boolean,
  badRows: BadRow[],
): Promise<Inserted> {
  const total: Inserted = { count: 0, bytes: 0, rows: [] };
  // The next range last.
  const ranges = [chunk];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const piece = range;
    const insert = (): Promise<Inserted> => inserter.insert(runner, piece);
    try {
      const { count, bytes, rows } = savepoints
        ? await inSavepoint(runner, SAVEPOINT, batch.limit.signal, insert)
        : await insert();
      total.count += count;
      total.bytes += bytes;
      for (const row of rows) total.rows.push(row);
    } catch (error) {
      if (!isFaultOfRow(error) || batch.limit.over) throw error;
      const { from, to, base } = piece;
      const known = (rowIndexOf(error) ?? -1) - base;
      const bad = to - from === 1 ? from : known;
      if (bad >= from && bad < to) {
        badRows.push({ index: base + bad, error: placedAt(error, batch, piece, bad) });
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
 * Finds the row of a chunk that the server has refused, by inserting ever smaller parts of it inside savepoints.
 * Undefined where none of them is refused now: the cause was not in the chunk alone.
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
    const middle = to - from === 1 ? to : from + ((to - from) >> 1);
    try {
      const piece = { ...chunk, from, to: middle };
      await inSavepoint(runner, SAVEPOINT, batch.limit.signal, () => inserter.insert(runner, piece));
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
  if (last === undefined) return undefined;
  if (last.column === undefined) await nameColumn(last, plan, runner, { ...chunk, from, to: from + 1 });
  return placedAt(last, batch, chunk, from);
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
  const copy = (): Promise<Inserted> => new CopyInserter(plan).insert(runner, row);
  await inSavepoint(runner, SAVEPOINT, batch.limit.signal, copy).catch((again: unknown) => {
    if (again instanceof DatabaseError && again.code === error.code && again.column !== undefined) {
      placed(error, { rowIndex: row.base + row.from, column: again.column });
    }
  });
}

/** @param row index in `chunk.rows` */
function placedAt<E extends BadRow['error']>(error: E, batch: Batch, chunk: Chunk, row: number): E {
  const rowIndex = chunk.base + row;
  const column = 'column' in error && typeof error.column === 'string' ? error.column : undefined;
  return placed(error, {
    rowIndex,
    valueType: error.valueType ?? valueTypeAt(chunk, rowIndex, column, batch.target.columns),
  });
}
