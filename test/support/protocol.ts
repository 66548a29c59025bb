/**
 * Messages of the frontend/backend protocol 3.0 (PostgreSQL manual, "Message Formats"), cut out of a byte stream and
 * put together again, for proxies between a client and a server.
 */

/** A message without its length. `type` is the letter it begins with; '' for the packets that open a connection. */
export interface Message {
  readonly type: string;
  readonly body: Buffer;
}

/** The bytes are not what the protocol allows. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The numbers that begin the body of a packet without a type. */
export const OpeningCode = {
  startup: 0x0003_0000,
  cancelRequest: 80877102,
  sslRequest: 80877103,
  gssEncRequest: 80877104,
} as const;

// The server's own limits: MAX_STARTUP_PACKET_LENGTH, and MaxAllocSize for everything else.
const MAX_OPENING_LENGTH = 10_000;
const MAX_LENGTH = 0x3fff_ffff;

/** Cuts a stream that comes in pieces into messages. */
export class MessageReader {
  private readonly pieces: Buffer[] = [];
  private available = 0;

  /**
   * @param opening whether the stream begins with packets that have no type: requests for encryption, then a startup or
   *   cancel packet, as clients send them
   */
  constructor(private opening: boolean) {}

  /** How many bytes of an unfinished message are held. */
  get buffered(): number {
    return this.available;
  }

  /**
   * Takes a piece of the stream and gives the messages that are complete with it.
   *
   * @throws ProtocolError for a length that no message can have
   */
  push(piece: Buffer): Message[] {
    if (piece.length > 0) this.pieces.push(piece);
    this.available += piece.length;
    const messages: Message[] = [];
    for (let message = this.next(); message !== undefined; message = this.next()) messages.push(message);
    return messages;
  }

  private next(): Message | undefined {
    const typeLength = this.opening ? 0 : 1;
    const headerLength = typeLength + 4;
    if (this.available < headerLength) return undefined;
    const header = this.join(headerLength);
    const type = header.toString('latin1', 0, typeLength);
    const length = header.readInt32BE(typeLength);
    const minimum = this.opening ? 8 : 4;
    const maximum = this.opening ? MAX_OPENING_LENGTH : MAX_LENGTH;
    if (length < minimum || length > maximum) {
      throw new ProtocolError(
        `A message of type "${type}" says that it has ${length} bytes; it can have ${minimum} to ${maximum}.`,
      );
    }
    if (this.available < typeLength + length) return undefined;
    const body = this.join(typeLength + length).subarray(headerLength, typeLength + length);
    this.drop(typeLength + length);
    if (this.opening) {
      const code = body.readInt32BE(0);
      this.opening = code === OpeningCode.sslRequest || code === OpeningCode.gssEncRequest;
    }
    return { type, body };
  }

  /** Makes the first piece hold at least `length` bytes. Copies each byte once, since it waits for all of them. */
  private join(length: number): Buffer {
    const [first] = this.pieces;
    if (first !== undefined && first.length >= length) return first;
    const joined: Buffer[] = [];
    let joinedLength = 0;
    while (joinedLength < length) {
      const piece = this.pieces.shift();
      if (piece === undefined)
        throw new RangeError(`${length} bytes were asked for, ${joinedLength} are there.`);
      joined.push(piece);
      joinedLength += piece.length;
    }
    const whole = Buffer.concat(joined);
    this.pieces.unshift(whole);
    return whole;
  }

  private drop(length: number): void {
    const [first] = this.pieces;
    if (first === undefined) return;
    if (first.length === length) this.pieces.shift();
    else this.pieces[0] = first.subarray(length);
    this.available -= length;
  }
}

/** The bytes of a message, its body given in parts: {@link int16}, {@link int32}, {@link cString}, or as it is. */
export function encodeMessage(type: string, ...parts: readonly Buffer[]): Buffer {
  const bodyLength = parts.reduce((sum, part) => sum + part.length, 0);
  if (Buffer.byteLength(type, 'latin1') > 1)
    throw new ProtocolError(`"${type}" is not a message type: it has one letter.`);
  if (bodyLength + 4 > MAX_LENGTH) {
    throw new ProtocolError(`A message of type "${type}" cannot have a body of ${bodyLength} bytes.`);
  }
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(bodyLength + 4), ...parts]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function cString(text: string): Buffer {
  if (text.includes('\0')) throw new ProtocolError('A string in a message cannot hold a zero byte.');
  return Buffer.from(`${text}\0`);
}

/** Reads a message's body from its start to its end. Every method throws a ProtocolError where the body is too short. */
export class BodyReader {
  private at = 0;

  constructor(private readonly body: Buffer) {}

  get remaining(): number {
    return this.body.length - this.at;
  }

  int16(): number {
    return this.body.readInt16BE(this.advance(2));
  }

  int32(): number {
    return this.body.readInt32BE(this.advance(4));
  }

  bytes(length: number): Buffer {
    const from = this.advance(length);
    return this.body.subarray(from, from + length);
  }

  cString(): string {
    const end = this.body.indexOf(0, this.at);
    if (end < 0) throw new ProtocolError(`No zero byte ends the string at byte ${this.at} of a message.`);
    const from = this.advance(end + 1 - this.at);
    return this.body.toString('utf8', from, end);
  }

  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** Makes sure that nothing is left over. */
  end(): void {
    if (this.remaining !== 0)
      throw new ProtocolError(`${this.remaining} bytes follow the end of a message's contents.`);
  }

  private advance(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new ProtocolError(
        `${length} bytes were expected at byte ${this.at} of a message, ${this.remaining} are left.`,
      );
    }
    const from = this.at;
    this.at += length;
    return from;
  }
}

/** The parameters of a startup packet: `user`, `database`, … */
export function readStartup(body: Buffer): Map<string, string> {
  const reader = new BodyReader(body);
  const code = reader.int32();
  if (code !== OpeningCode.startup)
    throw new ProtocolError(`Protocol version ${code >> 16}.${code & 0xffff} is not known.`);
  const parameters = new Map<string, string>();
  for (let name = reader.cString(); name !== ''; name = reader.cString())
    parameters.set(name, reader.cString());
  reader.end();
  return parameters;
}

export function encodeStartup(parameters: Iterable<readonly [name: string, value: string]>): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [cString(name), cString(value)]);
  return encodeMessage('', int32(OpeningCode.startup), ...pairs, cString(''));
}

/** The fields of an ErrorResponse or NoticeResponse by their letters, in the order they came in. */
export function readReport(body: Buffer): Map<string, string> {
  const reader = new BodyReader(body);
  const fields = new Map<string, string>();
  for (let [code] = reader.bytes(1); code !== undefined && code !== 0; [code] = reader.bytes(1))
    fields.set(String.fromCharCode(code), reader.cString());
  reader.end();
  return fields;
}

export function encodeReport(
  type: 'E' | 'N',
  fields: Iterable<readonly [letter: string, text: string]>,
): Buffer {
  const parts = [...fields].map(([letter, text]) => cString(letter + text));
  return encodeMessage(type, ...parts, cString(''));
}
