import { Decoder } from '../addon/interface.js';
import { Oid } from './oids.js';
import type { TypeMap } from './type-map.js';

const INTEGERS = [Decoder.Integer, Decoder.BigInt, Decoder.SafeInteger, Decoder.Text];
const TEXT = [Decoder.Text];

/**
 * Types whose binary form the core reads, and what it can make of each. Twin: `BinaryFormOf` in
 * `native/binary_value.cc`. Not here: float4, whose text is shorter than the same number's as a double; times as text,
 * which are in the session's zone; whatever has a text that depends on settings (interval, money).
 */
const READABLE: ReadonlyMap<number, readonly Decoder[]> = new Map([
  [Oid.bool, [Decoder.Boolean]],
  [Oid.int2, INTEGERS],
  [Oid.int4, INTEGERS],
  [Oid.int8, INTEGERS],
  [Oid.oid, [Decoder.Integer, Decoder.Text]],
  [Oid.float8, [Decoder.Float]],
  [Oid.numeric, [Decoder.Text, Decoder.Float]],
  [Oid.text, TEXT],
  [Oid.varchar, TEXT],
  [Oid.bpchar, TEXT],
  [Oid.name, TEXT],
  [Oid.json, TEXT],
  [Oid.jsonb, TEXT],
  [Oid.uuid, TEXT],
  [Oid.bytea, [Decoder.Bytes]],
  [Oid.timestamptz, [Decoder.Instant]],
  [Oid.timestamp, [Decoder.WallClock]],
  [Oid.date, [Decoder.WallClock, Decoder.Text]],
]);

/** Whether a column of this type gives the same in the server's binary form as in its text. */
export function readsBinary(types: TypeMap, typeOid: number): boolean {
  return READABLE.get(typeOid)?.includes(types.decoderOf(typeOid)) === true;
}

/** The same of every column. */
export function readsAllBinary(types: TypeMap, typeOids: Iterable<number>): boolean {
  for (const oid of typeOids) if (!readsBinary(types, oid)) return false;
  return true;
}
