import { Writable } from 'node:stream';

type Callback = (error?: Error | null) => void;

interface Chunk {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

/**
 * A Writable that hands its bytes on in chunks: small writes are copied together into buffers of `chunkSize`, a write
 * that is large itself goes on as it is. One buffer is filled while the other is on its way.
 */
export abstract class GatheringWritable extends Writable {
  private filling: Buffer | undefined;
  private used = 0;
  private spare: Buffer | undefined;
  /** Settles, and never rejects, when what is on its way has been taken. */
  private sending: Promise<void> | undefined;

  /**
   * @param chunkSize bytes that small writes are gathered into
   * @param largest bytes; larger writes are divided
   * @param highWaterMark bytes that wait in the stream before `write` returns false
   */
  constructor(
    private readonly chunkSize: number,
    private readonly largest: number,
    highWaterMark: number,
  ) {
    // Strings are written into the buffer by `gather`, which saves a Buffer for each.
    super({ highWaterMark, decodeStrings: false });
  }

  /** Bytes that have been copied together and not been sent. */
  protected get gatheredBytes(): number {
    return this.used;
  }

  /** Takes bytes that stay unchanged until the promise settles. Called once at a time. */
  protected abstract send(pieces: readonly Buffer[]): Promise<void>;

  /** All bytes have been taken; resolves when the stream has done its work. */
  protected abstract complete(): Promise<void>;

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: Callback): void {
    if (this.gather(chunk, encoding)) callback();
    else settle(this.sendOn(chunk, encoding), callback);
  }

  override _writev(chunks: readonly Chunk[], callback: Callback): void {
    settle(this.writeAll(chunks), callback);
  }

  override _final(callback: Callback): void {
    settle(this.finishAll(), callback);
  }

  private async writeAll(chunks: readonly Chunk[]): Promise<void> {
    // Large writes that wait here together go on together.
    let together: Buffer[] = [];
    let size = 0;
    for (const { chunk, encoding } of chunks) {
      const large = typeof chunk !== 'string' && chunk.length > this.chunkSize / 2;
      if (large && size + chunk.length <= this.largest && (size > 0 || this.used === 0)) {
        together.push(chunk);
        size += chunk.length;
        continue;
      }
      if (size > 0) await this.sendTogether(together);
      together = [];
      size = 0;
      if (!this.gather(chunk, encoding)) await this.sendOn(chunk, encoding);
    }
    if (size > 0) await this.sendTogether(together);
  }

  private async sendTogether(pieces: readonly Buffer[]): Promise<void> {
    await this.idle();
    await this.send(pieces.map(kept));
  }

  private async finishAll(): Promise<void> {
    await this.flush();
    await this.idle();
    await this.complete();
  }

  /** Copies the chunk into the buffer; false, with nothing done, where it does not fit or is better sent as it is. */
  private gather(chunk: Buffer | string, encoding: BufferEncoding): boolean {
    const room = this.chunkSize - this.used;
    if (typeof chunk === 'string') {
      // No encoding of Node's takes more than three bytes for a UTF-16 unit.
      if (chunk.length * 3 > room) return false;
      this.used += this.buffer().write(chunk, this.used, encoding);
      return true;
    }
    if (chunk.length > room || chunk.length > this.chunkSize / 2) return false;
    this.buffer().set(chunk, this.used);
    this.used += chunk.length;
    return true;
  }

  private buffer(): Buffer {
    this.filling ??= Buffer.allocUnsafeSlow(this.chunkSize);
    return this.filling;
  }

  private async sendOn(chunk: Buffer | string, encoding: BufferEncoding): Promise<void> {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : kept(chunk);
    await this.flush();
    if (this.gather(bytes, encoding)) return;
    // The bytes are the caller's again when the write is done, so it is not done before they are taken.
    await this.idle();
    if (bytes.length <= this.largest) {
      await this.send([bytes]);
      return;
    }
    for (let at = 0; at < bytes.length; at += this.largest) {
      await this.send([bytes.subarray(at, at + this.largest)]);
    }
  }

  /** Waits for what is on its way. */
  private async idle(): Promise<void> {
    if (this.sending !== undefined) await this.sending;
    // It failed, and has destroyed the stream; or the program has.
    if (this.destroyed) throw this.errored ?? new Error('The stream was destroyed.');
  }

  /** Sends what has been gathered, once the chunk before it has been taken. */
  private async flush(): Promise<void> {
    await this.idle();
    const { filling, used } = this;
    if (filling === undefined || used === 0) return;
    this.filling = this.spare;
    this.spare = undefined;
    this.used = 0;
    this.sending = this.send([filling.subarray(0, used)]).then(
      () => {
        this.sending = undefined;
        this.spare = filling;
      },
      (error: unknown) => {
        this.sending = undefined;
        // Said at once, and not only when the source writes again.
        this.destroy(error as Error);
      },
    );
  }
}

/**
 * The bytes are read where they lie, on another thread. Memory that the program can shrink meanwhile is copied first; that
 * it transfers elsewhere what it has handed to `write` cannot be prevented.
 */
function kept(bytes: Buffer): Buffer {
  const { resizable, growable } = bytes.buffer as { resizable?: boolean; growable?: boolean };
  return resizable === true || growable === true ? Buffer.from(bytes) : bytes;
}

function settle(work: Promise<void>, callback: Callback): void {
  work.then(
    () => {
      callback();
    },
    (error: unknown) => {
      callback(error as Error);
    },
  );
}
