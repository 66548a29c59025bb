import type { Duplex } from 'node:stream';
import { ByteReader } from './socket.js';

/**
 * The start of the frontend/backend protocol 3.0 (PostgreSQL manual, "Message Flow"), as far as the server's request for
 * authentication: enough to tell what answers, without a client library.
 */

const SSL_REQUEST = 80877103;
const PROTOCOL_3_0 = 0x0003_0000;

// The limits of libpq (PQconnectPoll): no server sends more before the login, and an HTTP answer has far more here.
const MAX_REQUEST = 2_000;
const MAX_REPORT = 30_000;

/** What a server answers to the packet that opens a session. */
export type Answer =
  | { readonly kind: 'authentication'; readonly code: number; readonly mechanisms: readonly string[] }
  /** Fields by their letters: `C` = SQLSTATE, `M` = message. Without `C`, a server that could not start a process. */
  | { readonly kind: 'error'; readonly fields: Readonly<Record<string, string | undefined>> }
  /** Not the protocol; what came instead. */
  | { readonly kind: 'foreign'; readonly beginning: Buffer };

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function packet(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
}

export function sslRequest(): Buffer {
  return packet(int32(SSL_REQUEST));
}

export function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).flatMap((pair) => pair.map((word) => Buffer.from(`${word}\0`)));
  return packet(int32(PROTOCOL_3_0), ...pairs, Buffer.from([0]));
}

/** Terminate: the server then logs nothing about a client that went away. */
export function terminate(): Buffer {
  return Buffer.concat([Buffer.from('X'), int32(4)]);
}

/** Reads until the server asks for authentication, refuses, or turns out not to be one. Throws a ConnectionEnd. */
export async function readAnswer(stream: Duplex, deadline: number): Promise<Answer> {
  const reader = new ByteReader(stream, deadline);
  // A server says little before it: NegotiateProtocolVersion and notices.
  for (let messages = 0; messages < 20; messages++) {
    const type = await reader.take(1);
    const letter = type.toString('latin1');
    if (!'RENv'.includes(letter)) return foreign(reader, type);
    const size = await reader.take(4);
    const length = size.readInt32BE(0);
    if (letter === 'E' && (length < 8 || length > MAX_REPORT)) {
      // Protocol 2.0, in which a server says that it cannot start a process: a text that ends with a zero byte.
      return { kind: 'error', fields: { M: await readText(reader, size) } };
    }
    if (length < (letter === 'R' ? 8 : 5) || length > (letter === 'R' ? MAX_REQUEST : MAX_REPORT)) {
      return foreign(reader, Buffer.concat([type, size]));
    }
    const body = await reader.take(length - 4);
    if (letter === 'E') return { kind: 'error', fields: readFields(body) };
    if (letter === 'R') {
      const code = body.readInt32BE(0);
      return { kind: 'authentication', code, mechanisms: code === 10 ? strings(body.subarray(4)) : [] };
    }
  }
  return { kind: 'foreign', beginning: Buffer.alloc(0) };
}

function foreign(reader: ByteReader, beginning: Buffer): Answer {
  return { kind: 'foreign', beginning: Buffer.concat([beginning, reader.available(64)]) };
}

async function readText(reader: ByteReader, beginning: Buffer): Promise<string> {
  const pieces = [beginning];
  while (pieces.length < MAX_REQUEST) {
    const piece = await reader.take(1);
    if (piece[0] === 0) break;
    pieces.push(piece);
  }
  return decode(Buffer.concat(pieces)).trim();
}

function readFields(body: Buffer): Record<string, string> {
  return Object.fromEntries(strings(body).map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** The strings of a list that an empty one ends. One without its zero byte counts as well: this is for people to read. */
function strings(bytes: Buffer): string[] {
  const all = decode(bytes).split('\0');
  const end = all.indexOf('');
  return end < 0 ? all : all.slice(0, end);
}

/** Before the login a server writes in its own encoding: in a Chinese installation that can be GBK. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}
