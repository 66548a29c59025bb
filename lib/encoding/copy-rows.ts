import { kindOf } from '../base/kind-of.js';
import type { TypeMap } from '../types/type-map.js';
import { createBinaryLoop } from './binary-loops.js';
import { BinaryWriter, binaryMethod, type BinaryMethod } from './binary-writer.js';
import { createRowLoop, kindOfRow, type RowKind, type RowLoop } from './row-loops.js';
import { badRow } from './row-error.js';
import type { TableColumn } from './table.js';
import { columnSerializer } from './value-text.js';
import { TextWriter, type TextMethod } from './text-writer.js';

export type CopyFormat = 'binary' | 'text';

/** What binary COPY data begin with: signature, flags, length of the extension (PostgreSQL manual, COPY, "Binary Format"). */
export const COPY_HEADER: Readonly<Uint8Array> = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What they end with. */
export const COPY_TRAILER: Readonly<Uint8Array> = Buffer.of(0xff, 0xff);

/** Whether every column's values have a binary form. */
export function hasBinaryForm(columns: readonly TableColumn[]): boolean {
  return columns.every(({ kind }) => kind !== undefined);
}

/** Writes rows as COPY data, in one of two buffers while the other is on its way. */
export class CopyRows {
  private readonly writers: readonly [Writer, Writer];
  private readonly loops = new Map<RowKind, (writer: Writer, ...rest: LoopArguments) => number>();
  private which = 0;

  constructor(
    private readonly columns: readonly TableColumn[],
    readonly format: CopyFormat,
    private readonly types: TypeMap,
    private readonly readsTimes: boolean,
  ) {
    this.writers = [this.newWriter(), this.newWriter()];
  }

  private get writer(): Writer {
    return this.writers[this.which] as Writer;
  }

  /** Bytes written and not yet taken. */
  get length(): number {
    return this.writer.length;
  }

  /** Whether the row that the last `write` ended before cannot be written in this format. */
  get stopped(): boolean {
    return this.writer.stopped;
  }

  /** The column because of which. */
  get stoppedBy(): string {
    return this.columns[this.writer.stoppedBy]?.name ?? '';
  }

  begin(): void {
    this.writer.reset();
    if (this.format === 'binary') this.put(COPY_HEADER);
  }

  put(bytes: Readonly<Uint8Array>): void {
    const { writer } = this;
    writer.reserve(bytes.length);
    writer.bytes.set(bytes, writer.length);
    writer.length += bytes.length;
  }

  /**
   * Writes rows until `to`, until there are `limit` bytes, or until one that cannot be written in this format. Returns
   * the index of the first that is not written.
   *
   * @param base index of `rows[0]` in all the rows, for errors
   * @throws UsageError `KB_BAD_PARAMETER`, with `rowIndex`; the rows before that one are written
   */
  write(rows: readonly unknown[], from: number, to: number, base: number, limit: number): number {
    const { writer } = this;
    const kind = kindOfRow(rows[from]);
    if (kind === undefined)
      throw badRow(base + from, `is ${kindOf(rows[from])}, but must be an array or an object.`);
    writer.base = base;
    try {
      return this.loopFor(kind)(writer, rows, from, to, limit);
    } catch (error) {
      writer.dropRow();
      throw error;
    }
  }

  /** What has been written, valid until the next but one call. */
  take(): Uint8Array {
    const { writer } = this;
    const bytes = writer.bytes.subarray(0, writer.length);
    this.which = 1 - this.which;
    this.writer.reset();
    return bytes;
  }

  /** Nothing more is written, and what was taken is not read any more. */
  release(): void {
    for (const writer of this.writers) writer.release();
  }

  private newWriter(): Writer {
    const { columns, types } = this;
    return this.format === 'binary'
      ? new BinaryWriter(binaryColumns(columns), columns.length, types, true, this.readsTimes)
      : new TextWriter(columns, columns.length, types);
  }

  private loopFor(kind: RowKind): (writer: Writer, ...rest: LoopArguments) => number {
    let loop = this.loops.get(kind);
    if (loop === undefined) {
      loop = (this.format === 'binary' ? this.binaryLoop(kind) : this.textLoop(kind)) as NonNullable<
        typeof loop
      >;
      this.loops.set(kind, loop);
    }
    return loop;
  }

  private binaryLoop(kind: RowKind): RowLoop<BinaryMethod> {
    const columns = binaryColumns(this.columns).map((column, index) => ({
      name: column.name,
      index,
      method: binaryMethod(column.kind, columnSerializer(column, this.types) === undefined),
      writer: 0,
      column: index,
    }));
    const loop = createBinaryLoop(columns, columns.length, kind, true);
    return loop === undefined
      ? createRowLoop(columns, columns.length, kind)
      : (writer, ...rest) => loop([writer as BinaryWriter], ...rest);
  }

  private textLoop(kind: RowKind): RowLoop<TextMethod> {
    const columns = this.columns.map((column, index) => ({
      name: column.name,
      index,
      method: columnSerializer(column, this.types) === undefined ? ('value' as const) : ('other' as const),
    }));
    return createRowLoop(columns, columns.length, kind);
  }
}

type Writer = BinaryWriter | TextWriter;
type LoopArguments = [rows: readonly unknown[], from: number, to: number, limit: number];

function binaryColumns(
  columns: readonly TableColumn[],
): (TableColumn & { kind: NonNullable<TableColumn['kind']> })[] {
  return columns.map((column) => {
    if (column.kind === undefined) throw new Error(`Column "${column.name}" has no binary form.`);
    return { ...column, kind: column.kind };
  });
}
