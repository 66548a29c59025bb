import { Readable } from 'node:stream';
import { Cursor, type CursorConfig } from './cursor.js';
import type { QueryCallback } from './query.js';
import type { Result } from './result.js';
import { RUN, type Host, type Work } from './work.js';

export interface QueryStreamConfig extends CursorConfig {
  batchSize?: number | undefined;
  highWaterMark?: number | undefined;
}

/** pg-query-stream's QueryStream: the rows of one statement as a Readable in object mode. */
export class QueryStream extends Readable implements Work {
  readonly cursor: Cursor;
  /** Told once, at the end, if the program has given one. */
  callback: QueryCallback | undefined;

  constructor(text: string, values?: readonly unknown[] | null, config: QueryStreamConfig = {}) {
    super({ objectMode: true, highWaterMark: config.batchSize ?? config.highWaterMark ?? 100 });
    this.cursor = new Cursor(text, values, config);
    this.cursor
      .on('end', (result: Result) => this.callback?.(null, result))
      .on('error', (error: Error) => this.callback?.(error));
  }

  submit(): void {
    throw new Error('A stream is run by client.query(stream).');
  }

  [RUN](host: Host, done: () => void): void {
    this.cursor[RUN](host, done);
  }

  handleError(error: Error): void {
    if (this.cursor.closesStream(this, error)) return;
    this.cursor.handleError(error);
    this.destroy(error);
  }

  override _read(size: number): void {
    this.cursor.read(size, (error, rows = []) => {
      if (error) {
        this.destroy(error);
        return;
      }
      for (const row of rows) this.push(row);
      if (rows.length < size) this.push(null);
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.cursor.close((failed) => {
      callback(error ?? failed);
    });
  }
}
