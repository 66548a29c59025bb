import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer, sslRequest, startupMessage, type Answer } from '../../../lib/cli/doctor/protocol.js';
import { ConnectionEnd } from '../../../lib/cli/doctor/socket.js';
import { authenticationRequest, fatal, saslRequest } from '../../support/fake-database.js';
import { encodeReport, MessageReader, readStartup } from '../../support/protocol.js';

/** What is made of these bytes, when they come in pieces and the connection ends after them. */
async function read(bytes: Uint8Array, pieceLength = bytes.length): Promise<Answer | ConnectionEnd> {
  const stream = new PassThrough();
  for (let at = 0; at < bytes.length; at += Math.max(1, pieceLength)) {
    stream.write(bytes.subarray(at, at + Math.max(1, pieceLength)));
  }
  stream.end();
  try {
    return await readAnswer(stream, performance.now() + 5_000);
  } catch (error) {
    if (error instanceof ConnectionEnd) return error;
    throw error;
  }
}

describe('the packets that open a connection', () => {
  it('are those of the protocol', () => {
    const [request, startup] = new MessageReader(true).push(
      Buffer.concat([sslRequest(), startupMessage({ user: 'system', database: '测试' })]),
    );
    expect(request?.body.toString('hex')).toBe('04d2162f');
    expect(startup && Object.fromEntries(readStartup(startup.body))).toEqual({
      user: 'system',
      database: '测试',
    });
  });
});

describe("a server's answer", () => {
  it.each([1, 2, 3, 1000])('is read in pieces of %i bytes', async (length) => {
    expect(await read(saslRequest('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'), length)).toEqual({
      kind: 'authentication',
      code: 10,
      mechanisms: ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'],
    });
    expect(await read(authenticationRequest(13, Buffer.from('salt')), length)).toMatchObject({ code: 13 });
    expect(await read(fatal('57P03', '数据库系统启动中'), length)).toMatchObject({
      kind: 'error',
      fields: { C: '57P03', M: '数据库系统启动中' },
    });
  });

  it('may come after notices', async () => {
    const notice = encodeReport('N', [['M', 'License file will expire in 3 days.']]);
    expect(await read(Buffer.concat([notice, notice, authenticationRequest(0)]))).toMatchObject({ code: 0 });
  });

  it('is not waited for without end where notices go on and on', async () => {
    const notice = encodeReport('N', [['M', 'again']]);
    expect(await read(Buffer.concat(Array.from({ length: 1_000 }, () => notice)))).toMatchObject({
      kind: 'foreign',
    });
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n'],
    ['an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['MySQL', '\x4a\0\0\0\x0a8.0.33\0'],
    ['a request with an impossible size', 'R\x7f\xff\xff\xff'],
    ['a request without a code', 'R\0\0\0\x04'],
  ])('is not that of %s', async (_what, bytes) => {
    const answer = await read(Buffer.from(bytes, 'latin1'));
    expect(answer).toMatchObject({ kind: 'foreign' });
    if (answer instanceof ConnectionEnd || answer.kind !== 'foreign') return;
    expect(bytes.startsWith(answer.beginning.toString('latin1'))).toBe(true);
  });

  it('can break off', async () => {
    const whole = saslRequest('SCRAM-SHA-256');
    for (let length = 0; length < whole.length; length++) {
      expect(await read(whole.subarray(0, length))).toMatchObject({ ending: 'closed' });
    }
  });

  it('is waited for until the deadline only', async () => {
    await expect(readAnswer(new PassThrough(), performance.now() + 20)).rejects.toMatchObject({
      ending: 'silent',
    });
  });

  it('can be anything, and is always one of the kinds', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // What looks like a message goes deeper.
      fc
        .tuple(
          fc.constantFrom('R', 'E', 'N', 'v'),
          fc.integer({ min: -5, max: 60 }),
          fc.uint8Array({ maxLength: 80 }),
        )
        .map(([type, length, body]) => {
          const size = Buffer.alloc(4);
          size.writeInt32BE(length);
          return Buffer.concat([Buffer.from(type), size, body]);
        }),
    );
    await fc.assert(
      fc.asyncProperty(anything, fc.integer({ min: 1, max: 20 }), async (bytes, pieceLength) => {
        const answer = await read(bytes, pieceLength);
        if (!(answer instanceof ConnectionEnd))
          expect(answer.kind).toMatch(/^(authentication|error|foreign)$/);
      }),
    );
  });
});
