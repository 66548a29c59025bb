/**
 * The statements that make a database of PostgreSQL 12 look like one of KingbaseES: its types, version and settings.
 *
 * Recorded of real servers and drivers are the version texts, the settings' names and defaults, the types' names and
 * OIDs, that byte types count bytes and that Oracle mode's date has a time of day. Guessed are the values' text and
 * binary forms (those of the PostgreSQL type they are like: two bytes for a tinyint in binary), the casts between types,
 * and the schema of Oracle mode's date. Not there: the syntax and functions of the modes, types that only some of them
 * have, empty strings as NULL, names without regard to case. A literal or parameter is not checked for a tinyint's
 * range, and keeps fractions of a second as a date; values that come from another type are.
 */

export type Release = 'V8R6' | 'V9';
export type DatabaseMode = 'pg' | 'oracle' | 'mysql' | 'sqlserver';

/** As servers of these releases have answered; V9 names no platform. */
const VERSIONS: Readonly<Record<Release, string>> = {
  V8R6:
    'KingbaseES V008R006C006B0013PS003 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 4.1.2 20080704 ' +
    '(Red Hat 4.1.2-46), 64-bit',
  V9: 'KingbaseES V009R001C010',
};

/** A base type whose values are stored, read and written as those of one of PostgreSQL's own. */
interface BaseType {
  readonly name: string;
  readonly schema: string;
  readonly oid: number;
  /** Where it is not known, the server gives the array type an OID of its own. */
  readonly arrayOid?: number;
  readonly like: string;
  /** What the server's functions for that type begin with: `int2` of `int2in`, `int2lt`. */
  readonly functions: string;
  readonly category: 'D' | 'N' | 'S' | 'U';
  /** The input functions take the array's element type and a type modifier, too. */
  readonly modified?: boolean;
  /** The type's modifier is a length: `varcharbyte(10)`. */
  readonly hasLength?: boolean;
}

// The numbers are those of the vendor's JDBC driver for V8R6. `sys` is where Oracle mode's date is said to be, since
// pg_catalog has a date already.
const TYPES: readonly BaseType[] = [
  {
    name: 'tinyint',
    schema: 'pg_catalog',
    oid: 8100,
    arrayOid: 8101,
    like: 'int2',
    functions: 'int2',
    category: 'N',
  },
  { name: 'blob', schema: 'pg_catalog', oid: 8013, like: 'bytea', functions: 'bytea', category: 'U' },
  { name: 'clob', schema: 'pg_catalog', oid: 8014, like: 'text', functions: 'text', category: 'S' },
  { name: 'nclob', schema: 'pg_catalog', oid: 8015, like: 'text', functions: 'text', category: 'S' },
  {
    name: 'bpcharbyte',
    schema: 'pg_catalog',
    oid: 8016,
    arrayOid: 8017,
    like: 'bpchar',
    functions: 'bpchar',
    category: 'S',
    modified: true,
    hasLength: true,
  },
  {
    name: 'varcharbyte',
    schema: 'pg_catalog',
    oid: 8018,
    arrayOid: 8019,
    like: 'varchar',
    functions: 'varchar',
    category: 'S',
    modified: true,
    hasLength: true,
  },
];

const ORACLE_DATE: BaseType = {
  name: 'date',
  schema: 'sys',
  oid: 8020,
  arrayOid: 8021,
  like: 'timestamp',
  functions: 'timestamp_',
  category: 'D',
  modified: true,
};

/** A superuser may change the catalogue; a type that is still a shell is referred to by next to nothing. */
const SET_TYPE_OID = `
CREATE FUNCTION pg_temp.set_type_oid(type_schema text, type_name text, new_oid oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  old_oid oid := t.oid FROM pg_type t WHERE typname = type_name AND typnamespace = type_schema::regnamespace;
BEGIN
  UPDATE pg_type SET oid = new_oid WHERE oid = old_oid;
  UPDATE pg_type SET typarray = new_oid WHERE typarray = old_oid;
  UPDATE pg_depend SET objid = new_oid WHERE classid = 'pg_type'::regclass AND objid = old_oid;
  UPDATE pg_depend SET refobjid = new_oid WHERE refclassid = 'pg_type'::regclass AND refobjid = old_oid;
END $$;`;

function createType(type: BaseType): string {
  const { schema, name, functions, modified, hasLength } = type;
  const self = `${schema}.${name}`;
  const prefix = schema === 'sys' ? 'ora_' : '';
  const modifiers = modified === true ? ', oid, int4' : '';
  const internal = (suffix: string, parameters: string, result: string): string =>
    `CREATE FUNCTION pg_catalog.${prefix}${name}${suffix}(${parameters}) RETURNS ${result} ` +
    `LANGUAGE internal IMMUTABLE STRICT AS '${functions}${suffix}';`;
  return `
CREATE TYPE ${self};
SELECT pg_temp.set_type_oid('${schema}', '${name}', ${type.oid});
${internal('in', `cstring${modifiers}`, self)}
${internal('out', self, 'cstring')}
${internal('recv', `internal${modifiers}`, self)}
${internal('send', self, 'bytea')}
CREATE TYPE ${self} (
  INPUT = ${prefix}${name}in, OUTPUT = ${prefix}${name}out, RECEIVE = ${prefix}${name}recv, SEND = ${prefix}${name}send,
  ${hasLength === true ? `TYPMOD_IN = ${functions}typmodin, TYPMOD_OUT = ${functions}typmodout,` : ''}
  LIKE = ${type.like}, CATEGORY = '${type.category}'${type.category === 'S' ? ', COLLATABLE = true' : ''}
);
${type.arrayOid === undefined ? '' : `SELECT pg_temp.set_type_oid('${schema}', '_${name}', ${type.arrayOid});`}`;
}

