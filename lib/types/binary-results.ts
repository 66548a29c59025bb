import { Decoder } from '../addon/interface.js';
import type { BinaryForm } from './families/family.js';
import { TYPES_BY_OID } from './oids.js';
import type { TypeMap } from './type-map.js';

const TEXT = [Decoder.Text];

/**
 * What the core can make of a value in each binary form, so that it is what it makes of the text. Twin: `BinaryFormOf`
 * in `native/binary_value.cc`. Times as text are not among them, since the core does not know the session's zone.
 */
export const READABLE: Readonly<Record<BinaryForm, readonly Decoder[]>> = {
  Boolean: [Decoder.Boolean],
  Integer: [Decoder.Integer, Decoder.BigInt, Decoder.SafeInteger, Decoder.Text],
  Oid: [Decoder.Integer, Decoder.Text],
  Float: [Decoder.Float],
  Numeric: [Decoder.Text, Decoder.Float],
  Text: TEXT,
  Jsonb: TEXT,
  Uuid: TEXT,
  Bytes: [Decoder.Bytes],
  Instant: [Decoder.Instant],
  WallClock: [Decoder.WallClock],
  Date: [Decoder.WallClock, Decoder.Text],
};

/** Whether a column of this type gives the same in the server's binary form as in its text. */
export function readsBinary(types: TypeMap, typeOid: number): boolean {
  const form = TYPES_BY_OID.get(typeOid)?.binary;
  return form !== undefined && READABLE[form].includes(types.decoderOf(typeOid));
}

/** The same of every column. */
export function readsAllBinary(types: TypeMap, typeOids: Iterable<number>): boolean {
  for (const oid of typeOids) if (!readsBinary(types, oid)) return false;
  return true;
}
