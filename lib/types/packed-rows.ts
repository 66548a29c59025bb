import { Decoder } from '../addon/interface.js';
import type { Converter } from './reading.js';
import {
  canGenerateCode,
  CONVERTERS,
  converterNames,
  convertersOf,
  objectMembers,
  rowAppenderFactory,
  type AppenderColumn,
  type AppenderFactory,
} from './row-appender.js';

/** What one cell holds. Twin: `native/row_chunk.h`. */
const CellKind = {
  Null: 0,
  False: 1,
  True: 2,
  Number: 3,
  BigInt: 4,
  Ascii: 5,
  Utf16: 6,
  // 7 is bytes, which never come this way.
  Integer: 8,
} as const;

/** Cells of the widest row (1,664 columns: MaxTupleAttributeNumber) beyond those of a full group of rows. */
const MOST_CELLS = 4096;

/**
 * Where the core lays values for the JavaScript side to read: a kind and eight bytes each. Reading them here costs a
 * fraction of what a call of Node-API for each of them does.
 */
export class PackedCells {
  readonly kinds: Uint8Array = new Uint8Array(MOST_CELLS);
  readonly numbers: Float64Array = new Float64Array(MOST_CELLS);
  readonly bigints: BigInt64Array = new BigInt64Array(this.numbers.buffer);
  /** An integer, or where a string begins and ends. */
  readonly integers: Int32Array = new Int32Array(this.numbers.buffer);

  /** The value of any cell but bytes. */
  readonly read = (cell: number, ascii: string, utf16: string): unknown => {
    const { integers } = this;
    switch (this.kinds[cell]) {
      case CellKind.Null:
        return null;
      case CellKind.False:
        return false;
      case CellKind.True:
        return true;
      case CellKind.Number:
        return this.numbers[cell];
      case CellKind.BigInt:
        return this.bigints[cell];
      case CellKind.Ascii:
        return ascii.substring(integers[cell * 2] as number, integers[cell * 2 + 1]);
      case CellKind.Utf16:
        return utf16.substring(integers[cell * 2] as number, integers[cell * 2 + 1]);
      default:
        return integers[cell * 2];
    }
  };
}

/** Appends `count` rows whose values lie in the cells, their strings in the two texts. Called by the core. */
export type PackedAppender = (rows: unknown[], count: number, ascii: string, utf16: string) => void;

/** More columns make a function that the engine takes longer to compile than it saves. */
const MOST_GENERATED_COLUMNS = 512;

/** @throws whatever a converter throws, from the appender; rows of the same call before it are appended already */
export function createPackedAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  cells: PackedCells,
): PackedAppender {
  return packedAppenderFactory(columns, mode, cells)(convertersOf(columns));
}

/** The same, for converters that may change; whether a column has one may not. */
export function packedAppenderFactory(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  cells: PackedCells,
): AppenderFactory<PackedAppender> {
  return columns.length <= MOST_GENERATED_COLUMNS && canGenerateCode()
    ? generatedAppender(columns, mode, cells)
    : closureAppender(columns, mode, cells);
}

/**
 * The kind of cell that a column of each decoder nearly always has, by which it is read without a call; any other
 * (text that does not have the expected form, NULL) goes through `PackedCells.read`.
 */
function expected(decoder: Decoder, i: number): { kind: number; value: string } {
  const at = `cell+${i}`;
  switch (decoder) {
    case Decoder.Text:
    case Decoder.Bytes:
      return {
        kind: CellKind.Ascii,
        value: `ascii.substring(integers[2*cell+${2 * i}],integers[2*cell+${2 * i + 1}])`,
      };
    case Decoder.Integer:
    case Decoder.SafeInteger:
      return { kind: CellKind.Integer, value: `integers[2*cell+${2 * i}]` };
    case Decoder.BigInt:
      return { kind: CellKind.BigInt, value: `bigints[${at}]` };
    case Decoder.Float:
    case Decoder.Instant:
    case Decoder.WallClock:
      return { kind: CellKind.Number, value: `numbers[${at}]` };
    case Decoder.Boolean:
      return { kind: CellKind.True, value: 'true' };
  }
}

function generatedAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  { kinds, numbers, bigints, integers, read }: PackedCells,
): AppenderFactory<PackedAppender> {
  const values = columns.map(({ decoder, converter, textOnly }, i) => {
    const { kind, value } = expected(decoder ?? Decoder.Text, i);
    const otherwise = `read(cell+${i},ascii,utf16)`;
    if (converter === undefined) {
      return `(kind=kinds[cell+${i}])===${kind}?${value}:kind===${CellKind.Null}?null:${otherwise}`;
    }
    if (textOnly === true) {
      return `(kind=kinds[cell+${i}])===${kind}?${value}:kind===${CellKind.Null}?null:c${i}(${otherwise})`;
    }
    return `(kind=kinds[cell+${i}])===${CellKind.Null}?null:c${i}(kind===${kind}?${value}:${otherwise})`;
  });
  const row = mode === 'array' ? `[${values.join()}]` : `{${objectMembers(columns, values).join()}}`;
  const factory = new Function(
    'kinds',
    'numbers',
    'bigints',
    'integers',
    'read',
    CONVERTERS,
    `'use strict';${converterNames(columns)}return function(rows,count,ascii,utf16){let kind=0;` +
      `for(let cell=0,end=count*${columns.length};count>0;count--,cell+=${columns.length}){rows.push(${row});}}`,
  ) as (...values: unknown[]) => PackedAppender;
  return (converters: readonly (Converter | undefined)[]) =>
    factory(kinds, numbers, bigints, integers, read, converters);
}

function closureAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  cells: PackedCells,
): AppenderFactory<PackedAppender> {
  const factory = rowAppenderFactory(columns, mode, 1);
  return (converters) => {
    const append = factory(converters);
    return (rows, count, ascii, utf16) => {
      for (let cell = 0; count > 0; count--, cell += columns.length) {
        const from = cell;
        append(rows, ...columns.map((_, i) => cells.read(from + i, ascii, utf16)));
      }
    };
  };
}
