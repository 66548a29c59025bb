import type { Family, VendorType } from './family.js';

/** Days, times, instants and intervals. Intervals and times of day are texts: JavaScript has nothing for them. */
export const TIMES = {
  date: { oid: 1082, array: 1182, reads: 'day', binary: 'Date', writes: 'date' },
  time: { oid: 1083, array: 1183, reads: 'text', writes: 'time' },
  timestamp: { oid: 1114, array: 1115, reads: 'wallClock', binary: 'WallClock', writes: 'timestamp' },
  timestamptz: { oid: 1184, array: 1185, reads: 'instant', binary: 'Instant', writes: 'timestamptz' },
  interval: { oid: 1186, array: 1187, reads: 'text' },
  timetz: { oid: 1266, array: 1270, reads: 'text' },
} as const satisfies Family;

export const VENDOR_TIMES: readonly VendorType[] = [
  {
    name: 'date',
    length: 4,
    reads: 'day',
    certainty: 'seen',
    modes: 'mysql, sqlserver',
    numbers: 'mysql 7944; sqlserver 7754',
    note: 'a day',
  },
  {
    name: 'date',
    length: 8,
    reads: 'wallClock',
    certainty: 'vendor',
    modes: 'oracle',
    numbers: '8020',
    note: 'has a time of day; on V9 a domain over timestamp, by one source: a column then reports 1114',
  },
  {
    name: 'ora_date',
    reads: 'wallClock',
    certainty: 'vendor',
    modes: 'sqlserver',
    numbers: '8020',
  },
  {
    name: 'datetime',
    reads: 'wallClock',
    certainty: 'seen',
    modes: 'mysql, sqlserver; oracle on the newest builds',
    numbers: 'mysql 7952, or 4189; sqlserver 7881',
  },
  { name: 'smalldatetime', reads: 'wallClock', certainty: 'seen', modes: 'sqlserver', numbers: '5045' },
  {
    name: 'datetime2',
    reads: 'fineWallClock',
    certainty: 'seen',
    modes: 'sqlserver',
    numbers: '7690',
    note: 'up to 7 decimals; its binary form counts 100 ns',
  },
  {
    name: 'timestamp',
    reads: 'text',
    certainty: 'seen',
    modes: 'mysql',
    numbers: '7954; V8R6 1184',
    note:
      'an instant whose text is the clock of the session’s zone, without an offset: which instant it is cannot be ' +
      'told from the text',
  },
  {
    name: 'time',
    reads: 'text',
    certainty: 'seen',
    modes: 'mysql, sqlserver',
    numbers: 'mysql 7950; sqlserver 7755',
    note: 'in mysql mode a duration from -838:59:59 to 838:59:59',
  },
  {
    name: 'dsinterval',
    reads: 'text',
    certainty: 'seen',
    modes: 'oracle, sqlserver',
    numbers: '7000',
    note: '`interval day to second`, such as `+000000002 17:10:03.47`; its binary form counts nanoseconds',
  },
  {
    name: 'yminterval',
    reads: 'text',
    certainty: 'said',
    modes: 'oracle, sqlserver',
    numbers: '7002',
    note: '`interval year to month`',
  },
];
