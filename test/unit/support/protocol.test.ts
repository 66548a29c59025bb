import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BodyReader,
  cString,
  encodeMessage,
  encodeReport,
  encodeStartup,
  int16,
  int32,
  MessageReader,
  OpeningCode,
  ProtocolError,
  readReport,
  readStartup,
  type Message,
} from '../../support/protocol.js';

/** The stream in pieces that end at the given places. */
function pieces(stream: Buffer, ends: readonly number[]): Buffer[] {
  const at = [0, ...new Set(ends.map((end) => end % (stream.length + 1))), stream.length].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, i) => stream.subarray(at[i], end));
}

const message = fc.record({
  type: fc.constantFrom('Q', 'D', 'Z', 'P'),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

describe('MessageReader', () => {
  it('gives the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), (messages, ends) => {
        const stream = Buffer.concat(messages.map(({ type, body }) => encodeMessage(type, body)));
        const reader = new MessageReader(false);
        const read = pieces(stream, ends).flatMap((piece) => reader.push(piece));
        expect(read).toEqual(messages);
        expect(reader.buffered).toBe(0);
      }),
    );
  });

  it('reads a client from its first packet on', () => {
    const stream = Buffer.concat([
      encodeMessage('', int32(OpeningCode.gssEncRequest)),
      encodeMessage('', int32(OpeningCode.sslRequest)),
      encodeStartup([['user', 'system']]),
      encodeMessage('Q', cString('SELECT 1')),
    ]);
    for (let size = 1; size <= stream.length; size++) {
      const reader = new MessageReader(true);
      const messages: Message[] = [];
      for (let at = 0; at < stream.length; at += size) {
        messages.push(...reader.push(stream.subarray(at, at + size)));
      }
      expect(messages.map(({ type }) => type)).toEqual(['', '', '', 'Q']);
      expect(readStartup(messages[2]!.body)).toEqual(new Map([['user', 'system']]));
    }
  });

  it.each([
    ['a typed message shorter than its length field', false, Buffer.from([0x51, 0, 0, 0, 3])],
    ['a typed message of negative length', false, Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])],
    ['a message longer than the server allows', false, Buffer.from([0x51, 0x40, 0, 0, 0])],
    ['an opening packet without a code', true, Buffer.from([0, 0, 0, 4])],
    ['an opening packet beyond 10000 bytes, such as HTTP', true, Buffer.from('GET / HTTP/1.1\r\n')],
  ])('refuses %s', (_what, opening, bytes) => {
    expect(() => new MessageReader(opening).push(bytes)).toThrow(ProtocolError);
  });
});

describe('message bodies', () => {
  it('reads what was written', () => {
    const bytes = encodeMessage('B', int16(-2), int32(-3), cString('中文'), Buffer.from([1, 2, 3]));
    const [read] = new MessageReader(false).push(bytes);
    const body = new BodyReader(read!.body);
    expect([body.int16(), body.int32(), body.cString(), body.bytes(2), body.rest()]).toEqual([
      -2,
      -3,
      '中文',
      Buffer.from([1, 2]),
      Buffer.from([3]),
    ]);
    body.end();
  });

  it('refuses to read beyond the end, or to leave something over', () => {
    expect(() => new BodyReader(Buffer.from([0])).int16()).toThrow(ProtocolError);
    expect(() => new BodyReader(Buffer.from([0, 0, 0])).int32()).toThrow(ProtocolError);
    expect(() => new BodyReader(Buffer.from('no end')).cString()).toThrow(ProtocolError);
    expect(() => new BodyReader(Buffer.from([1])).bytes(-1)).toThrow(ProtocolError);
    expect(() => {
      new BodyReader(Buffer.from([1])).end();
    }).toThrow(ProtocolError);
  });

  it('refuses to write what cannot be read', () => {
    expect(() => cString('a\0b')).toThrow(ProtocolError);
    expect(() => encodeMessage('QQ')).toThrow(ProtocolError);
  });

  it('carries reports with all their fields', () => {
    const fields = new Map([
      ['S', '错误'],
      ['V', 'ERROR'],
      ['C', '23505'],
      ['M', '重复键违反唯一约束"t_pkey"'],
    ]);
    const [report] = new MessageReader(false).push(encodeReport('E', fields));
    expect(report?.type).toBe('E');
    expect(readReport(report!.body)).toEqual(fields);
  });

  it('refuses a startup packet of another protocol version, or with something behind its end', () => {
    expect(() => readStartup(int32(2 << 16))).toThrow(/2\.0/);
    const [startup] = new MessageReader(true).push(encodeStartup([['user', 'a']]));
    expect(() => readStartup(Buffer.concat([startup!.body, Buffer.from([1])]))).toThrow(ProtocolError);
  });
});
