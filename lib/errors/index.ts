export { KingbaseError } from './kingbase-error.js';
export type { Language } from './explain/topic.js';
export { DatabaseError } from './database-error.js';
export {
  ClientLibraryError,
  ConnectionError,
  PoolError,
  TimeoutError,
  UsageError,
  type ClientLibraryErrorCode,
  type ConnectStage,
  type ConnectionErrorCode,
  type LibraryAttempt,
  type LossOutcome,
  type PoolErrorCode,
  type PoolStats,
} from './driver-errors.js';
export { connectFailure, connectionErrorFromMessage, type ConnectFailureContext } from './connect-failure.js';
export { sqlStateCondition, type SqlStateCondition } from './sqlstate.js';
