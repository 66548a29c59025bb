import { quoteIdentifier, type IdentifierQuote } from '../sql/identifiers.js';
import type { CopyFormat } from './copy-rows.js';
import type { TableColumn } from './table.js';

/** What to do with a row that is there already (PostgreSQL manual, INSERT, "ON CONFLICT Clause"). */
export type ConflictRule =
  | 'error'
  | 'ignore'
  | {
      /** Columns that get the new row's values. */
      update: readonly string[];
      /** Columns of the unique index that is meant. */
      target: readonly string[];
    };

/** What an INSERT consists of besides its rows. */
export interface InsertTarget {
  /** Quoted. */
  readonly table: string;
  readonly columns: readonly string[];
  readonly quote: IdentifierQuote;
  readonly onConflict: ConflictRule;
  /** Columns, true for all, undefined for none. */
  readonly returning: readonly string[] | true | undefined;
}

export function unnestText(target: InsertTarget, columns: readonly TableColumn[]): string {
  const arrays = columns.map(({ array }, i) => `$${i + 1}::${array?.name}`);
  return `${insertInto(target)} SELECT * FROM unnest(${arrays.join(', ')})${endOf(target)}`;
}

export function valuesText(target: InsertTarget, rowCount: number): string {
  const width = target.columns.length;
  let rows = '';
  for (let row = 0; row < rowCount; row++) {
    rows += row === 0 ? '(' : ', (';
    for (let column = 1; column <= width; column++)
      rows += `${column === 1 ? '$' : ', $'}${row * width + column}`;
    rows += ')';
  }
  return `${insertInto(target)} VALUES ${rows}${endOf(target)}`;
}

export function copyText(target: InsertTarget, format: CopyFormat): string {
  return `COPY ${target.table} (${names(target.columns, target)}) FROM STDIN${format === 'binary' ? ' (FORMAT binary)' : ''}`;
}

function insertInto(target: InsertTarget): string {
  return `INSERT INTO ${target.table} (${names(target.columns, target)})`;
}

function endOf(target: InsertTarget): string {
  const { onConflict, returning, quote } = target;
  let text = '';
  if (onConflict === 'ignore') {
    text += ' ON CONFLICT DO NOTHING';
  } else if (onConflict !== 'error') {
    const updates = onConflict.update
      .map((name) => quoteIdentifier(name, quote))
      .map((name) => `${name} = EXCLUDED.${name}`);
    text += ` ON CONFLICT (${names(onConflict.target, target)}) DO UPDATE SET ${updates.join(', ')}`;
  }
  if (returning !== undefined) text += ` RETURNING ${returning === true ? '*' : names(returning, target)}`;
  return text;
}

function names(columns: readonly string[], { quote }: InsertTarget): string {
  return columns.map((name) => quoteIdentifier(name, quote)).join(', ');
}
