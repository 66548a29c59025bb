import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createSecureContext, TLSSocket, type SecureContext, type SecureVersion } from 'node:tls';
import { readFileSync } from 'node:fs';
import type { Certificates } from '../../scripts/certificates.js';
import { OpeningCode } from './protocol.js';

/** How a connection to a test's own server is encrypted. */
export type Encryption = 'none' | SecureVersion;

/** Bytes that go out together: each part is a TLS record of its own (more than one beyond 16 KB). */
export type Segment = readonly Buffer[];

/**
 * A server's end of a connection, which decides how bytes are cut into TLS records, and into writes to the socket: what
 * is written to the socket at once, and is smaller than 64 KB, comes out of the other end's socket at once.
 */
export interface Wire {
  /** Gives what the client says, from the beginning, to the one that asks for it. */
  onReceived(take: (bytes: Buffer) => void): void;
  /** Writes segment by segment, with a short pause between them, after which the client has most likely read. */
  send(segments: readonly Segment[]): Promise<void>;
  /** Writes as it comes. Resolves when there is room for more. */
  write(bytes: Buffer): Promise<void>;
  end(): void;
  reset(): void;
}

/** What a server needs to speak TLS of one version. */
export function contextFor(certificates: Certificates, version: SecureVersion): SecureContext {
  return createSecureContext({
    cert: readFileSync(certificates.serverCertificate),
    key: readFileSync(certificates.serverKey),
    minVersion: version,
    maxVersion: version,
  });
}

/**
 * Answers a client's request for encryption, and gives the wire. A client that does not ask gets none.
 *
 * @param context undefined refuses encryption
 */
export async function acceptWire(socket: Socket, context: SecureContext | undefined): Promise<Wire> {
  socket.setNoDelay(true);
  const first = await opening(socket);
  if (first === undefined) return new PlainWire(socket);
  if (first.readInt32BE(4) !== OpeningCode.sslRequest) {
    socket.unshift(first);
    return new PlainWire(socket);
  }
  if (context === undefined) {
    socket.write('N');
    return new PlainWire(socket);
  }
  socket.write('S');
  const wire = new EncryptedWire(socket, context);
  await wire.established;
  return wire;
}

/** The first eight bytes, or all of what came first; undefined where the client goes away before. */
function opening(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const look = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      received = Buffer.concat([received, bytes]);
      if (received.length >= 8) over(received);
    };
    const gone = (): void => over(undefined);
    const over = (bytes: Buffer | undefined): void => {
      socket.off('readable', look).off('close', gone).off('end', gone);
      resolve(bytes);
    };
    socket.on('readable', look).on('close', gone).on('end', gone);
  });
}

/** Long enough for a client on the same machine to read, as a rule; nothing depends on it. In ms. */
const PAUSE = 2;

class PlainWire implements Wire {
  constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
  }

  onReceived(take: (bytes: Buffer) => void): void {
    this.socket.on('data', take);
  }

  async send(segments: readonly Segment[]): Promise<void> {
    for (const [i, segment] of segments.entries()) {
      if (i > 0) await setTimeout(PAUSE);
      await written(this.socket, Buffer.concat(segment));
    }
  }

  write(bytes: Buffer): Promise<void> {
    return written(this.socket, bytes);
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

class EncryptedWire implements Wire {
  readonly established: Promise<void>;
  private readonly secured: TLSSocket;
  /** Records that wait to be written together; undefined where everything goes out at once. */
  private held: Buffer[] | undefined;

  constructor(
    private readonly socket: Socket,
    secureContext: SecureContext,
  ) {
    const bottom = new Duplex({
      read: () => socket.resume(),
      write: (bytes: Buffer, _encoding, done) => {
        if (this.held === undefined) socket.write(bytes);
        else this.held.push(bytes);
        done();
      },
      final: (done) => {
        socket.end();
        done();
      },
    });
    socket
      .on('error', () => undefined)
      .on('data', (bytes: Buffer) => {
        if (!bottom.push(bytes)) socket.pause();
      })
      .on('end', () => bottom.push(null))
      .on('close', () => bottom.destroy());
    this.secured = new TLSSocket(bottom, { isServer: true, secureContext });
    this.established = new Promise((resolve, reject) => {
      this.secured.once('secure', resolve).on('error', reject).once('close', reject);
    });
    // A client may not like the certificate.
    this.established.catch(() => undefined);
  }

  onReceived(take: (bytes: Buffer) => void): void {
    this.secured.on('data', take);
  }

  async send(segments: readonly Segment[]): Promise<void> {
    for (const [i, segment] of segments.entries()) {
      if (i > 0) await setTimeout(PAUSE);
      this.held = [];
      for (const record of segment) await written(this.secured, record);
      const bytes = Buffer.concat(this.held);
      this.held = undefined;
      await written(this.socket, bytes);
    }
  }

  async write(bytes: Buffer): Promise<void> {
    await written(this.secured, bytes);
    if (this.socket.writableNeedDrain) await drained(this.socket);
  }

  end(): void {
    this.secured.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Never fails: what a client does not wait for has nobody to tell. */
function written(stream: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable || stream.destroyed) resolve();
    else stream.write(bytes, () => resolve());
  });
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
