/** pg-copy-streams' `from` and `to`. */
import { Readable, Writable, type ReadableOptions, type WritableOptions } from 'node:stream';
import type { CopyFromStream, CopyToStream } from '../../index.js';
import { READ_TIMEOUT, statementError } from './errors.js';
import { RUN, type Host, type Work } from './work.js';

/** `query_timeout` is for a whole stream. */
function limitTime(stream: Readable | Writable, timeout: number | undefined): void {
  if (timeout === undefined) return;
  const timer = setTimeout(() => {
    stream.destroy(new Error(READ_TIMEOUT));
  }, timeout);
  stream.once('close', () => {
    clearTimeout(timer);
  });
}

/** COPY … FROM STDIN: what is written goes to the server once the client has come to it. */
export class CopyFrom extends Writable implements Work {
  rowCount = 0;
  private inner: CopyFromStream | undefined;
  private held: (() => void) | undefined;

  constructor(
    readonly text: string,
    options?: WritableOptions,
  ) {
    super(options);
  }

  submit(): void {
    throw new Error('A stream is run by client.query(stream).');
  }

  [RUN]({ session, timeout }: Host, done: () => void): void {
    if (this.destroyed) {
      process.nextTick(done);
      return;
    }
    const inner = session.copyFrom(this.text);
    limitTime(this, timeout);
    this.inner = inner;
    inner.on('error', (error) => {
      this.destroy(statementError(error));
    });
    inner.once('close', done);
    this.held?.();
    this.held = undefined;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.whenBegun((inner) => {
      inner.write(chunk, encoding, (error) => {
        callback(error ? statementError(error) : null);
      });
    });
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.whenBegun((inner) => {
      inner.end((error?: Error | null) => {
        this.rowCount = inner.rowsAffected ?? 0;
        callback(error ? statementError(error) : null);
      });
    });
  }

  private whenBegun(use: (inner: CopyFromStream) => void): void {
    const begin = (): void => {
      if (this.inner !== undefined) use(this.inner);
    };
    if (this.inner === undefined) this.held = begin;
    else begin();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { inner } = this;
    if (inner === undefined || inner.closed) {
      callback(error);
      return;
    }
    inner.once('close', () => {
      callback(error);
    });
    inner.destroy();
  }

  handleError(error: Error): void {
    this.destroy(error);
  }
}

/** COPY … TO STDOUT as a Readable of bytes. */
export class CopyTo extends Readable implements Work {
  rowCount = 0;
  private inner: CopyToStream | undefined;
  private wanted = false;

  constructor(
    readonly text: string,
    options?: ReadableOptions,
  ) {
    super(options);
  }

  submit(): void {
    throw new Error('A stream is run by client.query(stream).');
  }

  [RUN]({ session, timeout }: Host, done: () => void): void {
    if (this.destroyed) {
      process.nextTick(done);
      return;
    }
    const inner = session.copyTo(this.text);
    limitTime(this, timeout);
    this.inner = inner;
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause();
    });
    inner.once('end', () => {
      this.rowCount = inner.rowsAffected ?? 0;
      this.push(null);
    });
    inner.on('error', (error) => {
      this.destroy(statementError(error));
    });
    inner.once('close', done);
    if (!this.wanted) inner.pause();
  }

  override _read(): void {
    this.wanted = true;
    this.inner?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { inner } = this;
    if (inner === undefined || inner.closed) {
      callback(error);
      return;
    }
    inner.once('close', () => {
      callback(error);
    });
    inner.destroy();
  }

  handleError(error: Error): void {
    this.destroy(error);
  }
}

export function from(text: string, options?: WritableOptions): CopyFrom {
  return new CopyFrom(text, options);
}

export function to(text: string, options?: ReadableOptions): CopyTo {
  return new CopyTo(text, options);
}
