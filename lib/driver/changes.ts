import { functionsOfQueries } from '../sql/reads.js';

/**
 * Commands, by their tags, after which a statement means what it meant before. Every other one may have changed a type,
 * a table, a function or where names are looked for, and the server never infers again of which types a prepared
 * statement's parameters are. What functions do that a SELECT calls does not show.
 */
const UNCHANGING: ReadonlySet<string> = new Set([
  ...[
    '',
    'SELECT',
    'INSERT',
    'UPDATE',
    'DELETE',
    'MERGE',
    'COPY',
    'FETCH',
    'MOVE',
    'VALUES',
    'SHOW',
    'EXPLAIN',
  ],
  ...['BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'PREPARE TRANSACTION'],
  ...['COMMIT PREPARED', 'ROLLBACK PREPARED', 'SET CONSTRAINTS', 'LOCK TABLE', 'TRUNCATE TABLE'],
  ...['DECLARE CURSOR', 'CLOSE CURSOR', 'CLOSE CURSOR ALL', 'PREPARE', 'DEALLOCATE'],
  ...['LISTEN', 'UNLISTEN', 'NOTIFY', 'CHECKPOINT', 'VACUUM', 'ANALYZE', 'CLUSTER', 'REINDEX'],
  ...['GRANT', 'REVOKE', 'COMMENT', 'REFRESH MATERIALIZED VIEW', 'DISCARD PLANS', 'DISCARD SEQUENCES'],
]);

/** Commands, by their tags, that bring rows and as a rule nothing else. */
const READS: ReadonlySet<string> = new Set(['', 'SELECT', 'VALUES', 'FETCH', 'MOVE', 'SHOW']);

export function onlyReads(command: string): boolean {
  return READS.has(command);
}

export function mayChange(command: string): boolean {
  return !UNCHANGING.has(command);
}

/** Of those, the ones that concern no session but their own. DO and CALL may do anything, but mostly do nothing of it. */
const OF_ITS_SESSION = /^(SET|RESET|DISCARD|DO|CALL|DEALLOCATE)\b/;

export function mayChangeForOthers(command: string): boolean {
  return !OF_ITS_SESSION.test(command);
}

/** What a text that has been carried out may have done to the session's settings, beyond what its command says. */
export interface SettingsTouched {
  /** It may have set anything, although its command is a SELECT. */
  readonly byCall: boolean;
  /** It may have changed how many digits floats are written with, which the server does not report. */
  readonly digits: boolean;
}

const CALL = /\bset_config\b/i;
// But for the driver's own command.
const DIGITS = /extra_float_digits(?! TO 3)|\b(?:reset|discard)\s+all\b|\bset_config\s*\((?!\s*')/i;

/** Undefined for a text that does nothing of it. */
export function settingsTouched(sql: string): SettingsTouched | undefined {
  const touched = { byCall: CALL.test(sql), digits: DIGITS.test(sql) };
  return touched.byCall || touched.digits ? touched : undefined;
}

/**
 * Functions of the server that change nothing a statement's meaning depends on; `set_config` is looked for elsewhere. Of a
 * family those with the same beginning. A function that is not here costs time only.
 */
const HARMLESS: ReadonlySet<string> = new Set(
  [
    'count sum avg min max string_agg bool_and bool_or every stddev variance rank dense_rank row_number ntile lag lead',
    'first_value last_value nth_value mode percentile_cont percentile_disc',
    'now clock_timestamp statement_timestamp transaction_timestamp age date_part date_trunc extract make_date make_time',
    'make_timestamp make_timestamptz make_interval to_char to_date to_timestamp to_number to_hex',
    'lower upper initcap length char_length octet_length bit_length substr substring position strpos overlay trim btrim',
    'ltrim rtrim left right lpad rpad repeat replace translate reverse split_part concat concat_ws format md5 sha256 encode',
    'decode ascii chr quote_ident quote_literal quote_nullable starts_with convert convert_to convert_from instr',
    'abs ceil ceiling floor round trunc sign sqrt power exp ln log mod div random width_bucket nvl nvl2 ifnull isnull',
    'unnest cardinality generate_series generate_subscripts row_to_json to_json to_jsonb gen_random_uuid uuid_generate_v4',
    'nextval currval lastval setval txid_current current_setting current_schema current_schemas current_database version',
    'set_config add_months last_day months_between sysdate getdate newid',
  ].flatMap((names) => names.split(' ')),
);
const HARMLESS_FAMILY = /^(?:pg_(?!temp)|sys_|array_|json_|jsonb_|regexp_|lo_|has_)/;

/**
 * Whether a query calls a function that could have changed where names are looked for, without its text saying so.
 *
 * @param several whether the text may have several statements
 */
export function callsUnknown(sql: string, several = false): boolean {
  for (const name of functionsOfQueries(sql, several)) {
    if (!HARMLESS.has(name) && !HARMLESS_FAMILY.test(name)) return true;
  }
  return false;
}

/** Counts what the sessions of one database have changed for each other. */
export class SharedChanges {
  count = 0;
}
