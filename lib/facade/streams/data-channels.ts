import { deferred, type Deferred } from '../../base/deferred.js';
import { BatchQueue } from '../../driver/operations/stream-queue.js';
import { CopyIn, CopyOut } from '../../driver/operations/copy.js';
import type { ExecutionRequest } from '../../driver/operations/execution.js';
import type { Column } from '../../types/column.js';
import { RowStream } from '../../driver/operations/row-stream.js';
import type { ScriptResult } from '../../driver/operations/script.js';
import { noteStatement } from '../../errors/index.js';
import type { Operation } from '../../driver/session.js';
import {
  execResult,
  checkText,
  limitOf,
  rejection,
  startOperation,
  type OperationRunner,
} from '../calls/call.js';
import type { Limit, LimitOptions } from '../calls/limit.js';
import type { ExecResult } from '../calls/options.js';

/** What a channel says of its connection. */
interface Channel {
  /** The server process of the session; 0 where none is taken (any more). */
  readonly processId: number;
}

/** What ends every channel from outside: a call's options, or the limit of what the channel belongs to. */
export type ChannelLimit = LimitOptions | Limit | undefined;

/** COPY … FROM STDIN that has begun. Its session is taken until `end` or `abort`, or an error. */
export interface CopyInChannel extends Channel {
  /** Told of a failure when nobody waits for an answer. */
  onFailure: ((error: unknown) => void) | undefined;
  /** The format that the server has asked for. */
  readonly binary: boolean;
  /**
   * Sends bytes, split anywhere. Resolves when more may be written; until then the bytes must not be changed, and
   * nothing else be called but `abort`. The server may report an error in the data as late as at the end.
   */
  write(bytes: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /** Resolves when the server has taken everything. */
  end(): Promise<ExecResult>;
  /** Lets the COPY fail, so that nothing of it remains. Resolves when the session is free again. */
  abort(reason: string): Promise<void>;
  /** What it has failed by, also after `abort`: the server may have refused the data before. */
  readonly failedBy: unknown;
}

/** What a server sends piece by piece. Its session is taken until the end, an error, or `close`. */
export interface InputChannel<T> extends Channel {
  /** The next piece; undefined at the end. One call at a time. */
  read(): Promise<T | undefined>;
  /** The next piece if it has already come. */
  take(): T | undefined;
  /** Ends it early: stops the server. Resolves when the session is free again. */
  close(): Promise<void>;
}

/** COPY … TO STDOUT that has begun. A piece holds many whole rows. */
export interface CopyOutChannel extends InputChannel<Buffer> {
  readonly binary: boolean;
  /** How many rows were copied; undefined before the end. */
  readonly tag: RowsTag | undefined;
}

/** How a statement whose rows were read has ended. */
export interface RowsTag {
  readonly command: string;
  /** The number in the command tag; null where it has none. */
  readonly rowCount: number | null;
}

/** A statement whose rows come in batches. */
export interface RowChannel<T> extends InputChannel<T[]> {
  readonly fields: readonly Column[];
  /** The server's command tag; undefined before the statement has ended. */
  readonly tag: RowsTag | undefined;
  /** The statement has failed, or was stopped: after the rows that lie here there is an error. */
  readonly failed: boolean;
}

/** Begins COPY … FROM STDIN. Rejects with `KB_NOT_COPY` for any other statement, which the server has then run. */
export function openCopyIn(
  runner: OperationRunner,
  sql: string,
  limit?: ChannelLimit,
): Promise<CopyInChannel> {
  return new Promise((resolve, reject) => {
    checkText(sql);
    const channel = new CopyInput(resolve, reject);
    const failed = (error: unknown): void => {
      noteStatement(error, sql);
      channel.fail(error);
    };
    startOperation(runner, (fail) => channel.operation(sql, fail), limitOf(limit), failed);
  });
}

class CopyInput implements CopyInChannel {
  binary = false;
  onFailure: ((error: unknown) => void) | undefined;
  private copy: CopyIn | undefined;
  /** Settles the promise that is out. */
  private pending: { resolve: (result: ScriptResult | undefined) => void; reject: (error: unknown) => void };
  private failure: { error: unknown } | undefined;
  private ended = false;
  private aborting = false;

  constructor(opened: (channel: CopyInChannel) => void, reject: (error: unknown) => void) {
    this.pending = {
      resolve: () => {
        opened(this);
      },
      reject,
    };
  }

  operation(sql: string, fail: (error: unknown) => void): CopyIn {
    this.copy = new CopyIn(
      sql,
      {
        opened: (binary) => {
          this.binary = binary;
          this.pending.resolve(undefined);
        },
        drained: () => {
          this.pending.resolve(undefined);
        },
        ended: (result) => {
          this.ended = true;
          this.pending.resolve(result);
        },
      },
      fail,
    );
    return this.copy;
  }

  readonly fail = (error: unknown): void => {
    this.ended = true;
    this.failure = { error };
    // The failure is what was asked for.
    if (this.aborting) {
      this.pending.resolve(undefined);
      return;
    }
    this.pending.reject(error);
    this.onFailure?.(error);
  };

