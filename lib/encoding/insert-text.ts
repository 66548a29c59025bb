import type { DatabaseError } from '../errors/index.js';
import { quoteName, type IdentifierQuote } from '../sql/identifiers.js';
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
  /** Quoted for a statement. */
  readonly table: string;
  /** Quoted as a regclass is written, where a statement may have backticks. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly quote: IdentifierQuote;
  readonly onConflict: ConflictRule;
  /** Columns, true for all, undefined for none. */
  readonly returning: readonly string[] | true | undefined;
}

/**
 * Takes the values of each column as an array. What there are no arrays of, or only such as `unnest` would take apart,
 * goes by its text.
 *
 * The statement does nothing but fail, with an error that {@link isOtherTable} knows, unless each column has the type
 * that it is written for. The server casts between some types without a word: a day is stored where the column has come
 * to hold a time.
 */
export function unnestText(target: InsertTarget, columns: readonly TableColumn[]): string {
  const arrays = columns.map(({ array }, i) => `$${i + 1}::${array?.name ?? TEXTS}`);
  const values = columns.map(({ array, typeName }, i) =>
    array === undefined ? `kbn.v${i + 1}::${typeName}` : `kbn.v${i + 1}`,
  );
  const aliases = columns.map((_, i) => `v${i + 1}`);
  return (
    `${insertInto(target)} SELECT ${values.join(', ')} ` +
    `FROM unnest(${arrays.join(', ')}) AS kbn (${aliases.join(', ')}) ` +
    `WHERE ${asWrittenFor(columns)}${endOf(target)}`
  );
}

const TEXTS = 'pg_catalog._text';
/** A setting that there is not: to ask for it is an error, and its name says what is wrong. */
const OTHER_TABLE = 'kingbase_native.the_table_has_changed';

function asWrittenFor(columns: readonly TableColumn[]): string {
  const width = columns.length;
  const types = columns.map(({ typeOid }, i) => `($${width + 2 + i}::pg_catalog.text, ${typeOid})`);
  return (
    `CASE WHEN (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a ` +
    `WHERE a.attrelid = $${width + 1}::pg_catalog.regclass AND a.attnum > 0 ` +
    `AND (a.attname::pg_catalog.text, a.atttypid) IN (${types.join(', ')})) = ${width} ` +
    `THEN true ELSE pg_catalog.current_setting('${OTHER_TABLE}') IS NULL END`
  );
}

/** The parameters of {@link unnestText} that come after the arrays. */
export function whatIsWrittenFor({ name }: InsertTarget, columns: readonly TableColumn[]): string[] {
  return [name, ...columns.map(({ catalogueName }) => catalogueName)];
}

/** Whether the statement of {@link unnestText} has met a table whose columns are others. */
export function isOtherTable(error: DatabaseError): boolean {
  return error.message.includes(OTHER_TABLE);
}

/**
 * Takes each value for itself. The text tells the types that the columns are known to have, since a server keeps the
 * types of a prepared statement's parameters when the columns' change: so that another statement is prepared then.
 */
export function valuesText(
  target: InsertTarget,
  rowCount: number,
  columns: readonly TableColumn[] = [],
): string {
  const width = target.columns.length;
  let rows = '';
  for (let row = 0; row < rowCount; row++) {
    rows += row === 0 ? '(' : ', (';
    for (let column = 1; column <= width; column++)
      rows += `${column === 1 ? '$' : ', $'}${row * width + column}`;
    rows += ')';
  }
  const known = columns.some(({ typeOid }) => typeOid !== 0);
  const types = known ? ` /* ${columns.map(({ typeOid }) => typeOid).join(', ')} */` : '';
  return `${insertInto(target)}${types} VALUES ${rows}${endOf(target)}`;
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
      .map((name) => quoteName(name, quote))
      .map((name) => `${name} = EXCLUDED.${name}`);
    text += ` ON CONFLICT (${names(onConflict.target, target)}) DO UPDATE SET ${updates.join(', ')}`;
  }
  if (returning !== undefined) text += ` RETURNING ${returning === true ? '*' : names(returning, target)}`;
  return text;
}

function names(columns: readonly string[], { quote }: InsertTarget): string {
  return columns.map((name) => quoteName(name, quote)).join(', ');
}
