import { isError } from '../../base/is-error.js';
import {
  COPY_TRAILER,
  copyPlace,
  copyText,
  CopyRows,
  hasBinaryForm,
  isFaultOfRow,
  kindOfValue,
  placed,
} from '../../encoding/index.js';
import { DatabaseError } from '../../errors/index.js';
import type { Inserted, Inserter, Plan } from './work.js';
import type { Chunk } from './source.js';
import type { OperationRunner } from '../calls/call.js';
import { openCopyIn, type CopyInChannel } from '../streams/data-channels.js';

/** Bytes at which a buffer is sent. */
const FLUSH = 192 * 1024;
/** Bytes of the first of several COPYs, and most of any after it; each may have twice as many as the one before. */
const FIRST_PART = FLUSH;
const LARGEST_PART = 32 * 1024 * 1024;
/** ms after which a COPY of several is ended though it has fewer bytes. */
const LONGEST_PART = 1_000;
const CHUNK_ROWS = 10_000;

/**
 * Rows on their way by COPY. Begins in the binary format where all columns have one; at the first value that has none,
 * that COPY ends and another goes on in text.
 */
export class CopyStream {
  private rows: CopyRows;
  private channel: CopyInChannel | undefined;
  private sending: Promise<void> | undefined;
  private count = 0;
  /** Index of the first row of the COPY under way. */
  private first = 0;
  private unsentRows = 0;
  private last: Chunk | undefined;
  private partBytes = 0;
  private partLimit = FIRST_PART;
  private partSince = 0;
  /** Why text was gone over to. */
  switched: string | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly runner: OperationRunner,
    asText: boolean,
    private readonly sent: (rows: number, bytes: number) => void,
    /**
     * Whether to send one COPY after the other. A server that refuses a row says so, but takes bytes until the COPY ends,
     * and the client library tells of it only then: rows whose source has no end would never be refused.
     */
    private readonly inParts = false,
  ) {
    this.rows = this.encoder(asText || !hasBinaryForm(plan.columns));
  }

  private encoder(asText: boolean): CopyRows {
    const { plan } = this;
    return new CopyRows(
      plan.columns,
      asText ? 'text' : 'binary',
      plan.batch.types,
      plan.table?.readsTimes === true,
    );
  }

  /** @throws UsageError `KB_BAD_PARAMETER` and DatabaseError, with `rowIndex`; the COPY is to be aborted then */
  async write(chunk: Chunk): Promise<void> {
    try {
      await this.writeRows(chunk);
    } catch (error) {
      throw this.located(error, chunk);
    }
    this.last = chunk;
  }

  private async writeRows({ rows, from, to, base }: Chunk): Promise<void> {
    const { pace } = this.plan.batch;
    let next = from;
    while (next < to) {
      if (this.channel === undefined) await this.open(base + next);
      const end = this.rows.write(rows, next, to, base, FLUSH);
      this.unsentRows += end - next;
      next = end;
      if (this.rows.stopped) {
        const column = this.rows.stoppedBy;
        await this.close();
        this.rows = this.encoder(true);
        this.switched = `From row ${base + next} on in text, because of a value of the column "${column}".`;
      } else if (this.rows.length >= FLUSH) {
        await this.flush();
        if (this.inParts && this.isEndOfPart) await this.endPart();
        if (pace.due) await pace.rest();
      }
    }
  }

  private get isEndOfPart(): boolean {
    return this.partBytes >= this.partLimit || performance.now() - this.partSince > LONGEST_PART;
  }

  private async endPart(): Promise<void> {
    await this.endCopy();
    this.partLimit = Math.min(this.partLimit * 2, LARGEST_PART);
  }

  private async open(first: number): Promise<void> {
    const { plan, runner, rows } = this;
    const { target, limit } = plan.batch;
    this.first = first;
    this.partBytes = 0;
    this.partSince = performance.now();
    rows.begin();
    this.channel = await openCopyIn(runner, copyText(target, rows.format), limit);
  }

  /** Sends what has been written, once what was sent before has been taken. */
  private async flush(): Promise<void> {
    const { rows, channel } = this;
    await this.sending;
    const bytes = rows.take();
    this.sending = channel?.write(bytes);
    // Whether it is still under way or has failed, the next flush finds out.
    this.sending?.catch(() => undefined);
    this.partBytes += bytes.length;
    this.sent(this.unsentRows, bytes.length);
    this.unsentRows = 0;
  }

  private async close(): Promise<void> {
    if (this.channel === undefined) return;
    const { rows } = this;
    await this.endCopy();
    // Of a COPY that has failed the last piece may still be read.
    rows.release();
  }

  private async endCopy(): Promise<void> {
    const { rows, channel } = this;
    if (channel === undefined) return;
    if (rows.format === 'binary') rows.put(COPY_TRAILER);
    await this.flush();
    await this.sending;
    this.count += (await channel.end()).rowsAffected;
    this.channel = undefined;
    this.sending = undefined;
  }

  /** Resolves to the number of rows inserted. */
  async end(): Promise<number> {
    try {
      await this.close();
    } catch (error) {
      throw this.located(error, this.last);
    }
    return this.count;
  }

  /**
   * Lets the COPY under way fail; resolves when the session is free, to the error by which the server had refused the
   * rows before, if it had.
   */
  async abort(): Promise<Error | undefined> {
    const { channel } = this;
    await channel?.abort('the rest of the rows could not be written');
    const error = channel?.failedBy;
    if (!(error instanceof DatabaseError) || error.code === '57014') return undefined;
    const located = this.located(error, this.last);
    return isError(located) ? located : error;
  }

  private located(error: unknown, chunk: Chunk | undefined): unknown {
    // An error that is about no row still names the line that the server had come to.
    if (!(error instanceof DatabaseError) || !isFaultOfRow(error) || error.rowIndex !== undefined)
      return error;
    const { target, tableName } = this.plan.batch;
    const place = copyPlace(error, tableName, target.columns);
    if (place === undefined) return error;
    const rowIndex = this.first + place.row;
    const column = place.column ?? error.column;
    return placed(error, {
      rowIndex,
      column,
      valueType: valueTypeAt(chunk, rowIndex, column, target.columns),
    });
  }
}

/** What kind of value is there; undefined where the row is gone already. */
export function valueTypeAt(
  chunk: Chunk | undefined,
  rowIndex: number,
  column: string | undefined,
  columns: readonly string[],
): string | undefined {
  if (chunk === undefined || column === undefined) return undefined;
  const row = chunk.rows[rowIndex - chunk.base];
  if (Array.isArray(row)) {
    const index = columns.indexOf(column);
    return index < 0 ? undefined : kindOfValue(row[index]);
  }
  return typeof row === 'object' && row !== null
    ? kindOfValue((row as Record<string, unknown>)[column])
    : undefined;
}

/** Inserts each chunk by a COPY of its own. */
export class CopyInserter implements Inserter {
  readonly chunkRows: number;
  private asText = false;

  constructor(private readonly plan: Plan) {
    this.chunkRows = plan.batch.options.chunkRows ?? CHUNK_ROWS;
  }

  async insert(runner: OperationRunner, chunk: Chunk): Promise<Inserted> {
    let bytes = 0;
    const stream = new CopyStream(this.plan, runner, this.asText, (_rows, more) => {
      bytes += more;
    });
    try {
      await stream.write(chunk);
      const count = await stream.end();
      return { count, bytes, rows: [] };
    } catch (error) {
      await stream.abort();
      throw error;
    } finally {
      this.asText ||= stream.switched !== undefined;
    }
  }
}
