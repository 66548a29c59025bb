import { Readable } from 'node:stream';
import { DatabaseError, UsageError } from '../../errors/index.js';
import { checkOptions } from '../calls/check-options.js';
import type { LargeObjectWriteStream as PublicWriteStream } from './public-streams.js';
import { GatheringWritable } from './gathering-writable.js';
import { checkBytes, destroyOnAbort } from './stream-abort.js';
import type { QueryParameters, QueryOptions } from '../calls/options.js';

/** What large objects need of a database, a connection or a transaction. */
interface Caller {
  queryRow<T>(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<T | undefined>;
}

/** `timeout` holds for each statement, `signal` for the whole stream. */
export type LargeObjectOptions = Pick<QueryOptions, 'signal' | 'timeout' | 'traceContext'>;

export interface LargeObjectReadOptions extends LargeObjectOptions {
  /** First byte to read, from 0. Default 0. */
  start?: number | undefined;
  /** Last byte to read, included, as in `fs.createReadStream`. Default: the last of the object. */
  end?: number | undefined;
  /** Bytes asked of the server at a time. Default 256 KiB. */
  chunkSize?: number | undefined;
}

export interface LargeObjectWriteOptions extends LargeObjectOptions {
  /** Where the first byte goes, from 0; a gap before it reads as zeros. Default 0. */
  start?: number | undefined;
  /** Bytes sent to the server at a time. Default 256 KiB. */
  chunkSize?: number | undefined;
}

const CHUNK_SIZE = 256 * 1024;
/** Half of what the server takes in one message: the bytes come back as hexadecimal digits. */
const LARGEST_CHUNK = 256 * 1024 * 1024;
/** PostgreSQL manual, "Large Objects": 4 TB each. */
const LARGEST_OFFSET = 4 * 1024 ** 4;
const LARGEST_OID = 0xffff_ffff;

const INV_READ = 0x40000;
const SEEK_END = 2;

/**
 * Opened, measured and closed in this order, which the fences (OFFSET 0) hold: in a transaction block an open
 * descriptor would stay to its end.
 */
const SIZE = `SELECT size AS answer, lo_close(fd) AS closed
  FROM (SELECT fd, lo_lseek64(fd, 0, ${SEEK_END}) AS size
    FROM (SELECT lo_open($1::oid, ${INV_READ}) AS fd OFFSET 0) AS opened OFFSET 0) AS measured`;

/**
 * The server's large objects: values of up to 4 TB that are read and written in parts. They are reached by the server's
 * functions in ordinary statements (`lo_get`, `lo_put`, …), so that nothing blocks.
 *
 * On a database each part is a transaction of its own: what is written before an error stays, and a reader can see
 * the parts of an object that is being written. Take a transaction where that matters.
 */
export class LargeObjects {
  /** @internal */
  constructor(private readonly caller: Caller) {}

  /** Creates an empty object and gives its OID. Rejects with a DatabaseError (23505) where `oid` is taken. */
  async create(oid = 0, options?: LargeObjectOptions): Promise<number> {
    checkOid(oid, 0);
    checkOptions('a large object', options);
    return (await this.call<number>('SELECT lo_create($1::oid) AS answer', [oid], options)) ?? 0;
  }

  /** Deletes the object. Rejects with a DatabaseError (42704) where there is none. */
  async unlink(oid: number, options?: LargeObjectOptions): Promise<void> {
    checkOid(oid);
    checkOptions('a large object', options);
    await this.call('SELECT lo_unlink($1::oid) AS answer', [oid], options);
  }

  /** How many bytes the object has. Rejects with a DatabaseError (42704) where there is none. */
  async size(oid: number, options?: LargeObjectOptions): Promise<number> {
    checkOid(oid);
    checkOptions('a large object', options);
    return Number(await this.call<bigint>(SIZE, [oid], options));
  }

  /** A stream of the object's bytes. Nothing is asked of the server before it is read. */
  createReadStream(oid: number, options?: LargeObjectReadOptions): Readable {
    checkOid(oid);
    checkOptions('createReadStream', options);
    return new LargeObjectReadStream(this.read, oid, options ?? {});
  }

  /**
   * A stream that writes into the object, over what is there; it neither creates nor truncates. When it has finished,
   * all bytes have been stored.
   */
  createWriteStream(oid: number, options?: LargeObjectWriteOptions): PublicWriteStream {
    checkOid(oid);
    checkOptions('createWriteStream', options);
    return new LargeObjectWriteStream(this.write, oid, options ?? {});
  }

  private readonly read: ReadPart = (oid, start, length, options) =>
    this.call<Buffer>('SELECT lo_get($1::oid, $2::int8, $3::int4) AS answer', [oid, start, length], options);

  private readonly write: WritePart = (oid, start, bytes, options) =>
    this.call('SELECT lo_put($1::oid, $2::int8, $3::bytea) AS answer', [oid, start, bytes], options);

