export { KingbaseError } from './kingbase-error.js';
export type { Language } from './explain/topic.js';
export { isOfOneCall, noteStatement, rejectedForCaller, rejecting } from './caller.js';
export { DatabaseError } from './database-error.js';
export { isDatabaseError, type DatabaseErrorOf } from './is-database-error.js';
export {
  ClientLibraryError,
  ConnectionError,
  TimeoutError,
  UsageError,
  type ConnectStage,
  type LossOutcome,
} from './driver-errors.js';
export type {
  ClientLibraryErrorCode,
  ConnectionErrorCode,
  KingbaseErrorCode,
  PoolErrorCode,
  SqlState,
  TimeoutErrorCode,
  UsageErrorCode,
} from './codes.js';
export type { LibraryAttempt, MissingLibrary } from './library-attempt.js';
export { connectFailure, connectionErrorFromMessage, type ConnectFailureContext } from './connect-failure.js';
export { sqlStateCondition, type SqlStateCondition, type SqlStateOf } from './sqlstate.js';
