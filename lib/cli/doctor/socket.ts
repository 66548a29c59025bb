import { isError } from '../../base/is-error.js';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Where a connection goes: an address and port, or the path of a Unix socket. */
export type Endpoint = { readonly address: string; readonly port: number } | { readonly path: string };

/** How an attempt to connect, or a connection, came to its end. */
export type Ending =
  /** RST in answer to SYN; of a Unix socket, nobody listens. */
  | 'refused'
  /** RST on a connection that was there. */
  | 'reset'
  /** FIN: the other side closed in order. */
  | 'closed'
  /** Nothing came within the time limit. */
  | 'silent'
  /** The network says that there is no way. */
  | 'unreachable'
  /** The Unix socket is not there. */
  | 'absent'
  /** The operating system forbids it. */
  | 'denied'
  | 'other';

/** A connection ended, or never began. `code` is the system's (`ECONNREFUSED`), where there is one. */
export class ConnectionEnd extends Error {
  override readonly name = 'ConnectionEnd';

  constructor(
    readonly ending: Ending,
    readonly code?: string,
  ) {
    super(code === undefined ? ending : `${ending} (${code})`);
  }
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'silent',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOENT: 'absent',
  ENOTSOCK: 'absent',
  EACCES: 'denied',
  EPERM: 'denied',
};

function endOf(error: unknown): ConnectionEnd {
  if (error instanceof ConnectionEnd) return error;
  const code = isError(error) && 'code' in error ? String(error.code) : String(error);
  return new ConnectionEnd(ENDINGS[code] ?? 'other', code);
}

/** Connects within `limit` ms. Throws a ConnectionEnd. */
export async function connectTo(endpoint: Endpoint, limit: number): Promise<ObservedSocket> {
  const socket =
    'path' in endpoint
      ? connect({ path: endpoint.path })
      : connect({ host: endpoint.address, port: endpoint.port, noDelay: true });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new ConnectionEnd('silent'));
    }, limit);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(endOf(error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(new ObservedSocket(socket));
    });
  });
}

/**
 * A socket that remembers what a packet capture would show. TLS runs over it, so that it is known what came in during a
 * handshake and who ended it: of that, node:tls itself says only that the socket was disconnected.
 */
export class ObservedSocket extends Duplex {
  /** How the other side ended the connection. */
  ending: ConnectionEnd | undefined;
  /** The first bytes that came in since `mark`, and how many in all. */
  first: Buffer = Buffer.alloc(0);
  received = 0;

  constructor(private readonly socket: Socket) {
    super();
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.length;
      if (this.first.length < 64) this.first = Buffer.concat([this.first, bytes]).subarray(0, 64);
      if (!this.push(bytes)) socket.pause();
    });
    socket.on('end', () => {
      this.ending ??= new ConnectionEnd('closed');
      this.push(null);
    });
    socket.on('error', (error) => {
      this.ending ??= endOf(error);
      this.destroy(error);
    });
    // Who reads from here gets the error; it must not end the process when nobody does.
    this.on('error', () => undefined);
  }

  /** Forgets what came in so far. */
  mark(): void {
    this.first = Buffer.alloc(0);
    this.received = 0;
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}

/** Reads a stream by numbers of bytes, until `deadline` (as of performance.now()). Every method throws a ConnectionEnd. */
export class ByteReader {
  constructor(
    private readonly stream: Duplex,
    private readonly deadline: number,
  ) {}

  async take(count: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.stream.read(count) as Buffer | null;
      if (bytes !== null) {
        // At its end a stream gives what is left, however little.
        if (bytes.length === count) return bytes;
        throw new ConnectionEnd('closed');
      }
      await this.change();
    }
  }

  /** What has come in already, at most `count` bytes. */
  available(count: number): Buffer {
    return (
      (this.stream.read(Math.min(count, this.stream.readableLength)) as Buffer | null) ?? Buffer.alloc(0)
    );
  }

  private change(): Promise<void> {
    const { stream } = this;
    if (stream.errored !== null) return Promise.reject(endOf(stream.errored));
    if (stream.readableEnded) return Promise.reject(new ConnectionEnd('closed'));
    if (stream.destroyed) return Promise.reject(new ConnectionEnd('reset'));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => (): void => {
        clearTimeout(timer);
        for (const [event, listener] of listeners) stream.off(event, listener);
        act();
      };
      const listeners: [string, (error?: unknown) => void][] = [
        ['readable', settle(resolve)],
        ['end', settle(() => reject(new ConnectionEnd('closed')))],
        ['close', settle(() => reject(new ConnectionEnd('closed')))],
        ['error', (error): void => settle(() => reject(endOf(error)))()],
      ];
      const timer = setTimeout(
        settle(() => reject(new ConnectionEnd('silent'))),
        Math.max(0, this.deadline - performance.now()),
      );
      for (const [event, listener] of listeners) stream.on(event, listener);
    });
  }
}