/** Comparison, sorting, grouping and unique indexes. */
function createOperators({ schema, name, functions }: BaseType): string {
  const self = `${schema}.${name}`;
  const prefix = schema === 'sys' ? 'ora_' : '';
  const family = functions.replace(/_$/, '');
  const [compare, hash] = family === 'int2' ? ['btint2cmp', 'hashint2'] : [`${family}_cmp`, `${family}_hash`];
  const internal = (suffix: string, source: string, parameters: string, result: string): string =>
    `CREATE FUNCTION pg_catalog.${prefix}${name}${suffix}(${parameters}) RETURNS ${result} ` +
    `LANGUAGE internal IMMUTABLE STRICT AS '${source}';`;
  const operators = [
    { symbol: '<', word: 'lt', commutator: '>', negator: '>=' },
    { symbol: '<=', word: 'le', commutator: '>=', negator: '>' },
    { symbol: '=', word: 'eq', commutator: '=', negator: '<>' },
    { symbol: '>=', word: 'ge', commutator: '<=', negator: '<' },
    { symbol: '>', word: 'gt', commutator: '<', negator: '<=' },
    { symbol: '<>', word: 'ne', commutator: '<>', negator: '=' },
  ];
  return [
    ...operators.flatMap(({ symbol, word, commutator, negator }) => [
      internal(word, functions + word, `${self}, ${self}`, 'bool'),
      `CREATE OPERATOR pg_catalog.${symbol} (LEFTARG = ${self}, RIGHTARG = ${self}, FUNCTION = ${prefix}${name}${word},
         COMMUTATOR = ${commutator}, NEGATOR = ${negator}${symbol === '=' ? ', HASHES, MERGES' : ''});`,
    ]),
    internal('cmp', compare, `${self}, ${self}`, 'int4'),
    internal('hash', hash, self, 'int4'),
    `CREATE OPERATOR CLASS pg_catalog.${prefix}${name}_ops DEFAULT FOR TYPE ${self} USING btree AS
       OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ${prefix}${name}cmp(${self}, ${self});`,
    `CREATE OPERATOR CLASS pg_catalog.${prefix}${name}_ops DEFAULT FOR TYPE ${self} USING hash AS
       OPERATOR 1 =, FUNCTION 1 ${prefix}${name}hash(${self});`,
  ].join('\n');
}

// Only one implicit cast for each type: with two, PostgreSQL could not choose between the operators they lead to.
const TINYINT_CASTS = `
CREATE FUNCTION pg_catalog.int4(tinyint) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'i2toi4';
CREATE FUNCTION pg_catalog.int8(tinyint) RETURNS int8 LANGUAGE internal IMMUTABLE STRICT AS 'int28';
CREATE FUNCTION pg_catalog."numeric"(tinyint) RETURNS numeric LANGUAGE internal IMMUTABLE STRICT AS 'int2_numeric';
CREATE FUNCTION pg_catalog.tinyint(int4) RETURNS tinyint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  IF $1 NOT BETWEEN -128 AND 127 THEN RAISE 'tinyint out of range' USING ERRCODE = '22003'; END IF;
  RETURN $1::text::tinyint;
END $$;
CREATE CAST (tinyint AS int4) WITH FUNCTION pg_catalog.int4(tinyint) AS IMPLICIT;
CREATE CAST (tinyint AS int2) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (tinyint AS int8) WITH FUNCTION pg_catalog.int8(tinyint) AS ASSIGNMENT;
CREATE CAST (tinyint AS numeric) WITH FUNCTION pg_catalog."numeric"(tinyint) AS ASSIGNMENT;
CREATE CAST (int4 AS tinyint) WITH FUNCTION pg_catalog.tinyint(int4) AS ASSIGNMENT;`;

const LARGE_OBJECT_CASTS = `
CREATE CAST (blob AS bytea) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bytea AS blob) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (clob AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (text AS clob) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (nclob AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (text AS nclob) WITHOUT FUNCTION AS ASSIGNMENT;`;

/**
 * Lengths in bytes. As with PostgreSQL's own types, an explicit cast cuts what is too long, blanks at the end are no
 * excess, and a modifier holds the length plus 4.
 */
