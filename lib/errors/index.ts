export { KingbaseError } from './kingbase-error.js';
export type { Language } from './explain/topic.js';
export { DatabaseError } from './database-error.js';
export {
  ClientLibraryError,
  ConnectionError,
  TimeoutError,
  UsageError,
  type ConnectStage,
  type ConnectionErrorCode,
  type LossOutcome,
  type PoolErrorCode,
} from './driver-errors.js';
export type { ClientLibraryErrorCode, LibraryAttempt, MissingLibrary } from './library-attempt.js';
export { connectFailure, connectionErrorFromMessage, type ConnectFailureContext } from './connect-failure.js';
export { sqlStateCondition, type SqlStateCondition } from './sqlstate.js';
