import { quoteElement } from '../types/array-text.js';
import type { TypeMap } from '../types/type-map.js';
import { createBinaryLoop, type BinaryLoop, type BinaryLoopColumn } from './binary-loops.js';
import { BinaryWriter, binaryMethod, type BinaryMethod } from './binary-writer.js';
import { createRowLoop, type RowKind, type RowLoop } from './row-loops.js';
import { RowWriter } from './row-writer.js';
import type { TableColumn } from './table.js';
import { columnSerializer } from './value-text.js';

/** Number of dimensions, whether there are NULLs, type of the elements, length, first index. */
const HEADER = 20;
/** More than the server takes in one message (MaxAllocSize). */
const TOO_LARGE = 0x3fff_ffff;

/** Makes the parameters of all columns' values. */
export class ArrayParameters {
  private readonly arrays: readonly ArrayParameter[];
  /** Columns that cannot be written together with the others: those without a binary form, or with a value without one. */
  private readonly apart: boolean[];
  private readonly loops = new Map<RowKind, BinaryLoop | undefined>();

  constructor(
    private readonly columns: readonly TableColumn[],
    types: TypeMap,
    readsTimes: boolean,
  ) {
    const width = columns.length;
    this.arrays = columns.map((column, i) => new ArrayParameter(column, i, width, types, readsTimes));
    this.apart = this.arrays.map(({ method }) => method === undefined);
  }

  /**
   * An array for each column, of the values of `rows[from]` to before `rows[to]`; valid until the next call. Undefined where
   * they are too many for one message.
   *
   * @param base index of `rows[0]` in all the rows, for errors
   */
  write(
    rows: readonly unknown[],
    from: number,
    to: number,
    kind: RowKind,
    base: number,
  ): (Uint8Array | string)[] | undefined {
    const together = this.writeTogether(rows, from, to, kind, base);
    const parameters: (Uint8Array | string)[] = [];
    for (const [i, array] of this.arrays.entries()) {
      const parameter =
        together && this.apart[i] === false ? array.end(to - from) : array.write(rows, from, to, kind, base);
      if (parameter === undefined) return undefined;
      parameters.push(parameter);
    }
    return parameters;
  }

  /** Whether all rows have been written to the columns that are not apart. */
  private writeTogether(
    rows: readonly unknown[],
    from: number,
    to: number,
    kind: RowKind,
    base: number,
  ): boolean {
    const loop = this.loopFor(kind);
    if (loop === undefined) return false;
    const writers: BinaryWriter[] = [];
    const written: number[] = [];
    for (const [i, array] of this.arrays.entries()) {
      const writer = this.apart[i] === true ? undefined : array.begin(base);
      if (writer === undefined) continue;
      writers.push(writer);
      written.push(i);
    }
    if (loop(writers, rows, from, to, TOO_LARGE) === to) return true;
    const stopped = written[writers.findIndex((writer) => writer.stopped)];
    if (stopped !== undefined) {
      this.apart[stopped] = true;
      this.loops.clear();
    }
    return false;
  }

  private loopFor(kind: RowKind): BinaryLoop | undefined {
    if (!this.loops.has(kind)) {
      const columns: BinaryLoopColumn[] = [];
      for (const [index, { method }] of this.arrays.entries()) {
        if (method === undefined || this.apart[index] === true) continue;
        const name = this.columns[index]?.name ?? '';
        columns.push({ name, index, method, writer: columns.length, column: 0 });
      }
      const loop =
        columns.length === 0 ? undefined : createBinaryLoop(columns, this.columns.length, kind, false);
      this.loops.set(kind, loop);
    }
    return this.loops.get(kind);
  }

  /** Nothing more is written, and what was returned is not read any more. */
  release(): void {
    for (const array of this.arrays) array.release();
  }
}

/** Makes a parameter of one column's values: an array, in binary where all of them have a binary form, else text. */
class ArrayParameter {
  private readonly binary: BinaryWriter | undefined;
  private readonly text: ElementWriter;
  private readonly loops = new Map<RowKind, Loops>();

