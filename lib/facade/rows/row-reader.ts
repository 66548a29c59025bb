import type { ExecutionRequest } from '../../driver/operations/execution.js';
import type { Column } from '../../types/column.js';
import type { Telemetry } from '../../observability/telemetry.js';
import { rejection } from '../calls/call.js';
import type { RowChannel } from '../streams/data-channels.js';
import { rejectedForCaller, type UsageError } from '../../errors/index.js';
import { nothing } from '../../base/nothing.js';
import type { Limit } from '../calls/limit.js';
import { behindRows, PATIENCE_WITH_READER, type ReadingProgress } from '../sessions/stalled-reader.js';
import { StreamedCall } from '../calls/streamed-call.js';

/** Where rows come from. */
export interface RowSource<T> {
  readonly telemetry: Telemetry;
  readonly traceContext: unknown;
  /** ms that a call on the same connection waits for rows that are not read on; absent: the usual. */
  readonly patience?: number | undefined;
  /** The limit of the call, from now on. Throws what is wrong with it. */
  limit(): Limit;
  /** What is to be run; throws what is wrong with the call. Where it does not, `ended` is called once. */
  request(): ExecutionRequest;
  /** Takes a connection and sends the statement. */
  open(request: ExecutionRequest, limit: Limit): Promise<RowChannel<T>>;
  /** Looks after rows that hold a connection and are not read on; gives what ends that. */
  watch(progress: ReadingProgress): () => void;
  ended(): void;
}

/** Who hands the rows of a batch out one by one. */
export interface RowConsumer {
  /** How many rows of the last batch have been handed out. */
  handedOut(): number;
  /** The rest of the batch is not to be handed out. */
  dropBatch(): void;
}

/** Reads the rows of one statement, from when they are first asked for until they have ended, however they do. */
export class RowReader<T> implements ReadingProgress {
  private limit: Limit | undefined;
  private opening: Promise<RowChannel<T>> | undefined;
  private channel: RowChannel<T> | undefined;
  private closing: Promise<void> | undefined;
  private abandoned: { reason: unknown } | undefined;
  private pending = 0;
  /** Rows of all batches, and of the last of them. */
  private count = 0;
  private lastBatch = 0;
  private readonly span: StreamedCall;
  private unwatch = nothing;
  private unwatchLimit = nothing;

  consumer: RowConsumer | undefined;

  constructor(private readonly source: RowSource<T>) {
    this.span = new StreamedCall(source.telemetry, source.traceContext, () => this.count);
  }

  get waiting(): boolean {
    return this.pending > 0 || this.closing !== undefined;
  }

  get progress(): number {
    return this.count - this.lastBatch + (this.consumer?.handedOut() ?? 0);
  }

  get tag(): RowChannel<T>['tag'] {
    return this.closing === undefined ? this.channel?.tag : undefined;
  }

  get processId(): number {
    return this.channel?.processId ?? 0;
  }

  get patience(): number | undefined {
    return this.source.patience;
  }

  refusal(): UsageError {
    return behindRows(this.patience ?? PATIENCE_WITH_READER);
  }

  async fields(): Promise<readonly Column[]> {
    try {
      return (await this.call((channel) => Promise.resolve(channel.fields))) ?? [];
    } catch (error) {
      return rejectedForCaller(error);
    }
  }

  /** The next rows, at least one; undefined at the end, and after `close`. One call at a time. */
  async read(): Promise<T[] | undefined> {
    const batch = await this.call((channel) => channel.read());
    if (batch === undefined) {
      this.finish();
      return undefined;
    }
    this.lastBatch = batch.length;
    this.count += batch.length;
    return batch;
  }

  private async call<R>(use: (channel: RowChannel<T>) => Promise<R>): Promise<R | undefined> {
    if (this.abandoned !== undefined) throw this.abandoned.reason;
    if (this.closing !== undefined) return undefined;
    this.pending++;
    try {
      this.opening ??= this.start();
      const channel = await this.opening;
      const result = await use(channel);
      // Who aborts wants no more of it. A time limit ends the statement where it still can; what had been completed
      // before is given whole.
      if (this.limit?.aborted === true) {
        await channel.close();
        this.limit.check();
      }
      return result;
    } catch (error) {
      // What a statement says that was to stop is no news.
      if (this.closing !== undefined) return undefined;
      this.finish(error);
      throw error;
    } finally {
      this.pending--;
    }
  }

  private start(): Promise<RowChannel<T>> {
    const { source } = this;
    let limit: Limit;
    let request: ExecutionRequest;
    try {
      limit = source.limit();
      request = source.request();
    } catch (error) {
      return rejection(error);
    }
    this.limit = limit;
    return this.span.begin(request.sql, request.parameters, () => {
      this.unwatchLimit = limit.watch(() => {
        if (limit.aborted) this.consumer?.dropBatch();
      });
      return source.open(request, limit).then((channel) => {
        this.channel = channel;
        this.unwatch = source.watch(this);
        return channel;
      });
    });
  }

  /** Stops what is going on. Resolves, and never rejects, when the connection is free and clean, or gone. */
  close(): Promise<void> {
    this.closing ??= this.stop();
    return this.closing;
  }

  /** Closes rows that nobody reads on; whoever does so after all gets the reason. */
  abandon(reason: unknown): void {
    this.abandoned = { reason };
    this.consumer?.dropBatch();
    void this.close();
  }

  private async stop(): Promise<void> {
    if (this.opening === undefined) return;
    if (this.channel === undefined) this.limit?.stop();
    try {
      await (await this.opening).close();
    } catch {
      // Whatever it says: it has ended, which is what was wanted.
    }
    this.finish();
  }

  private finish(error?: unknown): void {
    if (!this.span.end(error)) return;
    this.unwatch();
    this.unwatchLimit();
    this.source.ended();
  }
}
