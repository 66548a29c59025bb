import types from 'pg-types';
import type { Column } from '../../index.js';
import type { TypeParser, TypeParsers } from './type-overrides.js';

/** A row as the driver gives it here: every value the server's text. */
export type TextRow = readonly (string | null)[];

/** A column, with `pg`'s words. */
export interface FieldDef {
  name: string;
  tableID: number;
  columnID: number;
  dataTypeID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: string;
}

class Field implements FieldDef {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
  readonly dataTypeSize: number;
  readonly dataTypeModifier: number;
  readonly format = 'text';

  constructor(column: Column) {
    this.name = column.name;
    this.tableID = column.tableOid;
    this.columnID = column.columnNumber;
    this.dataTypeID = column.typeOid;
    this.dataTypeSize = column.typeSize;
    this.dataTypeModifier = column.typeModifier;
  }
}

/** Commands whose tag has a number of rows; of all others `pg` gives null. */
const COUNTED = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'MOVE', 'FETCH', 'COPY']);

/** As in @types/pg, so that programs typed by it compile: they read columns without asking their type. */
export type RowOfAnyKind = any;

export class Result<R = RowOfAnyKind> {
  // Own properties in pg's order: programs enumerate them.
  /** null where there is none, as in `pg`, whose types say that there is; and so is `oid`. */
  command = null as unknown as string;
  rowCount: number | null = null;
  oid = null as unknown as number;
  rows: R[] = [];
  fields: FieldDef[] = [];
  // Not among what is enumerated.
  #types: TypeParsers;
  readonly #asArray: boolean;
  #parsers: TypeParser[] | undefined;
  #emptyRow: Record<string, unknown> | undefined;

  constructor(rowMode?: string, parsers: TypeParsers = types) {
    this.#types = parsers;
    this.#asArray = rowMode === 'array';
  }

  get _types(): TypeParsers {
    return this.#types;
  }

  set _types(parsers: TypeParsers) {
    this.#types = parsers;
  }

  get rowAsArray(): boolean {
    return this.#asArray;
  }

  /** @internal The columns, of whose rows the values have been read. */
  describe(columns: readonly Column[]): void {
    this.fields = columns.map((column) => new Field(column));
    this.#parsers = undefined;
    this.#emptyRow = undefined;
  }

  addFields(columns: readonly Column[]): void {
    this.describe(columns);
    this.#parsers = this.#parsersNow();
  }

  #parsersNow(): TypeParser[] {
    return this.fields.map(({ dataTypeID }) => this.#types.getTypeParser(dataTypeID, 'text'));
  }

  parseRow(values: TextRow): R {
    const { fields } = this;
    const parsers = (this.#parsers ??= this.#parsersNow());
    if (this.#asArray) {
      return values.map((value, i) => (value === null ? null : parsers[i]?.(value))) as R;
    }
    const row = { ...(this.#emptyRow ??= emptyRowOf(fields)) };
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as string | null;
      row[(fields[i] as FieldDef).name] = value === null ? null : (parsers[i] as TypeParser)(value);
    }
    return row as R;
  }

  addRow(row: R): void {
    this.rows.push(row);
  }

  /** The command tag, which the driver gives without its numbers. */
  addCommand({ command, rowCount }: { command: string; rowCount: number | null }): void {
    const [word] = /^[A-Za-z]+/.exec(command) ?? [];
    if (word === undefined) return;
    this.command = word;
    if (COUNTED.has(command)) this.rowCount = rowCount;
    // The server names the row's OID only of tables that have them, and 0 of all others.
    if (word === 'INSERT') this.oid = 0;
  }
}

function emptyRowOf(columns: readonly FieldDef[]): Record<string, unknown> {
  // Without a prototype, so that a column may have any name.
  const row = Object.create(null) as Record<string, unknown>;
  for (const { name } of columns) row[name] = null;
  // Copies of an object with a prototype share their shape; those of one without are dictionaries.
  return { ...row };
}