  /** @param index the column's place in a row */
  constructor(
    private readonly column: TableColumn,
    private readonly index: number,
    private readonly width: number,
    private readonly types: TypeMap,
    readsTimes: boolean,
  ) {
    const { kind, array } = column;
    if (kind !== undefined && array !== undefined)
      this.binary = new BinaryWriter([{ ...column, kind }], width, types, false, readsTimes);
    this.text = new ElementWriter([column], width, types);
  }

  /**
   * The values of `rows[from]` to before `rows[to]`; valid until the next call. Undefined where they are too many for one
   * message.
   *
   * @param base index of `rows[0]` in all the rows, for errors
   */
  write(
    rows: readonly unknown[],
    from: number,
    to: number,
    kind: RowKind,
    base: number,
  ): Uint8Array | string | undefined {
    const loops = this.loopsFor(kind);
    const { binary, text } = this;
    if (binary !== undefined && loops.binary !== undefined) {
      this.begin(base);
      const end = loops.binary(binary, rows, from, to, TOO_LARGE);
      if (end === to) return this.end(to - from);
      if (!binary.stopped) return undefined;
    }
    text.restart(this.column.array?.delimiter ?? ',');
    text.base = base;
    return loops.text(text, rows, from, to, TOO_LARGE) === to ? text.finish() : undefined;
  }

  /** The writer of its values, after the array's header; undefined where they have no binary form. */
  begin(base: number): BinaryWriter | undefined {
    const { binary } = this;
    if (binary === undefined) return undefined;
    binary.reset();
    binary.base = base;
    binary.nulls = 0;
    binary.length = HEADER;
    return binary;
  }

  /** The array, once `count` values have been written to what `begin` gave. */
  end(count: number): Uint8Array {
    const { binary, column } = this;
    if (binary === undefined) throw new Error(`Column "${column.name}" has no binary form.`);
    const { view } = binary;
    view.setInt32(0, 1);
    view.setInt32(4, binary.nulls > 0 ? 1 : 0);
    view.setUint32(8, column.baseOid);
    view.setInt32(12, count);
    view.setInt32(16, 1);
    return binary.bytes.subarray(0, binary.length);
  }

  /** How the values of the column are written in binary, undefined where they cannot be. */
  get method(): BinaryMethod | undefined {
    const { kind, array } = this.column;
    return kind === undefined || array === undefined
      ? undefined
      : binaryMethod(kind, columnSerializer(this.column, this.types) === undefined);
  }

  /** Nothing more is written, and what was returned is not read any more. */
  release(): void {
    this.binary?.release();
    this.text.release();
  }

  private loopsFor(kind: RowKind): Loops {
    let loops = this.loops.get(kind);
    if (loops === undefined) {
      const { column, index, width, method } = this;
      const place = { name: column.name, index };
      loops = {
        binary: method === undefined ? undefined : createRowLoop([{ ...place, method }], width, kind),
        text: createRowLoop([{ ...place, method: 'element' }], width, kind),
      };
      this.loops.set(kind, loops);
    }
    return loops;
  }
}

interface Loops {
  binary: RowLoop<BinaryMethod> | undefined;
  text: RowLoop<'element'>;
}

/** Writes values as the elements of an array's text. */
class ElementWriter extends RowWriter {
  private text = '';
  private separator = '{';
  private delimiter = ',';

  restart(delimiter: string): void {
    this.text = '';
    this.separator = '{';
    this.delimiter = delimiter;
    this.length = 0;
  }

  endRow(): void {
    this.length = this.text.length;
  }

  element(value: unknown, column: number): void {
    const form = this.formOf(value, column);
    this.text += this.separator + (form === null ? 'NULL' : quoteElement(this.textOf(form, value, column)));
    this.separator = this.delimiter;
  }

  finish(): string {
    return `${this.text}}`;
  }
}
