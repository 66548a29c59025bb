/** One column of a result. */
export interface Column {
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
