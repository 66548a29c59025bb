import { shown } from '../base/shown.js';
import { isUtf8 } from 'node:buffer';
import { UsageError } from '../errors/index.js';
import { Oid } from '../types/oids.js';
import type { TypeMap } from '../types/type-map.js';
import { ByteSink } from './byte-sink.js';
import { badRow, badValue } from './row-error.js';
import { parameterForm, type ColumnType } from './value-text.js';

/** What a writer knows of a column. */
export interface WrittenColumn extends ColumnType {
  readonly name: string;
  /** What the text of bytes begins with in a column whose type takes bytes and is not among the known ones. */
  readonly bytesPrefix?: string | undefined;
}

/** Types whose values bytes stand for: Kingbase's are taken to read what bytea does, which is not verified. */
const BYTES: ReadonlySet<number> = new Set([Oid.bytea, Oid.blob, Oid.longblob, Oid.mediumblob, Oid.tinyblob]);
/** Types whose binary form is their text. */
const TEXTS: ReadonlySet<number> = new Set([Oid.text, Oid.varchar, Oid.bpchar, Oid.json]);

/** What the two formats of rows have in common. */
export abstract class RowWriter extends ByteSink {
  /** The row under way cannot be written in this format, because of the column `stoppedBy`. */
  stopped = false;
  stoppedBy = 0;
  /** Index of the first row of the array that is being written, in all the rows. */
  base = 0;
  protected row = 0;
  protected rowStart = 0;

  /** @param width how many values a row has */
  constructor(
    protected readonly columns: readonly WrittenColumn[],
    protected readonly width: number,
    protected readonly types: TypeMap,
  ) {
    super();
  }

  reset(): void {
    this.length = 0;
    this.stopped = false;
  }

  beginRow(index: number): void {
    this.row = index;
    this.rowStart = this.length;
  }

  dropRow(): void {
    this.length = this.rowStart;
  }

  refuseRow(row: unknown): never {
    throw badRow(this.base + this.row, whatIsWrong(row, this.width));
  }

  checkPresent(row: object, column: number): void {
    const { name } = this.column(column);
    if (name in row) return;
    throw badRow(
      this.base + this.row,
      `has no property "${shown(name)}".`,
      name,
      'Give null for NULL, or leave the column out of the list of columns for its default.',
    );
  }

  protected column(index: number): WrittenColumn {
    return this.columns[index] as WrittenColumn;
  }

  protected stop(column: number): void {
    this.stopped = true;
    this.stoppedBy = column;
  }

  /** What the value is as a parameter, with errors that name the row and the column. */
  protected formOf(value: unknown, column: number): string | Uint8Array | null {
    const written = this.column(column);
    try {
      return parameterForm(value, written, this.types);
    } catch (error) {
      throw error instanceof UsageError ? badValue(error, this.base + this.row, written.name, value) : error;
    }
  }

  /** Text for a value that is a string, or the server's binary form of something, as a parameter. */
  protected textOf(form: string | Uint8Array, value: unknown, column: number): string {
    if (typeof form === 'string') {
      this.refuseNul(form, column);
      return form;
    }
    const { baseOid, bytesPrefix = BYTES.has(baseOid) ? '\\x' : undefined } = this.column(column);
    const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength);
    if (bytesPrefix !== undefined) return bytesPrefix + bytes.toString('hex');
    if (TEXTS.has(baseOid) && isUtf8(bytes)) return this.textOf(bytes.toString(), value, column);
    return this.refuseValue(
      value,
      column,
      'is binary, but must go as text here, together with what has no binary form.',
      `Give its text, or insert with strategy: 'values'.`,
    );
  }

  protected refuseNul(value: string, column: number): void {
    if (value.includes('\0'))
      this.refuseValue(
        value,
        column,
        'contains the character U+0000, which the server cannot store in text.',
      );
  }

  /** @param what completes "Column … of row … " */
  protected refuseValue(value: unknown, column: number, what: string, hint?: string): never {
    const error = new UsageError('KB_BAD_PARAMETER', what, hint === undefined ? {} : { hint });
    throw badValue(error, this.base + this.row, this.column(column).name, value);
  }
}

function whatIsWrong(row: unknown, columnCount: number): string {
  if (Array.isArray(row)) {
    return `has ${row.length} values, but there are ${columnCount} columns; all rows of a batch must be arrays, or all objects.`;
  }
  if (typeof row === 'object' && row !== null) {
    return 'is an object, but rows before it were arrays; all rows of a batch must be arrays, or all objects.';
  }
  return `is ${row === null ? 'null' : typeof row === 'undefined' ? 'undefined' : `a ${typeof row}`}, but must be an array or an object.`;
}
