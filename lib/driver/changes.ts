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

/** Counts what the sessions of one database have changed for each other. */
export class SharedChanges {
  count = 0;
}
