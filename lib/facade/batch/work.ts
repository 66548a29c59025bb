import type { Choice, InsertTarget, Table, TableColumn } from '../../encoding/index.js';
import type { TypeMap } from '../../types/type-map.js';
import type { OperationRunner } from '../calls/runner.js';
import type { Limit } from '../calls/limit.js';
import type { BatchInsertOptions } from './options.js';
import type { Chunk, Pace } from './source.js';
import type { CallContext } from '../calls/call-context.js';

/** Where a batch runs. */
export interface BatchScope {
  readonly context: CallContext;
  /** For single statements; a database's pool, or the session. */
  readonly runner: OperationRunner;
  /** Whether the batch is part of a transaction that was begun before. */
  readonly inTransaction: boolean;
  /** Gives `work` one session and sees to it that all of its work is done, or nothing. */
  atomically<R>(work: (runner: OperationRunner) => Promise<R>, limit: Limit | undefined): Promise<R>;
  /** Gives `work` one session, for transactions one after the other. */
  onSession<R>(work: (transact: Transact) => Promise<R>, limit: Limit | undefined): Promise<R>;
}

/** Does all of its work, or nothing. */
export type Transact = <R>(work: (runner: OperationRunner) => Promise<R>) => Promise<R>;

/** What everything that takes part in one batch knows of it. */
export interface Batch {
  readonly target: InsertTarget;
  readonly options: BatchInsertOptions;
  readonly limit: Limit;
  readonly pace: Pace;
  readonly types: TypeMap;
  readonly context: CallContext;
  /** The table's name as errors have it: without its schema, not quoted. */
  readonly tableName: string;
}

/** How the rows of a batch go to the server. */
export interface Plan extends Choice {
  readonly columns: readonly TableColumn[];
  readonly table: Table | undefined;
  readonly batch: Batch;
}

/** What has become of rows. */
export interface Inserted {
  /** By the server's count. */
  count: number;
  /** Size of what was sent; 0 where nobody has counted it. */
  bytes: number;
  /** What `returning` gave. */
  rows: unknown[];
}

/** One of the ways to insert rows. */
export interface Inserter {
  /** Most rows of a chunk. */
  readonly chunkRows: number;
  /**
   * Inserts the rows, or none of them, by one statement (more, where they are too many for one). The second call may be
   * made before the first has ended, and then runs after it; a third may not.
   *
   * What the promise rejects with has a `rowIndex` where it is known which row is to blame.
   */
  insert(runner: OperationRunner, chunk: Chunk): Promise<Inserted>;
  /** All has been inserted: memory may be used for something else. */
  release?(): void;
}
