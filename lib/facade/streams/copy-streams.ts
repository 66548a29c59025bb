import { Readable } from 'node:stream';
import { UsageError } from '../../errors/index.js';
import type { Telemetry } from '../../observability/telemetry.js';
import { copyDirection } from '../../sql/copy-direction.js';
import type { OperationRunner } from '../calls/call.js';
import { limitOfStream, type HasTimeout } from '../calls/default-timeout.js';
import type { Limit } from '../calls/limit.js';
import { statementTimedOut } from '../calls/timeouts.js';
import { behindCopy, PATIENCE_WITH_READER } from '../sessions/stalled-reader.js';
import { openCopyIn, openCopyOut, type CopyInChannel, type CopyOutChannel } from './data-channels.js';
import { GatheringWritable } from './gathering-writable.js';
import type { LeakWatch } from '../sessions/leak.js';
import { checkBytes, destroyOnAbort } from './stream-abort.js';
import { StreamedCall } from '../calls/streamed-call.js';
import type { QueryOptions } from '../calls/options.js';

export interface CopyOptions extends Pick<QueryOptions, 'signal' | 'timeout' | 'traceContext'> {
  /** Bytes that may wait in the stream. Default 256 KiB. */
  highWaterMark?: number | undefined;
}

/** What a COPY needs of where it runs. */
export interface CopyContext extends HasTimeout {
  readonly runner: OperationRunner;
  readonly telemetry: Telemetry;
  /** Looks after a stream that holds a connection of a pool. */
  readonly watch: LeakWatch;
}

const HIGH_WATER_MARK = 256 * 1024;
/** Bytes that small writes are gathered into, and what larger ones are divided into. */
const CHUNK = 64 * 1024;
const LARGEST = 4 * 1024 * 1024;

/** Throws a UsageError (`KB_NOT_COPY`) before anything is run that is something else. */
function checkCopy(sql: string, direction: 'from' | 'to'): void {
  if (copyDirection(sql) === direction) return;
  const [form, method] =
    direction === 'from' ? ['COPY … FROM STDIN', 'copyFrom'] : ['COPY … TO STDOUT', 'copyTo'];
  throw new UsageError('KB_NOT_COPY', `The statement is not ${form}, which is all that ${method}() runs.`, {
    hint: 'Run other statements by query() or exec(). A file on the server is not read or written through a stream.',
  });
}

/**
 * COPY … FROM STDIN as a Writable: it takes the bytes as they are, in the format that the statement names (text, CSV or
 * binary), however they are divided. Strings are written in their encoding, UTF-8 unless said otherwise.
 *
 * The COPY is begun by the first write (or the end). It takes effect when the stream finishes; one that is destroyed
 * before, by an error of its source, by `signal`, by `timeout`, is undone, and the connection goes on.
 */
export class CopyFromStream extends GatheringWritable {
  /** How many rows were copied; undefined until the stream has finished. */
  rowsAffected: number | undefined;
  private readonly span: StreamedCall;
  private limit: Limit | undefined;
  private opening: Promise<CopyInChannel> | undefined;
  private channel: CopyInChannel | undefined;
  private pending = 0;
  private unwatch = (): void => undefined;
  private readonly unwatchSignal: () => void;
  /** Bytes that have been sent. */
  bytesWritten = 0;

  /** @internal */
  constructor(
    private readonly sql: string,
    private readonly context: CopyContext,
    private readonly options: CopyOptions,
  ) {
    const { highWaterMark = HIGH_WATER_MARK, signal, traceContext } = options;
    checkBytes('highWaterMark', highWaterMark, 0);
    super(CHUNK, LARGEST, highWaterMark);
    this.span = new StreamedCall(context.telemetry, traceContext, () => undefined);
    this.unwatchSignal = destroyOnAbort(this, signal);
  }

  override _write(...args: Parameters<GatheringWritable['_write']>): void {
    void this.open();
    super._write(...args);
  }

  override _writev(...args: Parameters<GatheringWritable['_writev']>): void {
    void this.open();
    super._writev(...args);
  }

  private open(): Promise<CopyInChannel> {
    if (this.opening === undefined) {
      this.opening = this.span.begin(this.sql, [], () => this.begin());
      // A mistake in the statement shows now, and not when so much has been written that it is sent.
      this.opening.catch((error: unknown) => this.destroy(error as Error));
    }
    return this.opening;
  }

  private async begin(): Promise<CopyInChannel> {
    checkCopy(this.sql, 'from');
    // From here on the signal stops the COPY, and its outcome is that of the stream: it may have completed just before.
    this.unwatchSignal();
    const { limit, begun } = limitOfStream(this.options, this.context, statementTimedOut);
    this.limit = limit;
    const channel = await openCopyIn(this.context.runner, this.sql, limit);
    begun();
    this.channel = channel;
    channel.onFailure = (error) => this.destroy(error as Error);
    this.unwatch = this.context.watch(this);
    return channel;
  }

