import type { Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { encodeMessage, encodeReport, int32, cString, MessageReader, OpeningCode } from './protocol.js';

/**
 * A server as far as its answer to the start-up packet. With `tls` it takes TLS, otherwise it declines it.
 *
 * @param secured is given each connection after its handshake
 */
export function answers(
  answer: Buffer,
  tls?: TLSSocketOptions,
  secured?: (socket: TLSSocket) => void,
): (socket: Socket) => void {
  return (socket) => {
    serve(socket, answer, tls, secured);
  };
}

function serve(
  stream: Socket,
  answer: Buffer,
  tls: TLSSocketOptions | undefined,
  secured: ((socket: TLSSocket) => void) | undefined,
): void {
  const reader = new MessageReader(true);
  const receive = (bytes: Buffer): void => {
    for (const { body } of reader.push(bytes)) {
      if (body.readInt32BE(0) === OpeningCode.sslRequest && tls !== undefined) {
        stream.off('data', receive);
        stream.write('S');
        const secure = new TLSSocket(stream, { isServer: true, ...tls });
        secure.on('error', () => stream.destroy());
        if (secured !== undefined)
          secure.once('secure', () => {
            secured(secure);
          });
        serve(secure, answer, undefined, undefined);
        return;
      }
      if (body.readInt32BE(0) === OpeningCode.startup) {
        stream.off('data', receive).resume();
        // What is refused is closed as well.
        if (answer.toString('latin1', 0, 1) === 'E') stream.end(answer);
        else stream.write(answer);
        return;
      }
      stream.write('N');
    }
  };
  stream.on('data', receive);
}

/** AuthenticationRequest; `rest` is a salt or the list of mechanisms. */
export function authenticationRequest(code: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  return encodeMessage('R', int32(code), rest);
}

export function saslRequest(...mechanisms: string[]): Buffer {
  return authenticationRequest(10, Buffer.concat([...mechanisms.map(cString), cString('')]));
}

export function fatal(code: string, message: string): Buffer {
  return encodeReport('E', [
    ['S', 'FATAL'],
    ['V', 'FATAL'],
    ['C', code],
    ['M', message],
  ]);
}

/** Resets the connection as soon as something comes in. */
export const resets = (socket: Socket): void => {
  socket.once('data', () => socket.resetAndDestroy());
};

/** Agrees to TLS, and ends the connection when the handshake begins: with FIN, or with RST. */
export const leavesHandshake =
  (how: 'closes' | 'resets') =>
  (socket: Socket): void => {
    socket.once('data', () => {
      socket.write('S');
      socket.once('data', () => {
        if (how === 'closes') socket.end();
        else socket.resetAndDestroy();
      });
    });
  };
