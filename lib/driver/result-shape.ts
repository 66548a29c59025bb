import { createRowAppender, type RowAppender } from '../types/row-appender.js';
import type { TypeMap } from '../types/type-map.js';
import { RowMode } from './native.js';

/** One column of a result. */
export interface Field {
  readonly name: string;
  /** OID of the column's type. */
  readonly typeOid: number;
  /** Such as the length of a varchar plus 4; -1 where the type has none. */
  readonly typeModifier: number;
  /** Bytes of the type in the server, negative where it varies. */
  readonly typeSize: number;
  /** OID of the table the column comes from, 0 for an expression. */
  readonly tableOid: number;
  /** The column's number in that table, from 1; 0 for an expression. */
  readonly columnNumber: number;
}

const NUMBERS_PER_COLUMN = 6;

/** A list of columns, and the functions that build its rows. */
export class ResultShape {
  readonly fields: readonly Field[];
  /** Columns whose type the type map knows nothing of: they come as the server's text. */
  readonly unknown: readonly { column: number; name: string; typeOid: number }[];
  private readonly columns: { name: string; converter: ((value: unknown) => unknown) | undefined }[];

  constructor(names: readonly string[], numbers: Float64Array, types: TypeMap | undefined) {
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
    // A column in the server's binary form reaches us as bytes, which no converter understands.
    this.columns = names.map((name, i) => ({
      name,
      converter: at(i, 5) === 0 ? types?.converterFor(at(i, 0)) : undefined,
    }));
  }

  appender(mode: RowMode, rowsPerCall: number): RowAppender {
    return createRowAppender(this.columns, mode === RowMode.Array ? 'array' : 'object', rowsPerCall);
  }
}
