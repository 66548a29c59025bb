import { quoteElement } from '../types/array-text.js';
import type { TypeMap } from '../types/type-map.js';
import { BinaryWriter, binaryMethod, type BinaryMethod } from './binary-writer.js';
import { createRowLoop, type RowKind, type RowLoop } from './row-loops.js';
import { RowWriter } from './row-writer.js';
import type { TableColumn } from './table.js';

/** Number of dimensions, whether there are NULLs, type of the elements, length, first index. */
const HEADER = 20;
/** More than the server takes in one message (MaxAllocSize). */
const TOO_LARGE = 0x3fff_ffff;

/** Makes a parameter of one column's values: an array, in binary where all of them have a binary form, else text. */
export class ArrayParameter {
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
    const { kind } = column;
    if (kind !== undefined)
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
      binary.reset();
      binary.base = base;
      binary.nulls = 0;
      binary.length = HEADER;
      const end = loops.binary(binary, rows, from, to, TOO_LARGE);
      binary.complete();
      if (end === to) return this.withHeader(binary, to - from);
      if (!binary.stopped) return undefined;
    }
    text.restart(this.column.array?.delimiter ?? ',');
    text.base = base;
    return loops.text(text, rows, from, to, TOO_LARGE) === to ? text.finish() : undefined;
  }

  private withHeader(binary: BinaryWriter, count: number): Uint8Array {
    const { view } = binary;
    view.setInt32(0, 1);
    view.setInt32(4, binary.nulls > 0 ? 1 : 0);
    view.setUint32(8, this.column.baseOid);
    view.setInt32(12, count);
    view.setInt32(16, 1);
    return binary.bytes.subarray(0, binary.length);
  }

  private loopsFor(kind: RowKind): Loops {
    let loops = this.loops.get(kind);
    if (loops === undefined) {
      const { column, index, width } = this;
      const plain = this.types.serializerFor(column.typeOid) === undefined;
      const place = { name: column.name, index };
      loops = {
        binary:
          column.kind === undefined
            ? undefined
            : createRowLoop([{ ...place, method: binaryMethod(column.kind, plain) }], width, kind),
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