  protected override send(pieces: readonly Buffer[]): Promise<void> {
    return this.asking(async () => {
      await (await this.open()).write(pieces);
      for (const { length } of pieces) this.bytesWritten += length;
    });
  }

  protected override complete(): Promise<void> {
    return this.asking(async () => {
      this.rowsAffected = (await (await this.open()).end()).rowsAffected;
    });
  }

  private async asking(what: () => Promise<void>): Promise<void> {
    this.pending++;
    try {
      await what();
    } finally {
      this.pending--;
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.stop().then(() => {
      this.unwatch();
      this.span.end(error ?? undefined);
      callback(error);
    });
  }

  /** Never rejects: why the stream is being destroyed is known. */
  private async stop(): Promise<void> {
    if (this.channel === undefined) this.limit?.stop();
    try {
      const channel = await this.opening;
      // The words stand in the server's log, and an error's message may hold what does not belong there.
      await channel?.abort('the stream was destroyed by the program');
    } catch {
      // It was never begun.
    }
  }

  /** @internal */
  get waiting(): boolean {
    return this.pending > 0;
  }

  /** @internal */
  get progress(): number {
    return this.bytesWritten + this.gatheredBytes;
  }

  /** @internal */
  get processId(): number {
    return this.channel?.processId ?? 0;
  }

  /** @internal */
  refusal(): UsageError {
    return behindCopy(PATIENCE_WITH_READER);
  }

  /** @internal */
  abandon(reason: unknown): void {
    this.destroy(reason as Error);
  }
}

/**
 * COPY … TO STDOUT as a Readable of bytes in the format that the statement names. A chunk holds many rows, and no part
 * of one. The COPY is begun by the first read; one that is destroyed before its end is cancelled on the server, and the
 * connection goes on.
 */
export class CopyToStream extends Readable {
  private readonly span: StreamedCall;
  private limit: Limit | undefined;
  private opening: Promise<CopyOutChannel> | undefined;
  private channel: CopyOutChannel | undefined;
  private pending = 0;
  private unwatch = (): void => undefined;
  /** Bytes that have come. */
  bytesRead = 0;
  /** How many rows were copied; undefined until the stream has ended. */
  rowsAffected: number | undefined;

  /** @internal */
  constructor(
    private readonly sql: string,
    private readonly context: CopyContext,
    private readonly options: CopyOptions,
  ) {
    const { highWaterMark = HIGH_WATER_MARK, signal, traceContext } = options;
    checkBytes('highWaterMark', highWaterMark, 0);
    super({ highWaterMark });
    this.span = new StreamedCall(context.telemetry, traceContext, () => undefined);
    destroyOnAbort(this, signal);
  }

  override _read(): void {
    // Node asks again after each push, also while the next bytes are being waited for.
    if (this.pending > 0) return;
    const { channel } = this;
    if (channel === undefined) {
      void this.readOn(this.open());
      return;
    }
    for (;;) {
      const bytes = channel.take();
      if (bytes === undefined) break;
      if (!this.give(bytes)) return;
    }
    void this.readOn(channel);
  }

  private give(bytes: Buffer): boolean {
    this.bytesRead += bytes.length;
    return this.push(bytes);
  }

  /** Waits for what has not come yet. */
  private async readOn(opening: Promise<CopyOutChannel> | CopyOutChannel): Promise<void> {
    this.pending++;
    try {
      const channel = await opening;
      const bytes = await channel.read();
      if (bytes === undefined) {
        this.rowsAffected = channel.tag?.rowCount ?? undefined;
        this.push(null);
      } else this.give(bytes);
    } catch (error) {
      this.destroy(error as Error);
    } finally {
      this.pending--;
    }
  }

  private open(): Promise<CopyOutChannel> {
    this.opening = this.span.begin(this.sql, [], () => this.begin());
    return this.opening;
  }

  private async begin(): Promise<CopyOutChannel> {
    checkCopy(this.sql, 'to');
    const { timeout } = this.options;
    // The signal destroys the stream, which stops what goes on.
    const { limit, begun } = limitOfStream({ timeout }, this.context, statementTimedOut);
    this.limit = limit;
    const channel = await openCopyOut(this.context.runner, this.sql, limit);
    begun();
    this.channel = channel;
    this.unwatch = this.context.watch(this);
    return channel;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.stop().then(() => {
      this.unwatch();
      this.span.end(error ?? undefined);
      callback(error);
    });
  }

  /** Never rejects: why the stream is being destroyed is known. */
  private async stop(): Promise<void> {
    if (this.channel === undefined) this.limit?.stop();
    try {
      await (await this.opening)?.close();
    } catch {
      // It was never begun.
    }
  }

  /** @internal */
  get waiting(): boolean {
    return this.pending > 0;
  }

  /** @internal */
  get progress(): number {
    return this.bytesRead;
  }

  /** @internal */
  get processId(): number {
    return this.channel?.processId ?? 0;
  }

  /** @internal */
  refusal(): UsageError {
    return behindCopy(PATIENCE_WITH_READER);
  }

  /** @internal */
  abandon(reason: unknown): void {
    this.destroy(reason as Error);
  }
}
