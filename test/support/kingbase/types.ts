import type { DatabaseMode, Release } from './servers.js';

/** How a type is stored, written and read; `forms.ts` says what each means to PostgreSQL. */
export type FormName =
  | 'tinyint'
  | 'unsignedTinyint'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'uint4'
  | 'uint8'
  | 'flag'
  | 'money'
  | 'text'
  | 'bpchar'
  | 'varchar'
  | 'uuid'
  | 'bytes'
  | 'hexBytes'
  | 'rowVersion'
  | 'bits'
  | 'date'
  | 'timestamp'
  | 'millisecondClock'
  | 'zonedClock'
  | 'fineTimestamp'
  | 'fineTime'
  | 'duration'
  | 'daySecond'
  | 'yearMonth';

interface Named {
  readonly schema: 'sys' | 'pg_catalog' | 'sys_catalog';
  readonly name: string;
}

/**
 * A type as a server's catalogue has it. Where a number is not given, it is not the same on all builds, or not known, and
 * the server behind gives one.
 */
export type EmulatedType =
  | (Named & {
      readonly kind: 'base';
      readonly form: FormName;
      readonly oid: number | undefined;
      readonly array: number | undefined;
    })
  | (Named & {
      readonly kind: 'domain';
      readonly over: string;
      readonly oid: number | undefined;
      readonly array: number | undefined;
    })
  /** Kinds of mysql mode, with a `typtype` of their own: `l` with labels in pg_enum, `y` without. */
  | (Named & { readonly kind: 'enum'; readonly labels: readonly string[] })
  | (Named & { readonly kind: 'set' });

type Schema = Named['schema'];

const base = (schema: Schema, name: string, form: FormName, oid?: number, array?: number): EmulatedType => ({
  kind: 'base',
  schema,
  name,
  form,
  oid,
  array,
});

const domain = (schema: Schema, name: string, over: string, oid?: number, array?: number): EmulatedType => ({
  kind: 'domain',
  schema,
  name,
  over,
  oid,
  array,
});

// ---- what several modes have

/** V8R6, by the numbers that the vendor's JDBC driver registers; it does not say of which kind they are. */
const V8R6_LARGE = [
  base('pg_catalog', 'blob', 'bytes', 8013),
  base('pg_catalog', 'clob', 'text', 8014),
  base('pg_catalog', 'nclob', 'text', 8015),
];
const V9_LARGE = [
  domain('pg_catalog', 'blob', 'pg_catalog.bytea', 8013, 6648),
  domain('pg_catalog', 'clob', 'pg_catalog.text', 8014, 6647),
  domain('pg_catalog', 'nclob', 'pg_catalog.text', 8015, 6646),
];
const byteStrings = (schema: Schema): EmulatedType[] => [
  base(schema, 'bpcharbyte', 'bpchar', 8016, 8017),
  base(schema, 'varcharbyte', 'varchar', 8018, 8019),
];
const TINYINT = base('pg_catalog', 'tinyint', 'tinyint', 8100, 8101);
const OWN_INTERVALS = [
  base('sys', 'dsinterval', 'daySecond', 7000, 7001),
  base('sys', 'yminterval', 'yearMonth', 7002, 7003),
];
const BFILE = base('pg_catalog', 'bfile', 'text', 8078, 8079);
const ROWID = base('pg_catalog', 'rowid', 'text', 6123, 6124);
/** The same under the number that newer builds of the vendor's Go driver have. */
const NEWER_ROWID = base('pg_catalog', 'rowid', 'text', 6144, 6145);
const NATIONAL = [base('sys', 'nchar', 'bpchar', 5039, 5040), base('sys', 'nvarchar', 'varchar', 5041, 5042)];

// ---- by mode

const ORACLE_V8R6 = [
  TINYINT,
  ...V8R6_LARGE,
  ...byteStrings('pg_catalog'),
  base('sys', 'date', 'timestamp', 8020, 8021),
];

const ORACLE_V9 = [
  TINYINT,
  ...V9_LARGE,
  ...byteStrings('sys'),
  domain('sys', 'date', 'pg_catalog.timestamp(0)', 8020, 8021),
  ...OWN_INTERVALS,
  ROWID,
  domain('pg_catalog', 'urowid', 'pg_catalog.varchar', 6125, 6126),
  BFILE,
  // What PL/SQL has are domains with names in capitals and no fixed numbers.
  domain('sys', 'BINARY_INTEGER', 'pg_catalog.int4'),
];

const mysqlDomains = (schema: Schema): EmulatedType[] => [
  domain(schema, 'int1', 'pg_catalog.int4', 7014),
  domain(schema, 'int3', 'pg_catalog.int4', 7015),
  domain(schema, 'mediumint', 'pg_catalog.int4', 7016),
  domain(schema, 'middleint', 'pg_catalog.int4', 7017),
  domain(schema, 'longtext', 'pg_catalog.text', 7018),
  domain(schema, 'mediumtext', 'pg_catalog.text', 7019),
  domain(schema, 'tinytext', 'pg_catalog.text', 7020),
  domain(schema, 'longblob', 'pg_catalog.blob', 7021),
  domain(schema, 'mediumblob', 'pg_catalog.blob', 7022),
  domain(schema, 'tinyblob', 'pg_catalog.blob', 7023),
  domain(schema, 'json', 'pg_catalog.jsonb', 7024),
  domain(schema, 'year', 'pg_catalog.int4 CHECK (VALUE BETWEEN 1901 AND 2155)', 7025),
];

