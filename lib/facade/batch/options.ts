import { itWas, kindOf } from '../../base/kind-of.js';
import type { BatchStrategy, ConflictRule } from '../../encoding/index.js';
import { UsageError, type KingbaseError } from '../../errors/index.js';
import { checkOptions } from '../calls/check-options.js';
import type { QueryOptions, RowObject } from '../calls/options.js';

/** How far a batch has come. */
export interface BatchProgress {
  /** Rows that have been sent. */
  rows: number;
  /** Bytes of them, as encoded. */
  bytes: number;
  /** Rows per second since the call. */
  rate: number;
}

/** Rows, each an array in the order of the columns or an object by their names. */
export type BatchRows = Iterable<readonly unknown[] | object> | AsyncIterable<readonly unknown[] | object>;

export interface BatchInsertOptions extends QueryOptions {
  /** How the rows go to the server. Default `'auto'`; the result says what was chosen, and why. */
  strategy?: BatchStrategy | 'auto' | undefined;
  /** Most rows in a statement. By default the strategy's own number; COPY is one statement unless rows are apart. */
  chunkRows?: number | undefined;
  /**
   * What to do with a row that is there already. Default `'error'`; the others need a unique index, and are INSERT's ON
   * CONFLICT. Not with `copy` and `bind`.
   */
  onConflict?: ConflictRule | undefined;
  /** Columns of the inserted rows to give back, or true for all. They are all held in memory. Not with `copy` and `bind`. */
  returning?: readonly string[] | true | undefined;
  /** Called after each chunk. What it throws ends the call. */
  onProgress?: ((progress: BatchProgress) => void) | undefined;
  /** All rows or none, or each chunk for itself, so that those before an error stay. Default `'whole'`. */
  transaction?: 'whole' | 'perChunk' | undefined;
  /**
   * With `'collect'` rows that cannot be inserted are left out, and told in the result: each chunk then has a savepoint,
   * and one with a bad row is inserted again without it. Default `'abort'`: the call rejects, and nothing is inserted.
   */
  onBadRow?: 'abort' | 'collect' | undefined;
}

export interface BadRow {
  /** From 0, in the order in which the rows were given. */
  index: number;
  /** With `rowIndex`, and `column` and `valueType` where those are known. */
  error: KingbaseError;
}

export interface BatchInsertResult<T = RowObject> {
  /** Rows inserted or, with `onConflict`, updated. */
  rowsInserted: number;
  strategy: BatchStrategy;
  /** Why this strategy, in a sentence. */
  reason: string;
  /** What `returning` asked for, in the order of the rows. */
  rows?: T[];
  /** Empty unless `onBadRow` is `'collect'`. */
  badRows: BadRow[];
}

/** Options of a batch that gives columns of the inserted rows back. */
export interface BatchReturning extends BatchInsertOptions {
  returning: readonly string[] | true;
}

/** The result of a batch with `returning`: its rows are there. */
export interface BatchReturned<T = RowObject> extends BatchInsertResult<T> {
  rows: T[];
}

const CHOICES = {
  strategy: ['auto', 'copy', 'unnest', 'values', 'bind'],
  transaction: ['whole', 'perChunk'],
  onBadRow: ['abort', 'collect'],
} as const;

/** @throws UsageError `KB_BAD_OPTION` */
export function checkBatchOptions(columns: readonly string[], options: BatchInsertOptions): void {
  checkOptions('batchInsert', options);
  checkNames('columns', columns);
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name as keyof typeof CHOICES];
    if (value !== undefined && !(choices as readonly string[]).includes(value)) {
      throw badOption(
        `The option "${name}" must be one of ${choices.map((choice) => `'${choice}'`).join(', ')}.`,
      );
    }
  }
  const { chunkRows, returning, onConflict, onProgress, strategy } = options;
  if (chunkRows !== undefined && !(Number.isSafeInteger(chunkRows) && chunkRows > 0)) {
    throw badOption('The option "chunkRows" must be a whole number greater than 0.');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw badOption('The option "onProgress" must be a function.');
  }
  if (returning !== undefined && returning !== true) checkNames('returning', returning);
  if (typeof onConflict === 'object' && onConflict !== null) {
    checkNames('onConflict.update', onConflict.update);
    checkNames('onConflict.target', onConflict.target);
  } else if (onConflict !== undefined && onConflict !== 'error' && onConflict !== 'ignore') {
    throw badOption(`The option "onConflict" must be 'error', 'ignore' or { update: […], target: […] }.`);
  }
  if (strategy === 'bind' && (returning !== undefined || (onConflict ?? 'error') !== 'error')) {
    throw badOption(
      'The strategy "bind" cannot be used with the options "returning" and "onConflict".',
      `Use strategy: 'unnest'.`,
    );
  }
}

function checkNames(what: string, names: unknown): void {
  const isList = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string');
  if (isList) return;
  const other: unknown = Array.isArray(names) ? names.find((name) => typeof name !== 'string') : undefined;
  const given = !Array.isArray(names)
    ? itWas(names)
    : names.length === 0
      ? 'It was an empty list.'
      : `One of them is ${kindOf(other)}.`;
  throw badOption(`"${what}" of batchInsert must be a list of one or more columns' names.`, given);
}

function badOption(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, hint === undefined ? {} : { hint });
}
