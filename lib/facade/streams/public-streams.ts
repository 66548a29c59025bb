import type { Writable, Readable } from 'node:stream';

/**
 * COPY … FROM STDIN as a Writable: it takes the bytes as they are, in the format that the statement names (text, CSV or
 * binary), however they are divided. Strings are written in their encoding, UTF-8 unless said otherwise.
 *
 * The COPY is begun by the first write (or the end). It takes effect when the stream finishes; one that is destroyed
 * before, by an error of its source, by `signal`, by `timeout`, is undone, and the connection goes on.
 */
export interface CopyFromStream extends Writable {
  /** How many rows were copied; undefined until the stream has finished. */
  readonly rowsAffected: number | undefined;
  /** Bytes that have been sent. */
  readonly bytesWritten: number;
}

/**
 * COPY … TO STDOUT as a Readable of bytes in the format that the statement names. A chunk holds many rows, and no part
 * of one. The COPY is begun by the first read; one that is destroyed before its end is cancelled on the server, and the
 * connection goes on.
 */
export interface CopyToStream extends Readable {
  /** How many rows were copied; undefined until the stream has ended. */
  readonly rowsAffected: number | undefined;
  /** Bytes that have come. */
  readonly bytesRead: number;
}

/** Writes into a large object, over what is there. When it has finished, all bytes have been stored. */
export interface LargeObjectWriteStream extends Writable {
  /** Bytes that have been stored. */
  readonly bytesWritten: number;
}
