import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Connection, Rows } from '../../index.js';
import { READ_TIMEOUT, statementError, TERMINATED } from './errors.js';
import { readingBy } from './reading.js';
import { Result, type RowOfAnyKind, type TextRow } from './result.js';
import type { TypeParsers } from './type-overrides.js';
import { prepareValue, type PreparedValue } from './values.js';
import { AS_TEXT, RUN, telling, type Described, type Host, type Work } from './work.js';

export interface CursorConfig {
  rowMode?: string | undefined;
  types?: TypeParsers | undefined;
}

export type ReadCallback<R> = (error: Error | null | undefined, rows?: R[], result?: Result<R>) => void;

/** pg-cursor's Cursor: rows of one statement, so many at a time as are asked for. */
export class Cursor<R = RowOfAnyKind> extends EventEmitter implements Work {
  readonly text: string;
  readonly values: PreparedValue[] | null;
  state: 'initialized' | 'open' | 'done' | 'error' = 'initialized';
  private readonly config: CursorConfig;
  private result: Result<R>;
  private rows: Rows<R | TextRow> | undefined;
  private batches: AsyncIterator<(R | TextRow)[]> | undefined;
  /** Rows come as the server's texts, and are read here: the parsers are an object of the program's. */
  private asTexts = true;
  /** What has come, of which so many have been asked for. */
  private held: (R | TextRow)[] = [];
  private given = 0;
  private error: Error | undefined;
  private finish: (() => void) | undefined;
  private described: Described | undefined;
  private limit: NodeJS.Timeout | undefined;
  /** Reads are answered one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  /** Something has been read, or is to be. */
  private asked = false;
  private readonly begun: Promise<void>;
  private begin: (() => void) | undefined;

  constructor(text: string, values?: readonly unknown[] | null, config: CursorConfig = {}) {
    super();
    this.text = text;
    this.values = values ? values.map(prepareValue) : null;
    this.config = config;
    this.result = new Result<R>(config.rowMode, config.types);
    this.begun = new Promise((resolve) => {
      this.begin = resolve;
    });
  }

  submit(): void {
    throw new Error('A cursor is run by client.query(cursor).');
  }

  [RUN]({ session, types, timeout, described }: Host, done: () => void): void {
    this.finish = done;
    this.described = described;
    if (this.state === 'done' || this.state === 'error') {
      this.settle();
      return;
    }
    this.state = 'open';
    if (timeout !== undefined) {
      this.limit = setTimeout(() => {
        this.fail(new Error(READ_TIMEOUT));
      }, timeout);
    }
    const parsers = this.config.types ?? types;
    this.result = new Result<R>(this.config.rowMode, parsers);
    const reading = readingBy(parsers);
    this.asTexts = reading === undefined;
    const rowMode = this.asTexts || this.result.rowAsArray ? 'array' : 'object';
    const options = { rowMode, types: reading ?? AS_TEXT, stallTimeout: Infinity } as const;
    this.rows = session.rows<R | TextRow>(this.text, this.values ?? [], options);
    this.batches = this.rows.batches();
    this.begin?.();
    setImmediate(() => {
      this.lookAhead(session);
    });
  }

  /** @internal Whether an error is told to somebody who has not read. */
  hearsErrors = (): boolean => this.listenerCount('error') > 0;

  /** The statement runs when it is read from, but who waits for errors only is told whether it could. */
  private lookAhead(session: Connection): void {
    if (this.asked || this.state !== 'open' || !this.hearsErrors()) return;
    session.prepare(this.text).then(
      (statement) => void statement.close(),
      (error: unknown) => {
        this.fail(statementError(error));
      },
    );
  }

  read(count: number): Promise<R[]>;
  read(count: number, callback: ReadCallback<R>): void;
  read(count: number, callback?: ReadCallback<R>): Promise<R[]> | undefined {
    this.asked = true;
    const rows = this.last.then(() => this.take(count));
    this.last = rows.catch(() => undefined);
    if (!callback) return rows;
    rows.then(
      (read) => {
        process.nextTick(callback, null, read, this.result);
      },
      (error: unknown) => {
        process.nextTick(callback, error);
      },
    );
    return undefined;
  }