  get failedBy(): unknown {
    return this.failure?.error;
  }

  get processId(): number {
    return this.ended ? 0 : (this.copy?.processId ?? 0);
  }

  private next<T>(begin: () => void, view: (result: ScriptResult | undefined) => T): Promise<T> {
    if (this.failure !== undefined) return rejection(this.failure.error);
    return new Promise<T>((resolve, reject) => {
      this.pending = {
        resolve: (result) => {
          resolve(view(result));
        },
        reject,
      };
      begin();
    });
  }

  write(bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
    return this.next(
      () => this.copy?.write(ArrayBuffer.isView(bytes) ? [bytes] : bytes),
      () => undefined,
    );
  }

  end(): Promise<ExecResult> {
    return this.next(
      () => this.copy?.end(),
      (result) => execResult(result ?? { command: '', count: -1 }),
    );
  }

  abort(reason: string): Promise<void> {
    if (this.ended) return Promise.resolve();
    const { reject } = this.pending;
    return new Promise((resolve) => {
      this.aborting = true;
      this.pending = {
        resolve: () => {
          // A write that was under way; settled promises do not mind.
          reject(new Error(reason));
          if (this.ended) resolve();
        },
        reject,
      };
      this.copy?.abort(reason);
    });
  }
}

/** Begins COPY … TO STDOUT. Rejects with `KB_NOT_COPY` for any other statement, which the server has then run. */
export function openCopyOut(
  runner: OperationRunner,
  sql: string,
  limit?: ChannelLimit,
): Promise<CopyOutChannel> {
  return new Promise((resolve, reject) => {
    checkText(sql);
    const input = new Input<Buffer>(runner, sql, reject);
    input.start(
      (fail, ended) =>
        new CopyOut(
          sql,
          input.queue,
          {
            opened: (binary) => {
              resolve(Object.assign(input, { binary }));
            },
            ended: (result) => {
              input.noteTag(result);
              ended();
            },
          },
          fail,
        ),
      limit,
    );
  });
}

/** Begins a statement whose rows are read in batches. */
export function openRows<T>(
  runner: OperationRunner,
  request: ExecutionRequest,
  limit?: ChannelLimit,
): Promise<RowChannel<T>> {
  return new Promise((resolve, reject) => {
    const input = new Input<unknown[]>(runner, request.sql, reject);
    let opened = false;
    const open = (fields: readonly Column[]): void => {
      if (!opened) resolve(Object.assign(input as Input<T[]>, { fields }));
      opened = true;
    };
    input.start(
      (fail, ended) =>
        new RowStream(
          request,
          input.queue,
          open,
          (tag) => {
            input.noteTag(tag);
          },
          () => {
            // A statement without rows has no fields to tell of.
            open([]);
            ended();
          },
          fail,
        ),
      limit,
    );
  });
}

class Input<T> implements InputChannel<T> {
  readonly queue = new BatchQueue<T>();
  tag: RowsTag | undefined;
  private operation: Operation | undefined;
  private failure: { error: unknown } | undefined;
  private ended = false;
  private rejectReader: ((error: unknown) => void) | undefined;
  private closing: Deferred<void> | undefined;

  constructor(
    private readonly runner: OperationRunner,
    private readonly sql: string,
    private readonly notOpened: (error: unknown) => void,
  ) {}

  start(create: (fail: (error: unknown) => void, ended: () => void) => Operation, limit: ChannelLimit): void {
    this.operation = startOperation(
      this.runner,
      (fail) => create(fail, this.end),
      limitOf(limit),
      (error) => {
        noteStatement(error, this.sql);
        if (this.closing === undefined) this.failure = { error };
        this.queue.failed();
        this.end();
      },
    );
  }

  noteTag({ command, count }: ScriptResult): void {
    this.tag = { command, rowCount: count < 0 ? null : count };
  }

  private readonly end = (): void => {
    this.ended = true;
    const { rejectReader, failure } = this;
    this.rejectReader = undefined;
    if (failure !== undefined) {
      this.notOpened(failure.error);
      rejectReader?.(failure.error);
    }
    this.queue.end();
    this.closing?.resolve();
  };

  get processId(): number {
    return this.queue.processId;
  }

  get failed(): boolean {
    return this.failure !== undefined;
  }

  take(): T | undefined {
    return this.closing === undefined ? this.queue.take() : undefined;
  }

  read(): Promise<T | undefined> {
    const batch = this.take();
    if (batch !== undefined) return Promise.resolve(batch);
    if (this.failure !== undefined) return rejection(this.failure.error);
    if (this.ended || this.closing !== undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.rejectReader = reject;
      this.queue.wait(resolve);
    });
  }

  close(): Promise<void> {
    if (this.ended) {
      this.queue.discard();
      return Promise.resolve();
    }
    if (this.closing === undefined) {
      this.closing = deferred();
      this.queue.interruptIfRunning(this.operation);
    }
    return this.closing.promise;
  }
}