/** V8R6 has neither the 79xx types nor domains for those below, as far as its JDBC driver tells; `year` was 7024 then. */
const MYSQL_V8R6 = [
  TINYINT,
  ...V8R6_LARGE,
  ...byteStrings('pg_catalog'),
  ...['int1', 'int3', 'mediumint', 'middleint'].map((name, i) => base('sys', name, 'int4', 7014 + i)),
  ...['longtext', 'mediumtext', 'tinytext'].map((name, i) => base('sys', name, 'text', 7018 + i)),
  ...['longblob', 'mediumblob', 'tinyblob'].map((name, i) => base('sys', name, 'bytes', 7021 + i)),
  base('sys', 'year', 'int4', 7024),
];

const mysqlV9 = (datetime: readonly [number, number], rowid: EmulatedType): EmulatedType[] => [
  base('sys', 'tinyint', 'tinyint', 8100, 8101),
  ...V9_LARGE,
  ...byteStrings('sys'),
  ...mysqlDomains('sys'),
  base('sys', 'uint4', 'uint4', 7082, 7083),
  base('sys', 'uint8', 'uint8', 7084, 7085),
  base('sys', 'bit', 'bits', 4655, 4656),
  base('sys', 'date', 'date', 7944),
  base('sys', 'time', 'duration', 7950, 7951),
  base('sys', 'datetime', 'timestamp', ...datetime),
  base('sys', 'timestamp', 'zonedClock', 7954, 7955),
  base('sys', 'binary', 'hexBytes', 3383, 3385),
  base('sys', 'varbinary', 'hexBytes', 3384, 3386),
  { kind: 'enum', schema: 'sys', name: 'Enum_shirt_size', labels: ['small', '大'] },
  { kind: 'set', schema: 'sys', name: 'Set_shirt_colours' },
  rowid,
];

const SQLSERVER = [
  base('sys', 'bit', 'flag', 7915, 7916),
  base('sys', 'tinyint', 'unsignedTinyint', 5026, 5027),
  base('sys', 'money', 'money', 5069, 5070),
  ...NATIONAL,
  domain('sys', 'sysname', 'sys.nvarchar', 7141, 6080),
  ...byteStrings('sys'),
  base('sys', 'binary', 'hexBytes', 5022, 5023),
  base('sys', 'varbinary', 'hexBytes', 5024, 5025),
  base('sys', 'rowversion', 'rowVersion', 5043, 5044),
  base('sys', 'date', 'date', 7754, 7764),
  base('sys', 'time', 'fineTime', 7755, 7765),
  base('sys', 'smalldatetime', 'timestamp', 5045, 5046),
  base('sys', 'datetime', 'millisecondClock', 7881, 7891),
  base('sys', 'datetime2', 'fineTimestamp', 7690, 7680),
  base('sys', 'uniqueidentifier', 'uuid', 4193),
  base('sys', 'sql_variant', 'text', 6661, 6662),
  domain('sys_catalog', 'sys_lsn', 'pg_catalog.pg_lsn'),
  ...V9_LARGE,
  domain('sys', 'ora_date', 'pg_catalog.timestamp(0)', 8020, 8021),
  ...OWN_INTERVALS,
  ROWID,
  BFILE,
];

/** Numbers with OIDs of their own, by the manuals of 8.6.7.24 and 9.4.11 and the vendor's Go driver. */
const SQLSERVER_NUMBERS = [
  base('sys', 'smallint', 'int2', 5061, 5062),
  base('sys', 'int', 'int4', 5063, 5064),
  base('sys', 'bigint', 'int8', 5065, 5066),
  base('sys', 'numeric', 'numeric', 5067, 5068),
  base('sys', 'real', 'float4', 6069, 6070),
  base('sys', 'float', 'float8', 6071, 6072),
];

/** What each line has in each of its modes. */
const TYPES: Readonly<Record<Release, Partial<Record<DatabaseMode, readonly EmulatedType[]>>>> = {
  V8R3: {
    oracle: [
      base('sys_catalog', 'tinyint', 'tinyint', 9, 972),
      base('sys_catalog', 'clob', 'text', 11658),
      base('sys_catalog', 'blob', 'bytes', 11659),
    ],
  },
  V8R6: {
    // PostgreSQL's types; what else there may be is where the JDBC driver expects it.
    pg: [TINYINT, ...V8R6_LARGE, ...byteStrings('pg_catalog')],
    oracle: ORACLE_V8R6,
    mysql: MYSQL_V8R6,
    sqlserver: [...SQLSERVER, ...SQLSERVER_NUMBERS],
  },
  V9R1: {
    pg: [],
    oracle: ORACLE_V9,
    mysql: mysqlV9([7952, 7953], ROWID),
    sqlserver: SQLSERVER,
  },
  V9R3: { mysql: [...mysqlV9([4189, 4199], NEWER_ROWID), ...NATIONAL] },
  V9R4: { sqlserver: [...SQLSERVER, ...SQLSERVER_NUMBERS] },
};

export function typesOf(release: Release, mode: DatabaseMode): readonly EmulatedType[] {
  const types = TYPES[release][mode];
  if (types === undefined) throw new Error(`${release} has no ${mode} mode here.`);
  return types;
}
