import { kindOf } from '../base/kind-of.js';
import { shown } from '../base/shown.js';
import { DATABASE_ERROR, type DatabaseError } from './database-error.js';
import { UsageError } from './driver-errors.js';
import { nearest } from './nearest.js';
import {
  SQLSTATE_CONDITIONS,
  sqlStateCondition,
  type SqlStateCondition,
  type SqlStateOf,
} from './sqlstate.js';

/** A DatabaseError of one condition. */
export type DatabaseErrorOf<C extends SqlStateCondition> = DatabaseError & {
  readonly condition: C;
  readonly code: SqlStateOf<C>;
};

/**
 * Whether an error is the server's and, if a condition is named, of that one. It narrows `condition` and `code`, and a
 * condition that does not exist does not compile.
 *
 * It is true of a DatabaseError of another copy of this package, or of another realm (Jest, `node:vm`), as well, where
 * `instanceof` is not.
 *
 * @throws UsageError `KB_BAD_PARAMETER` for a condition that does not exist, whatever the error is: the answer would always
 *   be no, and the branch behind it would never run
 */
export function isDatabaseError(error: unknown): error is DatabaseError;
export function isDatabaseError<C extends SqlStateCondition>(
  error: unknown,
  condition: C,
): error is DatabaseErrorOf<C>;
export function isDatabaseError(error: unknown, condition?: SqlStateCondition): boolean {
  if (condition !== undefined) checkCondition(condition);
  if (typeof error !== 'object' || error === null || !(DATABASE_ERROR in error)) return false;
  return condition === undefined || (error as { condition?: unknown }).condition === condition;
}

function checkCondition(condition: unknown): void {
  if (typeof condition === 'string' && SQLSTATE_CONDITIONS.has(condition)) return;
  const meant =
    typeof condition === 'string'
      ? (sqlStateCondition(condition) ?? nearest(condition, SQLSTATE_CONDITIONS))
      : undefined;
  throw new UsageError(
    'KB_BAD_PARAMETER',
    typeof condition === 'string'
      ? `There is no condition "${shown(condition)}"${meant === undefined ? '.' : `; did you mean "${meant}"?`}`
      : `The name of a condition must be a string, not ${kindOf(condition)}.`,
    {
      hint: 'Conditions have the names of the PostgreSQL manual, such as unique_violation. A SQLSTATE is compared with error.code.',
    },
  );
}
