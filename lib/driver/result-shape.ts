import { readsBinary } from '../types/binary-results.js';
import { createPackedAppender, type PackedAppender, type PackedCells } from '../types/packed-rows.js';
import { createRowAppender, type AppenderColumn, type RowAppender } from '../types/row-appender.js';
import { unreadableValue } from './failure.js';
import type { Column } from '../types/column.js';
import type { TypeMap } from '../types/type-map.js';
import { RowMode } from '../addon/interface.js';

const NUMBERS_PER_COLUMN = 6;

/** A list of columns, and the functions that build its rows. */
export class ResultShape {
  readonly fields: readonly Column[];
  /** Columns whose type the type map knows nothing of: they come as the server's text. */
  readonly unknown: readonly { column: number; name: string; typeOid: number }[];
  /** The core's number of the type map that the rows are read by, if it reads every column's binary form; else 0. */
  readonly binaryTypeMap: number;
  private readonly columns: readonly AppenderColumn[];
  private readonly packedAppenders: (PackedAppender | undefined)[] = [];

  constructor(
    names: readonly string[],
    numbers: Float64Array,
    typeMapId: number,
    types: TypeMap | undefined,
  ) {
    const at = (column: number, which: number): number =>
      numbers[column * NUMBERS_PER_COLUMN + which] as number;
    this.fields = Object.freeze(
      names.map((name, i) =>
        Object.freeze({
          name,
          typeOid: at(i, 0),
          typeModifier: at(i, 1),
          typeSize: at(i, 2),
          tableOid: at(i, 3),
          columnNumber: at(i, 4),
        }),
      ),
    );
    this.unknown = this.fields.flatMap(({ name, typeOid }, column) =>
      types === undefined || types.isKnown(typeOid) ? [] : [{ column, name, typeOid }],
    );
    this.binaryTypeMap =
      types !== undefined && this.fields.every(({ typeOid }) => readsBinary(types, typeOid)) ? typeMapId : 0;
    this.columns = this.fields.map(({ name, typeOid }, i) => {
      // A column in a binary form that the core does not know reaches us as bytes, which are no value.
      const readable = at(i, 5) === 0 || types === undefined || readsBinary(types, typeOid);
      return {
        name,
        decoder: types?.decoderOf(typeOid),
        converter: readable ? types?.converterFor(typeOid) : () => unreadable(name, typeOid),
      };
    });
  }

  appender(mode: RowMode, rowsPerCall: number): RowAppender {
    return createRowAppender(this.columns, modeName(mode), rowsPerCall);
  }

  packedAppender(mode: RowMode, cells: PackedCells): PackedAppender {
    return (this.packedAppenders[mode] ??= createPackedAppender(this.columns, modeName(mode), cells));
  }
}

/** What one statement of a command has brought; of a stream, one batch of it. */
export interface StatementResult {
  /** Undefined where the statement returns none. */
  readonly rows: unknown[] | undefined;
  /** The columns of `rows`, and there where they are. */
  readonly shape: ResultShape | undefined;
  /** The command tag without its numbers; '' for an empty statement and for a batch that is not its stream's last. */
  readonly command: string;
  /** The number in the command tag; -1 where it has none. */
  readonly count: number;
}

function unreadable(name: string, typeOid: number): never {
  throw unreadableValue(
    `the column "${name}" came in the binary form of type ${typeOid}, which is not known`,
  );
}

function modeName(mode: RowMode): 'array' | 'object' {
  return mode === RowMode.Array ? 'array' : 'object';
}
