// The declarations speak of Buffer, streams and signals; TypeScript 6 and later load no types that nobody names.
/// <reference types="node" preserve="true" />
export { open, type ConnectionConfig } from './facade/open.js';
export type { OnConnect } from './facade/sessions/on-connect.js';
export { Database, type ClientLibraryInfo } from './facade/database.js';
export type { DatabaseEvents, Notice } from './facade/events.js';
export { ReadOnly, type ReadTransactionOptions } from './facade/read-only.js';
export type { ClusterTopology, TopologyNode } from './cluster/cluster.js';
export type { Lag, NodeRole } from './cluster/node.js';
export type { ReadTerms } from './cluster/terms.js';
export { Transaction } from './facade/transactions/transaction.js';
export type { CommitOptions, TransactionOptions, TransactionRetry } from './facade/transactions/options.js';
export {
  Subscription,
  type ChannelNotification,
  type NotificationHandler,
} from './facade/listen/subscription.js';
export { Connection, type ConnectionEvents } from './facade/connection.js';
export { Statement } from './facade/statement.js';
export { Queryable } from './facade/queryable.js';
export type { SqlCall, SqlOptions, SqlTag } from './facade/sql-tag/tag.js';
export type { SqlPiece } from './sql/piece.js';
export type { Rows } from './facade/rows/rows.js';
export type { RowsTag } from './facade/streams/data-channels.js';
export type { CopyOptions } from './facade/streams/copy-streams.js';
export type {
  CopyFromStream,
  CopyToStream,
  LargeObjectWriteStream,
} from './facade/streams/public-streams.js';
export type { DiagnosticFields } from './addon/interface.js';
export type { ClientLibraryOptions } from './client-library/search.js';
export type {
  LargeObjectOptions,
  LargeObjectReadOptions,
  LargeObjects,
  LargeObjectWriteOptions,
} from './facade/streams/large-objects.js';
export type {
  ArrayRowOptions,
  CallLimits,
  ExecResult,
  ObjectRowOptions,
  QueryOptions,
  QueryParameters,
  QueryResult,
  RowArray,
  RowObject,
  StallOptions,
} from './facade/calls/options.js';
export type {
  BadRow,
  BatchInsertOptions,
  BatchInsertResult,
  BatchProgress,
  BatchReturned,
  BatchReturning,
  BatchRows,
} from './facade/batch/options.js';
export type { BatchStrategy, ConflictRule } from './encoding/index.js';
export type { ServerInfo } from './facade/server-info.js';
export type {
  ClusterOptions,
  MaxLag,
  Consistency,
  PasswordProvider,
  PlainConfig,
  PoolOptions,
  ResetItem,
  SslMode,
} from './config/index.js';
export type { Column } from './types/column.js';
export type { ClientLibraryFlavour, ClientLibraryCapabilities } from './addon/client-library.js';
export type { CustomType, SerializedValue, TextParsers, TypeOptions } from './types/type-options.js';
export {
  ClientLibraryError,
  ConnectionError,
  DatabaseError,
  KingbaseError,
  TimeoutError,
  UsageError,
  isDatabaseError,
} from './errors/index.js';
export { quoteIdentifier } from './sql/identifiers.js';
export type {
  ClientLibraryErrorCode,
  ConnectStage,
  ConnectionErrorCode,
  DatabaseErrorOf,
  KingbaseErrorCode,
  Language as ExplainLanguage,
  LibraryAttempt,
  LossOutcome,
  MissingLibrary,
  PoolErrorCode,
  SqlState,
  SqlStateCondition,
  SqlStateOf,
  TimeoutErrorCode,
  UsageErrorCode,
} from './errors/index.js';
export { PoolError } from './pool/pool-error.js';
export type { PoolStats } from './pool/stats.js';
export type {
  ClusterEntry,
  ConnectEntry,
  LogEntry,
  RefusedEntry,
  LogOptions,
} from './observability/telemetry.js';
export type { MetricsRecording } from './facade/metrics-recording.js';
export type {
  MetricsAttributes,
  MetricsCounter,
  MetricsHistogram,
  MetricsInstrumentOptions,
  MetricsMeter,
  MetricsObservable,
  MetricsObservation,
  MetricsOptions,
} from './observability/metrics.js';
export type { TraceContext } from './observability/channels.js';
