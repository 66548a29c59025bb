import type { Readable } from 'node:stream';
import type { Column } from '../../types/column.js';
import { checkOptions } from '../calls/check-options.js';
import { rejectedForCaller, UsageError } from '../../errors/index.js';
import { RowReader, type RowConsumer, type RowSource } from './row-reader.js';
import { RowReadable } from './row-readable.js';
import type { RowObject } from '../calls/options.js';
import type { RowsTag } from '../streams/data-channels.js';

/**
 * The rows of one statement, a batch at a time: however many there are, little memory is taken. They are read once, in
 * one of four ways: `for await (const row of rows)`, `batches()`, `toReadable()`, or `Readable.from(rows)`.
 *
 * Nothing is sent to the server before the first row is asked for. From then on the rows hold a connection: on a
 * database one of the pool, on a connection or transaction that one, where other calls wait until all rows have been
 * read. Leaving the loop early (`break`, an error) cancels the statement on the server and frees the connection; so do
 * `close()` and `await using`. Rows that are neither read to the end nor closed keep the connection.
 */
export class Rows<T = RowObject> implements AsyncIterable<T> {
  private readonly reader: RowReader<T>;
  private taken = false;

  /** @internal */
  constructor(source: RowSource<T>) {
    this.reader = new RowReader(source);
  }

  /** The columns. Sends the statement if that has not been done. */
  fields(): Promise<readonly Column[]> {
    return this.reader.fields();
  }

  /** The server's command tag, once all rows have been read; undefined before, and where they were closed early. */
  get tag(): RowsTag | undefined {
    return this.reader.tag;
  }

  /** One row at a time. Throws a UsageError (`KB_ROWS_TAKEN`) where the rows are being read already. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    this.take();
    return new RowIterator(this.reader);
  }

  /**
   * Arrays of some hundred rows, as they come: costs less than one row at a time. Throws a UsageError (`KB_ROWS_TAKEN`)
   * where the rows are being read already.
   */
  batches(): AsyncIterableIterator<T[]> {
    this.take();
    return new BatchIterator(this.reader);
  }

  /**
   * A Readable in object mode, each chunk a row; destroying it closes the rows. Throws a UsageError (`KB_ROWS_TAKEN`)
   * where the rows are being read already.
   *
   * @param options `highWaterMark`: rows that wait in the stream; default 1000
   */
  toReadable(options?: { highWaterMark?: number }): Readable {
    checkOptions('toReadable', options);
    this.take();
    return new RowReadable(this.reader, options?.highWaterMark);
  }

  /** Done with it: stops the statement if it is going on. Resolves when the connection is free and clean. */
  close(): Promise<void> {
    return this.reader.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private take(): void {
    if (this.taken) {
      throw new UsageError('KB_ROWS_TAKEN', 'These rows have been read, or are being read.', {
        hint: 'Call rows() again to run the statement again, or keep what is needed twice in an array.',
      });
    }
    this.taken = true;
  }
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined> | Promise<never>) => void;
}

const END = Object.freeze({ done: true, value: undefined });

/**
 * Hands rows out of the batch that is there. By hand and not as an async generator, which takes three promises and as
 * many turns of the microtask queue for each row.
 */
class RowIterator<T> implements AsyncIterableIterator<T, undefined>, RowConsumer {
  private batch: readonly T[] = [];
  private at = 0;
  private ended = false;
  /** Calls that wait for a batch, in their order; while there are any, no row of a batch is left. */
  private readonly waiting: Waiter<T>[] = [];

  constructor(private readonly reader: RowReader<T>) {
    reader.consumer = this;
  }

  handedOut(): number {
    return this.at;
  }

  dropBatch(): void {
    this.at = this.batch.length;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.at < this.batch.length) {
      return Promise.resolve({ done: false, value: this.batch[this.at++] as T });
    }
    if (this.ended) return Promise.resolve(END);
    return new Promise((resolve) => {
      this.waiting.push({ resolve });
      if (this.waiting.length === 1) void this.fill();
    });
  }

  private async fill(): Promise<void> {
    while (this.waiting.length > 0) {
      let batch: readonly T[] | undefined;
      try {
        batch = await this.reader.read();
      } catch (error) {
        // As from a generator: one call gets the error, and those after it the end.
        this.ended = true;
        this.waiting.shift()?.resolve(rejectedForCaller(error));
      }
      if (this.ended || batch === undefined) {
        this.end();
        return;
      }
      this.batch = batch;
      this.at = 0;
      while (this.at < batch.length && this.waiting.length > 0) {
        this.waiting.shift()?.resolve({ done: false, value: batch[this.at++] as T });
      }
    }
  }

  private end(): void {
    this.ended = true;
    this.batch = [];
    this.at = 0;
    for (const { resolve } of this.waiting.splice(0)) resolve(END);
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    await this.reader.close();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

class BatchIterator<T> implements AsyncIterableIterator<T[], undefined> {
  private ended = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly reader: RowReader<T>) {}

  /** Calls made at the same time get their batches in their order. */
  async next(): Promise<IteratorResult<T[], undefined>> {
    const reading = this.last.then(() => this.read());
    this.last = reading.catch(() => undefined);
    try {
      return await reading;
    } catch (error) {
      return rejectedForCaller(error);
    }
  }

  private async read(): Promise<IteratorResult<T[], undefined>> {
    if (this.ended) return END;
    try {
      const value = await this.reader.read();
      if (value !== undefined) return { done: false, value };
    } catch (error) {
      this.ended = true;
      throw error;
    }
    this.ended = true;
    return END;
  }

  async return(): Promise<IteratorResult<T[], undefined>> {
    this.ended = true;
    await this.reader.close();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