function byteStringCasts(name: string, like: string, whole: string): string {
  const error = `value too long for type ${name}(%)`;
  return `
CREATE FUNCTION pg_catalog.${name}(value ${name}, modifier int4, explicit bool) RETURNS ${name} LANGUAGE plpgsql
IMMUTABLE STRICT AS $$
DECLARE
  limit_ int4 := modifier - 4;
  text_ text := value::${like}::text;
BEGIN
  IF modifier < 4 THEN RETURN value; END IF;
  IF octet_length(rtrim(text_)) > limit_ AND NOT explicit THEN
    RAISE '${error}', limit_ USING ERRCODE = '22001';
  END IF;
  WHILE octet_length(text_) > limit_ LOOP text_ := left(text_, -1); END LOOP;
  RETURN ${whole}::${name};
END $$;
CREATE CAST (${name} AS ${name}) WITH FUNCTION pg_catalog.${name}(${name}, int4, bool) AS IMPLICIT;`;
}

const BYTE_STRING_CASTS = `
CREATE CAST (varcharbyte AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (varcharbyte AS varchar) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (text AS varcharbyte) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE FUNCTION pg_catalog.text(bpcharbyte) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS 'rtrim1';
CREATE CAST (bpcharbyte AS text) WITH FUNCTION pg_catalog.text(bpcharbyte) AS IMPLICIT;
CREATE CAST (bpcharbyte AS bpchar) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (text AS bpcharbyte) WITHOUT FUNCTION AS ASSIGNMENT;
${byteStringCasts('varcharbyte', 'text', 'text_')}
${byteStringCasts('bpcharbyte', 'bpchar', "(text_ || repeat(' ', limit_ - octet_length(text_)))")}`;

/** Whole seconds where a value comes from another type, as Oracle's date has them. */
const ORACLE_DATE_CASTS = `
CREATE FUNCTION pg_catalog.ora_date(timestamp, int4) RETURNS sys.date LANGUAGE internal IMMUTABLE STRICT
  AS 'timestamp_scale';
CREATE FUNCTION pg_catalog.ora_date(timestamp) RETURNS sys.date LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT pg_catalog.ora_date($1, 0)';
CREATE FUNCTION pg_catalog.ora_date(timestamptz) RETURNS sys.date LANGUAGE sql STABLE STRICT
  AS 'SELECT pg_catalog.ora_date($1::timestamp, 0)';
CREATE FUNCTION pg_catalog.ora_date(pg_catalog.date) RETURNS sys.date LANGUAGE internal IMMUTABLE STRICT
  AS 'date_timestamp';
CREATE FUNCTION pg_catalog.ora_day(sys.date) RETURNS pg_catalog.date LANGUAGE internal IMMUTABLE STRICT
  AS 'timestamp_date';
CREATE CAST (sys.date AS timestamp) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (timestamp AS sys.date) WITH FUNCTION pg_catalog.ora_date(timestamp) AS ASSIGNMENT;
CREATE CAST (timestamptz AS sys.date) WITH FUNCTION pg_catalog.ora_date(timestamptz) AS ASSIGNMENT;
CREATE CAST (pg_catalog.date AS sys.date) WITH FUNCTION pg_catalog.ora_date(pg_catalog.date) AS ASSIGNMENT;
CREATE CAST (sys.date AS pg_catalog.date) WITH FUNCTION pg_catalog.ora_day(sys.date) AS ASSIGNMENT;`;

/** What makes a new, empty database one of this release and mode. `settingsLibrary` is kingbase-settings.c, built. */
export function dialect(
  database: string,
  release: Release,
  mode: DatabaseMode,
  settingsLibrary: string,
): string {
  const types = mode === 'oracle' ? [...TYPES, ORACLE_DATE] : TYPES;
  // In the manual for V9 only MySQL mode is without regard to case unless asked for.
  const caseInsensitive = mode === 'mysql' ? 'on' : 'off';
  return [
    'BEGIN',
    // Creating a type function by function brings a notice for each.
    'SET LOCAL client_min_messages = warning',
    'SET LOCAL search_path = pg_catalog',
    ...(mode === 'oracle' ? ['CREATE SCHEMA sys'] : []),
    SET_TYPE_OID,
    ...types.map(createType),
    ...types.filter(({ name }) => name === 'tinyint' || name === 'date').map(createOperators),
    TINYINT_CASTS,
    LARGE_OBJECT_CASTS,
    BYTE_STRING_CASTS,
    ...(mode === 'oracle'
      ? [
          ORACLE_DATE_CASTS,
          'GRANT USAGE ON SCHEMA sys TO PUBLIC',
          // Before pg_catalog, so that `date` means this one, but not first: tables are created in the first.
          `ALTER DATABASE ${database} SET search_path = "$user", public, sys, pg_catalog`,
        ]
      : []),
    `CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE STRICT
       AS $$ SELECT '${VERSIONS[release]}'::text $$`,
    `ALTER DATABASE ${database} SET emulator.database_mode = ${mode}`,
    `ALTER DATABASE ${database} SET emulator.case_insensitive = ${caseInsensitive}`,
    `ALTER DATABASE ${database} SET session_preload_libraries = '${settingsLibrary}'`,
    'COMMIT',
  ].join(';\n');
}
