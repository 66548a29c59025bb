// When the server's form of a statement is no longer what its text means.
import type { DatabaseError } from '../../errors/index.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';

/** What failed with a cached statement. */
export interface StatementFailure {
  readonly statement: CachedStatement;
  /** While it was being prepared; else while it was executed or described. */
  readonly preparing: boolean;
  /** The statement was prepared before: what it was prepared for may have changed. */
  readonly reused: boolean;
}

/**
 * Drops the server's form of the statement where the error may be due to its being stale. Whether it may succeed when it
 * is run again without.
 */
export function dropsStale(
  session: Session,
  { statement, preparing, reused }: StatementFailure,
  { code, routine }: DatabaseError,
): boolean {
  if (preparing) {
    // The name is taken though we have not prepared it: somebody else on this server connection has (a pooler).
    if (code !== '42P05') return false;
    session.statements.renew(statement);
    return true;
  }
  if (code === '26000') {
    // It is gone: DISCARD, a pooler in between.
    session.statements.forget(statement);
    return statement.fixesColumns;
  }
  if (!reused || SAYS_NOTHING_OF_TYPES.test(code)) return false;
  // Another that was sent together with it may have found it out before.
  if (statement.prepared) session.statements.renew(statement);
  // 0A000 has other causes too; this one is that the columns have changed.
  // CALL and DO may have committed something before they failed: only what is all or nothing is run again.
  if (!statement.fixesColumns) return false;
  return code === '0A000' ? routine === 'RevalidateCachedQuery' : MAY_BE_STALE.has(code);
}

/** Classes of errors that a statement gives whatever types it was prepared for: constraints, conflicts, limits, RAISE. */
const SAYS_NOTHING_OF_TYPES = /^(23|25|40|5[3-8]|P0)/;

/**
 * What a statement gives whose types were changed after it was prepared, among other causes: values out of range or not
 * readable, types or functions that do not fit, a type that is gone (XX000: cache lookup failed).
 */
const MAY_BE_STALE: ReadonlySet<string> = new Set([
  ...[
    '22003',
    '22007',
    '22008',
    '22P02',
    '22P03',
    '42804',
    '42846',
    '42883',
    '42704',
    '42703',
    '42P01',
    'XX000',
  ],
]);
