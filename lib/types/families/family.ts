/**
 * A type is one place: all that the driver knows of it stands in one entry of one of these files. From the entries
 * come the tables of OIDs, what the text is read as, which binary forms the core may be sent (a test holds
 * `native/binary_value.cc` against them), which binary forms parameters and COPY use, and the tables of
 * docs/kingbase-modes.md.
 */

/**
 * What a value's text is read as. `bigint`, `numeric`, `day`, `wallClock`, `instant` and `json` depend on the caller's
 * choices; the last five are forms that only KingbaseES has.
 */
export type Reading =
  | 'text'
  | 'integer'
  | 'bigint'
  | 'float'
  | 'numeric'
  | 'boolean'
  | 'bytes'
  | 'day'
  | 'wallClock'
  | 'instant'
  | 'json'
  | 'unsigned64'
  | 'bit'
  | 'prefixedBytes'
  | 'fineWallClock';

/** How the server sends a result's value in binary. Twin: `BinaryForm` in native/binary_value.h. */
export type BinaryForm =
  | 'Boolean'
  | 'Integer'
  | 'Oid'
  | 'Float'
  | 'Numeric'
  | 'Text'
  | 'Jsonb'
  | 'Uuid'
  | 'Bytes'
  | 'Instant'
  | 'WallClock'
  | 'Date';

/** How a value is written in binary, for a parameter or a COPY. */
export type BinaryKind =
  | 'bool'
  | 'bytea'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'oid'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'text'
  | 'jsonb'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz';

/** A type whose OID means the same on every server that has it. */
export interface FixedType {
  readonly oid: number;
  /** The array type over it, where that has a fixed OID. */
  readonly array?: number;
  /** Between elements in an array's text (pg_type.typdelim). Default: a comma. */
  readonly delimiter?: string;
  readonly reads: Reading;
  /** Absent: results are asked for as text. */
  readonly binary?: BinaryForm;
  /** Absent: values are sent as text. */
  readonly writes?: BinaryKind;
}

/** How sure it is what an entry says of KingbaseES; nothing here was seen from a server by this project. */
export type Certainty =
  /** Somebody has published what a server sent. */
  | 'seen'
  /** The vendor's drivers or manuals say so. */
  | 'vendor'
  /** Third-party code says so, and nobody says that it was tried. */
  | 'said';

/**
 * A type of KingbaseES's own. Its OID is not trusted, because it differs between modes and product lines, or is
 * another type's elsewhere; it is recognised by what the catalogue says of it.
 */
export interface VendorType {
  readonly name: string;
  /** pg_type.typlen, where types of one name differ by it. */
  readonly length?: number;
  readonly reads: Reading;
  readonly certainty: Certainty;
  /** For the docs: the modes that have it, its OIDs and its text. */
  readonly modes: string;
  readonly numbers: string;
  readonly note?: string;
}

export type Family = Readonly<Record<string, FixedType>>;
