import { Deallocation } from './operations/deallocation.js';
import type { Operation, Session } from './session.js';

/** Closes the server's form of statements that the session's cache no longer keeps. */
export function chores({ statements, patience }: Session): Operation | undefined {
  if (!statements.hasEvicted) return undefined;
  const names = statements.takeEvicted().map((id) => `${statements.prefix}${id}`);
  return new Deallocation(names, patience);
}
