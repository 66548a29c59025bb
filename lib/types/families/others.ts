import type { Family } from './family.js';

/** Documents. */
export const DOCUMENTS = {
  json: { oid: 114, array: 199, reads: 'json', binary: 'Text', writes: 'text' },
  jsonb: { oid: 3802, array: 3807, reads: 'json', binary: 'Jsonb', writes: 'jsonb' },
  jsonpath: { oid: 4072, array: 4073, reads: 'text' },
} as const satisfies Family;

/** Everything else of PostgreSQL 12, as the server writes it. */
export const OTHERS = {
  int2vector: { oid: 22, array: 1006, reads: 'text' },
  regproc: { oid: 24, array: 1008, reads: 'text' },
  tid: { oid: 27, array: 1010, reads: 'text' },
  xid: { oid: 28, array: 1011, reads: 'text' },
  cid: { oid: 29, array: 1012, reads: 'text' },
  oidvector: { oid: 30, array: 1013, reads: 'text' },
  point: { oid: 600, array: 1017, reads: 'text' },
  lseg: { oid: 601, array: 1018, reads: 'text' },
  path: { oid: 602, array: 1019, reads: 'text' },
  // The only type of PostgreSQL whose own text holds commas unquoted.
  box: { oid: 603, array: 1020, delimiter: ';', reads: 'text' },
  polygon: { oid: 604, array: 1027, reads: 'text' },
  line: { oid: 628, array: 629, reads: 'text' },
  cidr: { oid: 650, array: 651, reads: 'text' },
  circle: { oid: 718, array: 719, reads: 'text' },
  macaddr8: { oid: 774, array: 775, reads: 'text' },
  macaddr: { oid: 829, array: 1040, reads: 'text' },
  inet: { oid: 869, array: 1041, reads: 'text' },
  aclitem: { oid: 1033, array: 1034, reads: 'text' },
  refcursor: { oid: 1790, array: 2201, reads: 'text' },
  regprocedure: { oid: 2202, array: 2207, reads: 'text' },
  regoper: { oid: 2203, array: 2208, reads: 'text' },
  regoperator: { oid: 2204, array: 2209, reads: 'text' },
  regclass: { oid: 2205, array: 2210, reads: 'text' },
  regtype: { oid: 2206, array: 2211, reads: 'text' },
  record: { oid: 2249, array: 2287, reads: 'text' },
  void: { oid: 2278, reads: 'text' },
  txid_snapshot: { oid: 2970, array: 2949, reads: 'text' },
  pg_lsn: { oid: 3220, array: 3221, reads: 'text' },
  regconfig: { oid: 3734, array: 3735, reads: 'text' },
  regdictionary: { oid: 3769, array: 3770, reads: 'text' },
  int4range: { oid: 3904, array: 3905, reads: 'text' },
  numrange: { oid: 3906, array: 3907, reads: 'text' },
  tsrange: { oid: 3908, array: 3909, reads: 'text' },
  tstzrange: { oid: 3910, array: 3911, reads: 'text' },
  daterange: { oid: 3912, array: 3913, reads: 'text' },
  int8range: { oid: 3926, array: 3927, reads: 'text' },
  regnamespace: { oid: 4089, array: 4090, reads: 'text' },
  regrole: { oid: 4096, array: 4097, reads: 'text' },
} as const satisfies Family;
