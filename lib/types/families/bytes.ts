import type { Family, VendorType } from './family.js';

/** Bytes and strings of bits. */
export const BYTES = {
  bytea: { oid: 17, array: 1001, reads: 'bytes', binary: 'Bytes', writes: 'bytea' },
  bit: { oid: 1560, array: 1561, reads: 'text' },
  varbit: { oid: 1562, array: 1563, reads: 'text' },
  // KingbaseES; all sources agree on these numbers. What a parameter's bytes become in them is not verified.
  longblob: { oid: 7021, reads: 'bytes' },
  mediumblob: { oid: 7022, reads: 'bytes' },
  tinyblob: { oid: 7023, reads: 'bytes' },
  blob: { oid: 8013, reads: 'bytes' },
} as const satisfies Family;

export const VENDOR_BYTES: readonly VendorType[] = [
  {
    name: 'blob',
    reads: 'bytes',
    certainty: 'vendor',
    modes: 'all',
    numbers: '8013; V8R3 11659',
    note: 'on V9 a domain over bytea, by one source: a column then reports 17',
  },
  {
    name: 'tinyblob',
    reads: 'bytes',
    certainty: 'said',
    modes: 'mysql',
    numbers: '7023',
    note: 'a domain over blob, as mediumblob (7022) and longblob (7021)',
  },
  { name: 'mediumblob', reads: 'bytes', certainty: 'said', modes: 'mysql', numbers: '7022' },
  { name: 'longblob', reads: 'bytes', certainty: 'said', modes: 'mysql', numbers: '7021' },
  {
    name: 'binary',
    reads: 'prefixedBytes',
    certainty: 'seen',
    modes: 'mysql, sqlserver; oracle on the newest builds',
    numbers: '3383; sqlserver 5022',
    note: 'text `0x…`',
  },
  {
    name: 'varbinary',
    reads: 'prefixedBytes',
    certainty: 'seen',
    modes: 'mysql, sqlserver; oracle on the newest builds',
    numbers: '3384; sqlserver 5024',
    note: 'text `0x…`',
  },
  {
    name: 'rowversion',
    reads: 'prefixedBytes',
    certainty: 'said',
    modes: 'sqlserver',
    numbers: '5043',
    note: 'a column declared `timestamp`; that its text is `0x…` is not known: any other stays a string',
  },
];
