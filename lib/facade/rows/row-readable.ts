import { Readable } from 'node:stream';
import type { RowConsumer, RowReader } from './row-reader.js';

const HIGH_WATER_MARK = 1000;

/** Rows as a Readable: a batch is pushed row by row for as long as the stream takes them. */
export class RowReadable<T> extends Readable implements RowConsumer {
  private batch: readonly T[] = [];
  private at = 0;

  constructor(
    private readonly reader: RowReader<T>,
    highWaterMark: number | undefined,
  ) {
    super({ objectMode: true, highWaterMark: highWaterMark ?? HIGH_WATER_MARK });
    reader.consumer = this;
  }

  handedOut(): number {
    return this.at;
  }

  dropBatch(): void {
    this.at = this.batch.length;
  }

  override _read(): void {
    if (this.at < this.batch.length) {
      this.pushBatch();
      return;
    }
    this.reader.read().then(
      (batch) => {
        if (batch === undefined) {
          this.push(null);
          return;
        }
        this.batch = batch;
        this.at = 0;
        this.pushBatch();
      },
      (error: unknown) => this.destroy(error as Error),
    );
  }

  private pushBatch(): void {
    const { batch } = this;
    while (this.at < batch.length && this.push(batch[this.at++]));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.batch = [];
    this.reader.close().then(
      () => {
        callback(error);
      },
      (closing: unknown) => {
        callback(error ?? (closing as Error));
      },
    );
  }
}
