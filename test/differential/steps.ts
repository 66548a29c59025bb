import type { Random } from './random.js';

/** One thing done on one session, by both drivers. */
export interface Step {
  readonly session: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly way: Way;
}

/**
 * How the driver under test does it; the other one always by an unprepared query. `own` is done by the first alone: a
 * change of settings that are the driver's must not show. A `batch` inserts its parameters, pairs of `a` and `b`.
 */
export type Way = 'query' | 'rows' | 'prepared' | 'script' | 'batch' | 'own';

const TYPES = [
  ...['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'numeric(8,2)', 'text', 'varchar(12)', 'bool'],
  ...[
    'date',
    'timestamp',
    'timestamptz',
    'time',
    'interval',
    'jsonb',
    'uuid',
    'e',
    'e[]',
    'int4[]',
    'text[]',
    'dom',
  ],
];

const VALUES: readonly unknown[] = [
  ...[0, 1, -7, 70_000, 3_000_000_000, 0.1, 1234567.891, null, true, '1', '42', '2.50', 'x', '杭州', ''],
  ...[
    '2024-05-06',
    '2024-05-06 13:14:15',
    '2024-05-06 12:00:00.123+08',
    '04:05:06',
    '1 day 02:03:00',
    '{}',
    '{1,2}',
  ],
  ...['red', 'blue', '{red}', '{"a": 1}', '6f9619ff-8b86-d011-b42d-00c04fc964ff', 'true', '[1, 2]'],
];

const SCHEMAS = ['one', 'two'];
const PATHS = ['one, two, public', 'two, one, public', 'two, public', '"$user", one, public'];
const ROLES = ['differs_a', 'differs_b'];

/** Each is asked again and again, so that it is prepared, and must keep up with what has changed. */
const QUESTIONS: readonly { readonly sql: string; readonly values: number }[] = [
  { sql: 'SELECT * FROM t ORDER BY t::text', values: 0 },
  { sql: 'SELECT a, b FROM t ORDER BY t::text LIMIT 3', values: 0 },
  { sql: 'SELECT b FROM t WHERE a = $1 ORDER BY b::text', values: 1 },
  { sql: 'SELECT a FROM t WHERE b > $1 ORDER BY a::text', values: 1 },
  { sql: 'INSERT INTO t (a, b) VALUES ($1, $2)', values: 2 },
  { sql: 'INSERT INTO t (a, b) VALUES ($1, $2) RETURNING *', values: 2 },
  { sql: 'INSERT INTO t (b) VALUES ($1)', values: 1 },
  { sql: 'UPDATE t SET b = $1 WHERE a = $2 RETURNING a, b', values: 2 },
  { sql: 'DELETE FROM t WHERE a = $1', values: 1 },
  { sql: 'SELECT f($1) AS x', values: 1 },
  { sql: 'SELECT f(a) AS x FROM t ORDER BY a::text', values: 0 },
  { sql: 'SELECT $1::e AS x, ARRAY[$1::e] AS y', values: 1 },
  { sql: 'SELECT $1::dom AS x', values: 1 },
  { sql: 'SELECT * FROM v ORDER BY v::text', values: 0 },
  { sql: 'SELECT count(*) AS n, max(a::text) AS most FROM t WHERE a IS NOT NULL', values: 0 },
  { sql: 'WITH w AS (SELECT a FROM t) SELECT * FROM w ORDER BY w::text', values: 0 },
  { sql: 'SELECT t FROM t ORDER BY t::text', values: 0 },
  { sql: 'SELECT $1::int8 AS a, $2::float8 AS b, $3::text AS c', values: 3 },
  { sql: `SELECT 0.1::float8 + 0.2 AS f, '2024-02-03 04:05:06'::timestamp AS ts, '杭州' AS s`, values: 0 },
  { sql: `SELECT i AS i, repeat('x', 300) AS s FROM generate_series(1, 20) AS i`, values: 0 },
];

/** Of the driver's own settings: another program, or another driver, would see the difference. */
const OWN = [
  ...[`SET datestyle = 'SQL, DMY'`, 'SET extra_float_digits = 0', `SET client_encoding = 'GBK'`],
  ...['SET standard_conforming_strings = off', `SELECT set_config('datestyle', 'German', false)`],
  ...[`SELECT sets('datestyle', 'Postgres')`, `SELECT sets('client_encoding', 'LATIN1')`],
  ...[`DO $$ BEGIN PERFORM set_config('extra_float_digits', '-3', false); END $$`],
];

function change(random: Random): string {
  const type = (): string => random.pick(TYPES);
  const schema = random.pick(SCHEMAS);
  const label = random.pick([`'red', 'blue'`, `'blue'`, `'1', 'x', 'red'`]);
  const table = `(a ${type()}, b ${type()}${random.oneIn(3) ? `, c ${type()} DEFAULT NULL` : ''})`;
  const body = random.pick([`$1::text`, `1`, `ARRAY[$1::text]`, `$1`]);
  const taken = type();
  const given = random.pick([`text`, `int4`, 'text[]', taken]);
  return random.pick([
    `DROP TABLE IF EXISTS ${schema}.t CASCADE; CREATE TABLE ${schema}.t ${table}`,
    `DROP TABLE IF EXISTS t CASCADE; CREATE TABLE t ${table}`,
    `CREATE TEMPORARY TABLE t ${table}`,
    'DROP TABLE IF EXISTS pg_temp.t CASCADE',
    ...['a', 'b'].map(
      (column) => `ALTER TABLE t ALTER ${column} TYPE ${taken} USING ${column}::text::${taken}`,
    ),
    `ALTER TABLE t ALTER b TYPE text`,
    `ALTER TABLE t ADD COLUMN IF NOT EXISTS d ${type()}`,
    'ALTER TABLE t DROP COLUMN IF EXISTS d',
    'ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME COLUMN b TO a; ALTER TABLE t RENAME COLUMN z TO b',
    `DROP TYPE IF EXISTS ${schema}.e CASCADE; CREATE TYPE ${schema}.e AS ENUM (${label})`,
    `DROP DOMAIN IF EXISTS ${schema}.dom CASCADE; CREATE DOMAIN ${schema}.dom AS ${random.pick(['int4', 'text', 'jsonb', 'int4[]'])}`,
    `DROP FUNCTION IF EXISTS ${schema}.f; CREATE FUNCTION ${schema}.f(${taken}) RETURNS ${given} LANGUAGE sql AS $$ SELECT (${body})::${given} $$`,
    `CREATE OR REPLACE VIEW ${schema}.v AS SELECT * FROM ${schema}.t`,
    `DROP VIEW IF EXISTS ${schema}.v; CREATE VIEW ${schema}.v AS SELECT b, a FROM ${schema}.t`,
    'TRUNCATE t',
  ]);
}

function session(random: Random): string {
  const path = random.pick(PATHS);
  return random.pick([
    `SET search_path = ${path}`,
    `SET LOCAL search_path = ${path}`,
    `SELECT set_config('search_path', '${path}', ${random.pick(['true', 'false'])})`,
    `DO $$ BEGIN PERFORM sets('search_path', '${path}'); END $$`,
    `SELECT public.sets_here('search_path', '${path}')`,
    `SET ROLE ${random.pick(ROLES)}`,
    'RESET ROLE',
    'DISCARD ALL',
    'RESET ALL',
    'DISCARD TEMP',
    `SET TimeZone = '${random.pick(['UTC', 'Asia/Shanghai', 'America/New_York'])}'`,
    'SET plan_cache_mode = force_generic_plan',
    'DEALLOCATE ALL',
  ]);
}

const IN_TRANSACTION = ['COMMIT', 'COMMIT', 'ROLLBACK', 'SAVEPOINT s', 'ROLLBACK TO s', 'RELEASE s'];

/** @param sessions among which the steps are dealt out */
export function steps(random: Random, count: number, sessions: number): Step[] {
  const questions = Array.from({ length: 6 }, () => random.pick(QUESTIONS));
  const open = new Set<number>();
  return Array.from({ length: count }, (): Step => {
    const on = random.below(sessions);
    const plain = (sql: string, way: Way): Step => ({ session: on, sql, parameters: [], way });
    const kind = random.below(100);
    if (kind < 12) {
      const sql = change(random);
      return plain(sql, /; /.test(sql) ? 'script' : random.pick(['script', 'query'] as const));
    }
    if (kind < 18) return plain(session(random), random.pick(['script', 'query'] as const));
    if (kind < (open.has(on) ? 36 : 22)) {
      const sql = open.has(on) ? random.pick(IN_TRANSACTION) : 'BEGIN';
      if (sql === 'BEGIN') open.add(on);
      if (sql === 'COMMIT' || sql === 'ROLLBACK') open.delete(on);
      return plain(sql, 'query');
    }
    if (kind < 39) return plain(random.pick(OWN), 'own');
    if (kind < 43) {
      const parameters = Array.from({ length: 4 }, () => random.pick(VALUES));
      return { session: on, sql: 'INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)', parameters, way: 'batch' };
    }
    const { sql, values } = random.pick(questions);
    const parameters = Array.from({ length: values }, () => random.pick(VALUES));
    return {
      session: on,
      sql,
      parameters,
      way: random.pick(['query', 'query', 'query', 'rows', 'prepared'] as const),
    };
  });
}
