import { canGenerateCode } from '../types/row-appender.js';

/** One column of the rows, and the sink's method for its values. */
export interface LoopColumn<Method extends string> {
  /** Its property, in rows that are objects. */
  name: string;
  /** Its place, in rows that are arrays. */
  index: number;
  method: Method;
}

/** What the loops write to: beside `beginRow` and `endRow` one method per kind of value. */
export type RowSink<Method extends string> = {
  /** Bytes written. */
  readonly length: number;
  /** Whether the row under way could not be written. */
  readonly stopped: boolean;
  beginRow(index: number): void;
  endRow(): void;
  /** Takes back what has been written of the row under way. */
  dropRow(): void;
  /** The row is not of the kind, or not of the length, that the loop is for; throws. */
  refuseRow(row: unknown): never;
  /** Throws unless the row has a property of the column's name. */
  checkPresent(row: object, column: number): void;
} & Record<Method, (value: unknown, column: number) => void>;

/**
 * Writes rows from `from` on, until `to`, until the sink holds at least `limit` bytes, or before a row that stopped it.
 * Returns the index of the first row that is not written.
 */
export type RowLoop<Method extends string> = (
  sink: RowSink<Method>,
  rows: readonly unknown[],
  from: number,
  to: number,
  limit: number,
) => number;

export type RowKind = 'array' | 'object';

export function kindOfRow(row: unknown): RowKind | undefined {
  if (Array.isArray(row)) return 'array';
  return typeof row === 'object' && row !== null ? 'object' : undefined;
}

/** Generated functions longer than this are not worth their compilation. */
const MOST_GENERATED_COLUMNS = 512;

/**
 * A function generated for the list of columns reads each property, and calls each of the sink's methods, at a place of
 * its own: V8's inline caches then see one kind of thing there.
 *
 * @param columns those that are written, which the sink knows by their place in this list
 * @param width how many values a row has that is an array
 */
export function createRowLoop<Method extends string>(
  columns: readonly LoopColumn<Method>[],
  width: number,
  kind: RowKind,
): RowLoop<Method> {
  return columns.length <= MOST_GENERATED_COLUMNS && canGenerateCode()
    ? generatedLoop(columns, width, kind)
    : closureLoop(columns, width, kind);
}

function generatedLoop<Method extends string>(
  columns: readonly LoopColumn<Method>[],
  width: number,
  kind: RowKind,
): RowLoop<Method> {
  const check =
    kind === 'array'
      ? `!Array.isArray(row)||row.length!==${width}`
      : `typeof row!=='object'||row===null||Array.isArray(row)`;
  // The names enter the code as string literals, the methods are this package's own.
  const values = columns.map(({ name, index, method }, i) =>
    kind === 'array'
      ? `sink.${method}(row[${index}],${i});`
      : `value=row[${JSON.stringify(name)}];if(value===undefined)sink.checkPresent(row,${i});sink.${method}(value,${i});`,
  );
  const body =
    `'use strict';let i=from,value;for(;i<to&&sink.length<limit;i++){const row=rows[i];sink.beginRow(i);` +
    `if(${check})sink.refuseRow(row);${values.join('')}` +
    `if(sink.stopped){sink.dropRow();return i;}sink.endRow();}return i;`;
  return compiled(['sink', 'rows', 'from', 'to', 'limit'], body) as RowLoop<Method>;
}

type Compiled = (...values: unknown[]) => unknown;

const MOST_KEPT = 256;
/** By their text: what V8 has learnt and compiled serves the next batch for the same columns as well. */
const generated = new Map<string, Compiled>();

export function compiled(parameters: readonly string[], body: string): Compiled {
  let made = generated.get(body);
  if (made === undefined) {
    made = new Function(...parameters, body) as Compiled;
    // The oldest goes: whoever uses more of them in turns is not slowed down by much.
    const [oldest] = generated.size < MOST_KEPT ? [] : generated.keys();
    if (oldest !== undefined) generated.delete(oldest);
    generated.set(body, made);
  }
  return made;
}

function closureLoop<Method extends string>(
  columns: readonly LoopColumn<Method>[],
  width: number,
  kind: RowKind,
): RowLoop<Method> {
  return (sink, rows, from, to, limit) => {
    let i = from;
    for (; i < to && sink.length < limit; i++) {
      const row = rows[i];
      sink.beginRow(i);
      if (kindOfRow(row) !== kind || (kind === 'array' && (row as unknown[]).length !== width)) {
        sink.refuseRow(row);
      }
      for (let column = 0; column < columns.length; column++) {
        const { name, index, method } = columns[column] as LoopColumn<Method>;
        const value = (row as Record<string | number, unknown>)[kind === 'array' ? index : name];
        if (value === undefined && kind === 'object') sink.checkPresent(row as object, column);
        sink[method](value, column);
      }
      if (sink.stopped) {
        sink.dropRow();
        return i;
      }
      sink.endRow();
    }
    return i;
  };
}
