import { DATABASE_ERROR, type DatabaseError } from './database-error.js';
import type { SqlStateCondition, SqlStateOf } from './sqlstate.js';

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
 */
export function isDatabaseError(error: unknown): error is DatabaseError;
export function isDatabaseError<C extends SqlStateCondition>(
  error: unknown,
  condition: C,
): error is DatabaseErrorOf<C>;
export function isDatabaseError(error: unknown, condition?: SqlStateCondition): boolean {
  if (typeof error !== 'object' || error === null || !(DATABASE_ERROR in error)) return false;
  return condition === undefined || (error as { condition?: unknown }).condition === condition;
}
