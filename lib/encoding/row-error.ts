import { shown } from '../base/shown.js';
import { DatabaseError, KingbaseError, UsageError } from '../errors/index.js';

/** Which row an error is about. */
export interface RowPlace {
  /** From 0, in the order in which the rows were given. */
  rowIndex: number;
  column?: string | undefined;
  /** What kind of JavaScript value it was. */
  valueType?: string | undefined;
}

/** What a value is, for messages and errors; never the value itself. */
export function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  try {
    const { constructor } = value as { constructor?: unknown };
    return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'Object';
  } catch {
    return 'Object';
  }
}

/** A row that is none, or that does not go with the columns. */
export function badRow(rowIndex: number, what: string, column?: string, hint?: string): UsageError {
  const error = new UsageError(
    'KB_BAD_PARAMETER',
    `Row ${rowIndex} ${what}`,
    hint === undefined ? {} : { hint },
  );
  return placed(error, { rowIndex, column });
}

/** @param error says of `Parameter $1` why the value cannot be sent */
export function badValue(error: UsageError, rowIndex: number, column: string, value: unknown): UsageError {
  const reason = error.message.replace(/^Parameter \$\d+ /, '');
  const again = new UsageError(error.code, `Column "${shown(column)}" of row ${rowIndex} ${reason}`, {
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
  return placed(again, { rowIndex, column, valueType: kindOfValue(value) });
}

/** Puts the place into the error, which is returned. What the server has said of the column stays. */
export function placed<E extends KingbaseError>(error: E, { rowIndex, column, valueType }: RowPlace): E {
  Object.assign(error, {
    rowIndex,
    ...(column === undefined ? {} : { column }),
    ...(valueType === undefined ? {} : { valueType }),
  });
  return error;
}

export function rowIndexOf(error: unknown): number | undefined {
  return error instanceof KingbaseError ? error.rowIndex : undefined;
}

/**
 * Classes of SQLSTATEs that are about what is in a row: cardinality, data, integrity, and what triggers, functions and
 * checks of views raise; 54 is a row or index entry that is too large.
 */
const CLASSES_OF_ROWS: ReadonlySet<string> = new Set(['21', '22', '23', '38', '39', '44', '54', 'P0']);

/** Whether other rows may be inserted although this one was refused. */
export function isFaultOfRow(error: unknown): error is KingbaseError {
  if (error instanceof DatabaseError) return CLASSES_OF_ROWS.has(error.code.slice(0, 2));
  return error instanceof UsageError && error.rowIndex !== undefined;
}

/** What the server says of the place of a COPY's error: in the language of its messages. */
export interface CopyPlace {
  /** From 0. */
  row: number;
  column: string | undefined;
}

/**
 * Reads `COPY town, line 5, column name: "…"` out of an error's `where`. The server translates the words (`行 5, 列 name`)
 * but keeps the order; a row is a line, in the binary format too.
 *
 * @param table the table's name without its schema
 */
export function copyPlace(
  error: DatabaseError,
  table: string,
  columns: readonly string[],
): CopyPlace | undefined {
  const start = `COPY ${table}`;
  const context = error.where?.split('\n').find((line) => line.startsWith(start));
  if (context === undefined) return undefined;
  const match = /^\D*(\d+)(.*)$/s.exec(context.slice(start.length));
  // Line 0: before the first.
  if (match === null || Number(match[1]) === 0) return undefined;
  const [, line, rest = ''] = match;
  // `, column name: "…"`, `, column name` or, without a column, `: "…"` or nothing.
  const named = /^[,，]\s*\S+\s+(.*)$/s.exec(rest)?.[1];
  // The longest name first: one may begin as another does.
  const column =
    named === undefined
      ? undefined
      : columns
          .filter((name) => named === name || named.startsWith(`${name}:`))
          .sort((a, b) => b.length - a.length)[0];
  return { row: Number(line) - 1, column };
}
