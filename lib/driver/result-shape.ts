import { readsBinary } from '../types/binary-results.js';
import type { PackedAppender, PackedCells } from '../types/packed-rows.js';
import type { RowAppender } from '../types/row-appender.js';
import { unreadableValue } from './failure.js';
import type { Column } from '../types/column.js';
import type { TypeMap } from '../types/type-map.js';
import { Decoder, type RowMode } from '../addon/interface.js';
import { ParsedRowBuilders, RowBuilders } from './row-builders.js';

const NUMBERS_PER_COLUMN = 6;

/** A list of columns, and the functions that build its rows. */
export class ResultShape {
  readonly fields: readonly Column[];
  /** Columns whose type the type map knows nothing of: they come as the server's text. */
  readonly unknown: readonly { column: number; name: string; typeOid: number }[];
  /** The core's number of the type map that the rows are read by, if it reads every column's binary form; else 0. */
  readonly binaryTypeMap: number;
  private readonly builders: RowBuilders | ParsedRowBuilders;

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
    const columns = this.fields.map(({ name, typeOid }, i) => {
      // A column in a binary form that the core does not know reaches us as bytes, which are no value.
      const readable = at(i, 5) === 0 || types === undefined || readsBinary(types, typeOid);
      const converter = readable ? types?.converterFor(typeOid) : () => unreadable(name, typeOid);
      const rule = { decoder: types?.decoderOf(typeOid) ?? Decoder.Text, converter };
      return { name, typeOid, rule, asks: readable && types?.asksParsers(typeOid) === true };
    });
    this.builders =
      types?.parsers === undefined
        ? new RowBuilders(columns.map(({ name, rule }) => ({ name, ...rule })))
        : new ParsedRowBuilders(columns, types.parsers);
  }

  /** As the core keeps it, for any result of these columns. */
  appender(mode: RowMode, rowsPerCall: number): RowAppender {
    const { builders } = this;
    if (builders instanceof RowBuilders) return builders.appender(mode, rowsPerCall);
    return (rows, ...values) => {
      builders.of(rows).appender(mode, rowsPerCall)(rows, ...values);
    };
  }

  /** As the core keeps it, for any result of these columns. */
  keptPackedAppender(mode: RowMode, cells: PackedCells): PackedAppender {
    const { builders } = this;
    if (builders instanceof RowBuilders) return builders.packedAppender(mode, cells);
    return (rows, count, ascii, utf16) => {
      builders.of(rows).packedAppender(mode, cells)(rows, count, ascii, utf16);
    };
  }

  /** For one result whose rows are built at once. */
  packedAppender(mode: RowMode, cells: PackedCells): PackedAppender {
    const { builders } = this;
    const now = builders instanceof RowBuilders ? builders : builders.current();
    return now.packedAppender(mode, cells);
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
