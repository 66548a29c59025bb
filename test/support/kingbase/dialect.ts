import { createOperators, createType, SET_TYPE_OID } from './forms.js';
import { MODES, RELEASES, settingsOf, type DatabaseMode, type Release } from './servers.js';
import { typesOf } from './types.js';

/*
 * The statements that make a database of PostgreSQL 12 look like one of KingbaseES: its types, version and settings.
 *
 * Recorded of real servers and drivers are the version texts, the settings' names and defaults, the types' names, numbers,
 * kinds and binary forms as far as `types.ts` and `forms.ts` have them, that byte types count bytes and that Oracle mode's
 * date has a time of day. Guessed are the text of intervals between years and months and of rowversion, and the casts
 * between types. Not there: the syntax and functions of the modes, empty strings as NULL, names without regard to case.
 */

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
CREATE CAST (tinyint AS int2) WITH INOUT AS ASSIGNMENT;
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
${byteStringCasts('bpcharbyte', 'bpchar', "concat(text_, repeat(' ', limit_ - octet_length(text_)))")}`;

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

/** The names that begin with `sys_` for what PostgreSQL has as well. */
const SYS_CATALOG = [
  ...['type', 'class', 'namespace', 'proc', 'settings', 'stat_activity'],
  ...['stat_replication', 'stat_wal_receiver'],
].map((name) => `CREATE VIEW sys_catalog.sys_${name} AS SELECT * FROM pg_catalog.pg_${name}`);
const SYS_FUNCTIONS = [
  ['is_in_recovery', 'bool'],
  ['current_wal_lsn', 'pg_lsn'],
  ['last_wal_replay_lsn', 'pg_lsn'],
  ['last_wal_receive_lsn', 'pg_lsn'],
  ['is_wal_replay_paused', 'bool'],
].map(
  ([name, type]) =>
    `CREATE FUNCTION pg_catalog.sys_${name}() RETURNS ${type} LANGUAGE sql VOLATILE AS 'SELECT pg_catalog.pg_${name}()'`,
);

/**
 * What makes a new, empty database one of this release and mode.
 *
 * @param library the C files beside this one, built
 */
export function dialect(database: string, release: Release, mode: DatabaseMode, library: string): string {
  const { version, serverVersion, kernel } = RELEASES[release];
  const { dateStyle, noConcatenation, sysCatalog } = MODES[mode];
  const types = typesOf(release, mode);
  const has = (schema: string, name: string): boolean =>
    types.some((type) => type.kind === 'base' && type.schema === schema && type.name === name);
  const settings = settingsOf(release, mode).map(({ kind, name, value }) => `${kind} ${name} ${value}`);
  const set = (name: string, value: string): string => `ALTER DATABASE ${database} SET ${name} = ${value}`;
  return [
    'BEGIN',
    // Creating a type function by function brings a notice for each.
    'SET LOCAL client_min_messages = warning',
    ...(sysCatalog ? ['CREATE SCHEMA sys', 'CREATE SCHEMA sys_catalog'] : []),
    `SET LOCAL search_path = pg_catalog${sysCatalog ? ', sys, sys_catalog' : ''}`,
    SET_TYPE_OID,
    ...types.flatMap((type) => createType(type, library)),
    ...types.flatMap(createOperators),
    ...types.flatMap((type) => (type.kind === 'base' && type.form === 'tinyint' ? [TINYINT_CASTS] : [])),
    ...(has('pg_catalog', 'nclob') ? [LARGE_OBJECT_CASTS] : []),
    ...(types.some(({ name }) => name === 'bpcharbyte') ? [BYTE_STRING_CASTS] : []),
    ...(has('sys', 'date') && mode === 'oracle' ? [ORACLE_DATE_CASTS] : []),
    ...(sysCatalog
      ? [
          ...SYS_CATALOG,
          ...SYS_FUNCTIONS,
          'GRANT USAGE ON SCHEMA sys, sys_catalog TO PUBLIC',
          'GRANT SELECT ON ALL TABLES IN SCHEMA sys_catalog TO PUBLIC',
          // Before pg_catalog, so that `date` means this one, but not first: tables are created in the first.
          set('search_path', '"$user", public, sys, pg_catalog, sys_catalog'),
        ]
      : []),
    `CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE STRICT
       AS $$ SELECT '${version}'::text $$`,
    ...(noConcatenation ? [`DELETE FROM pg_catalog.pg_operator WHERE oprname = '||'`] : []),
    set('emulator.settings', `'${settings.join(';')}'`),
    set('emulator.server_version', `'${serverVersion}'`),
    set('emulator.kernel', `'${kernel}'`),
    set('datestyle', `'${dateStyle}'`),
    set('session_preload_libraries', `'${library}'`),
    'COMMIT',
  ].join(';\n');
}
