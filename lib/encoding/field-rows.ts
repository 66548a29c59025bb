import type { TypeMap } from '../types/type-map.js';
import { createBinaryLoop, type BinaryLoop } from './binary-loops.js';
import { columnSerializer } from './value-text.js';
import { BinaryWriter, binaryMethod, type BinaryColumn } from './binary-writer.js';
import type { RowKind } from './row-loops.js';
import type { TableColumn } from './table.js';

/** Writes the values of rows one behind the other, as the binary parameters of a statement, to one of two buffers in turn. */
export class FieldRows {
  private readonly writers: readonly [BinaryWriter, BinaryWriter];
  private readonly loops = new Map<RowKind, BinaryLoop | undefined>();
  private which: 0 | 1 = 0;

  private constructor(
    private readonly columns: readonly BinaryColumn[],
    private readonly types: TypeMap,
    readsTimes: boolean,
  ) {
    const newWriter = (): BinaryWriter => new BinaryWriter(columns, columns.length, types, false, readsTimes);
    this.writers = [newWriter(), newWriter()];
  }

  /** Undefined where a column's values have no binary form. */
  static for(columns: readonly TableColumn[], types: TypeMap, readsTimes: boolean): FieldRows | undefined {
    const binary: BinaryColumn[] = [];
    for (const column of columns) {
      if (column.kind === undefined) return undefined;
      binary.push({ ...column, kind: column.kind });
    }
    return new FieldRows(binary, types, readsTimes);
  }

  /**
   * The values of `rows[from]` to before `rows[to]`, valid until the next call but one. Undefined where one of them has no
   * certain binary form, or they are more than `most` bytes.
   *
   * @param base index of `rows[0]` in all the rows, for errors
   */
  write(
    rows: readonly unknown[],
    from: number,
    to: number,
    kind: RowKind,
    base: number,
    most: number,
  ): Uint8Array | undefined {
    const loop = this.loopFor(kind);
    if (loop === undefined) return undefined;
    const writer = this.writers[this.which];
    this.which = this.which === 0 ? 1 : 0;
    writer.reset();
    writer.base = base;
    return loop([writer], rows, from, to, most) === to && writer.length <= most
      ? writer.bytes.subarray(0, writer.length)
      : undefined;
  }

  private loopFor(kind: RowKind): BinaryLoop | undefined {
    if (!this.loops.has(kind)) {
      const columns = this.columns.map((column, index) => ({
        name: column.name,
        index,
        method: binaryMethod(column.kind, columnSerializer(column, this.types) === undefined),
        writer: 0,
        column: index,
      }));
      this.loops.set(kind, createBinaryLoop(columns, columns.length, kind, false));
    }
    return this.loops.get(kind);
  }

  /** Nothing more is written, and what was returned is not read any more. */
  release(): void {
    for (const writer of this.writers) writer.release();
  }
}
