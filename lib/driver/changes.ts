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

/** A text that changes settings although its command is a SELECT. */
const CHANGING_CALL = /\bset_config\b/i;

export function mayChangeByCall(sql: string): boolean {
  return CHANGING_CALL.test(sql);
}

/** Counts what the sessions of one database have changed for each other. */
export class SharedChanges {
  count = 0;
}