  private async call<T>(sql: string, parameters: unknown[], options?: QueryOptions): Promise<T | undefined> {
    try {
      const row = await this.caller.queryRow<{ answer: T }>(sql, parameters, { ...options, types: TYPES });
      return row?.answer;
    } catch (error) {
      throw error instanceof DatabaseError && error.code === '42883' ? unsupported(error) : error;
    }
  }
}

/** The database's own `types` are the program's, not ours. */
const TYPES = { int8: 'bigint' } as const;

type PartOptions = QueryOptions;
type ReadPart = (
  oid: number,
  start: number,
  length: number,
  options: PartOptions,
) => Promise<Buffer | undefined>;
type WritePart = (oid: number, start: number, bytes: Buffer, options: PartOptions) => Promise<unknown>;

class LargeObjectReadStream extends Readable {
  private position: number;
  private readonly end: number;
  private readonly chunkSize: number;
  private readonly part: PartCalls;

  constructor(
    private readonly readPart: ReadPart,
    private readonly oid: number,
    options: LargeObjectReadOptions,
  ) {
    const { start = 0, end = Infinity, chunkSize = CHUNK_SIZE } = options;
    checkBytes('start', start, 0, LARGEST_OFFSET);
    checkBytes('end', options.end, 0, LARGEST_OFFSET);
    checkBytes('chunkSize', chunkSize, 1, LARGEST_CHUNK);
    // The next part is asked for while the one before it is being used.
    super({ highWaterMark: 2 * chunkSize });
    this.position = start;
    this.end = end;
    this.chunkSize = chunkSize;
    this.part = new PartCalls(options);
    destroyOnAbort(this, options.signal);
  }

  override _read(): void {
    const length = Math.min(this.chunkSize, this.end + 1 - this.position);
    if (length <= 0) {
      this.push(null);
      return;
    }
    this.part
      .run((options) => this.readPart(this.oid, this.position, length, options))
      .then(
        (bytes) => {
          const got = bytes?.length ?? 0;
          this.position += got;
          if (got > 0) this.push(bytes);
          if (got < length) this.push(null);
        },
        (error: unknown) => this.destroy(error as Error),
      );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.part.stop().then(() => {
      callback(error);
    });
  }
}

/** Writes into a large object. */
export class LargeObjectWriteStream extends GatheringWritable {
  private position: number;
  private readonly part: PartCalls;

  /** @internal */
  constructor(
    private readonly writePart: WritePart,
    private readonly oid: number,
    options: LargeObjectWriteOptions,
  ) {
    const { start = 0, chunkSize = CHUNK_SIZE } = options;
    checkBytes('start', start, 0, LARGEST_OFFSET);
    checkBytes('chunkSize', chunkSize, 1, LARGEST_CHUNK);
    super(chunkSize, chunkSize, chunkSize);
    this.position = start;
    this.part = new PartCalls(options);
    destroyOnAbort(this, options.signal);
  }

  /** Bytes that the server has stored. */
  bytesWritten = 0;

  protected override async send(pieces: readonly Buffer[]): Promise<void> {
    for (const bytes of pieces) {
      await this.part.run((options) => this.writePart(this.oid, this.position, bytes, options));
      this.position += bytes.length;
      this.bytesWritten += bytes.length;
    }
  }

  protected override complete(): Promise<void> {
    return Promise.resolve();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    void this.part.stop().then(() => {
      callback(error);
    });
  }
}

/** The statements of a stream, one at a time; the one that is going on is cancelled when the stream is destroyed. */
class PartCalls {
  private readonly abort = new AbortController();
  private running: Promise<unknown> | undefined;

  constructor(private readonly options: LargeObjectOptions) {}

  run<T>(call: (options: PartOptions) => Promise<T>): Promise<T> {
    const { timeout, traceContext } = this.options;
    const running = call({ signal: this.abort.signal, timeout, traceContext }).finally(() => {
      this.running = undefined;
    });
    this.running = running;
    return running;
  }

  /** Resolves when nothing goes on any more. */
  async stop(): Promise<void> {
    this.abort.abort();
    await this.running?.catch(() => undefined);
  }
}

function checkOid(oid: number, least = 1): void {
  if (Number.isInteger(oid) && oid >= least && oid <= LARGEST_OID) return;
  throw new UsageError(
    'KB_BAD_PARAMETER',
    `A large object's OID must be a whole number from ${least} to 2^32 - 1.`,
  );
}

function unsupported(cause: DatabaseError): UsageError {
  return new UsageError(
    'KB_LARGE_OBJECTS_UNSUPPORTED',
    `The server lacks a function that large objects need: ${cause.message}.`,
    { cause, hint: 'Store the bytes in a bytea or blob column of a table instead.' },
  );
}
