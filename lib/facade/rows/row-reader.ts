import type { ExecutionRequest } from '../../driver/operations/execution.js';
import type { Column } from '../../types/column.js';
import type { Telemetry } from '../../observability/telemetry.js';
import { rejection } from '../calls/call.js';
import type { RowChannel } from '../streams/data-channels.js';
import type { ReadingProgress } from '../sessions/stalled-reader.js';
import { StreamedCall } from '../calls/streamed-call.js';

/** Where rows come from. */
export interface RowSource<T> {
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal | undefined;
  readonly traceContext: unknown;
  /** What is to be run; throws what is wrong with the call. Where it does not, `ended` is called once. */
  request(): ExecutionRequest;
  /** Takes a connection and sends the statement. */
  open(request: ExecutionRequest, signal: AbortSignal): Promise<RowChannel<T>>;
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
  private readonly abort = new AbortController();
  private opening: Promise<RowChannel<T>> | undefined;
  private channel: RowChannel<T> | undefined;
  private closing: Promise<void> | undefined;
  private abandoned: { reason: unknown } | undefined;
  private pending = 0;
  /** Rows of all batches, and of the last of them. */
  private count = 0;
  private lastBatch = 0;
  private readonly span: StreamedCall;
  private unwatch = (): void => undefined;

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

  get processId(): number {
    return this.channel?.processId ?? 0;
  }

  async fields(): Promise<readonly Column[]> {
    return (await this.call((channel) => Promise.resolve(channel.fields))) ?? [];
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
    const { signal } = this.source;
    this.pending++;
    try {
      this.opening ??= this.start();
      const channel = await this.opening;
      // The statement may have ended before the abort, and some of its rows still lie here.
      if (signal?.aborted === true) await channel.close();
      signal?.throwIfAborted();
      return await use(channel);
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
    let request: ExecutionRequest;
    try {
      request = this.source.request();
    } catch (error) {
      return rejection(error);
    }
    const { source, abort } = this;
    return this.span.begin(request.sql, request.parameters, () => {
      const { signal } = source;
      if (signal?.aborted === true) this.onAbort();
      else signal?.addEventListener('abort', this.onAbort, { once: true });
      return source.open(request, abort.signal).then((channel) => {
        this.channel = channel;
        this.unwatch = source.watch(this);
        return channel;
      });
    });
  }

  private readonly onAbort = (): void => {
    this.consumer?.dropBatch();
    this.abort.abort(this.source.signal?.reason);
  };

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
    if (this.channel === undefined) this.abort.abort();
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
    this.source.signal?.removeEventListener('abort', this.onAbort);
    this.source.ended();
  }
}