  private async take(count: number): Promise<R[]> {
    if (this.state === 'initialized') await this.begun;
    this.check();
    if (this.state === 'done' || this.rows === undefined) return [];
    try {
      if (this.result.fields.length === 0) await this.describe(this.rows);
      let over = false;
      while (!over && this.held.length - this.given < count) {
        const next = await this.batches?.next();
        if (next === undefined || next.done === true) over = true;
        else this.hold(next.value);
      }
      this.check();
      const read = this.give(count);
      if (this.listenerCount('row') > 0)
        for (const row of read) telling(() => this.emit('row', row, this.result));
      if (over && this.given === this.held.length) this.ended(read.length);
      this.result.rows = read;
      return read;
    } catch (error) {
      const failed = statementError(error);
      this.fail(failed);
      throw this.error ?? failed;
    }
  }

  private async describe(rows: Rows<R | TextRow>): Promise<void> {
    this.result.describe(await rows.fields());
    if (this.result.fields.length > 0) this.described?.(this.result.fields);
  }

  private hold(batch: (R | TextRow)[]): void {
    this.held = this.given === this.held.length ? batch : [...this.held.slice(this.given), ...batch];
    this.given = 0;
  }

  private give(count: number): R[] {
    let taken = this.held;
    if (this.given > 0 || taken.length > count) {
      taken = taken.slice(this.given, this.given + count);
      this.given += taken.length;
    } else {
      // They are the program's from now on.
      this.held = [];
    }
    return this.asTexts ? (taken as TextRow[]).map((values) => this.result.parseRow(values)) : (taken as R[]);
  }

  private check(): void {
    if (this.error !== undefined) throw this.error;
  }

  private ended(lastRead: number): void {
    if (this.state === 'done') return;
    this.state = 'done';
    const { command = '', rowCount = null } = this.rows?.tag ?? {};
    // The server counts what it has given for the last read.
    this.result.addCommand({ command, rowCount: command === 'SELECT' ? lastRead : rowCount });
    this.settle();
    telling(() => this.emit('end', this.result));
  }

  private fail(error: Error): void {
    if (this.state === 'done' || this.state === 'error') return;
    this.state = 'error';
    this.error = error;
    this.begin?.();
    if (this.rows === undefined) this.settle();
    else void this.rows.close().then(() => this.settle());
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }

  private settle(): void {
    const { finish } = this;
    clearTimeout(this.limit);
    this.finish = undefined;
    finish?.();
  }

  close(): Promise<void>;
  close(callback: (error?: Error) => void): void;
  close(callback?: (error?: Error) => void): Promise<void> | undefined {
    const closed = this.stop();
    if (!callback) return closed;
    closed.then(
      () => {
        process.nextTick(callback);
      },
      (error: unknown) => {
        process.nextTick(callback, error);
      },
    );
    return undefined;
  }

  private async stop(): Promise<void> {
    if (this.state === 'done') return;
    const { state } = this;
    this.state = 'done';
    this.held = [];
    this.given = 0;
    this.begin?.();
    await this.rows?.close();
    this.settle();
    if (state === 'open') telling(() => this.emit('end', this.result));
  }

  /**
   * @internal Closes the stream that reads from it if the reason is that the program has ended the client: no error is told
   * then, as with `pg`, and whoever waits for rows learns that the stream has closed too early.
   */
  closesStream(stream: Readable, error: Error): boolean {
    if (this.state !== 'open' || error.message !== TERMINATED) return false;
    // What is being read fails, so that the rows so far are not taken for all of them.
    this.error = error;
    stream.destroy();
    return true;
  }

  handleError(error: Error): void {
    this.fail(error);
  }
}
