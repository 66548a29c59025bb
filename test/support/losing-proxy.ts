import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { encodeMessage, MessageReader, type Message } from './protocol.js';

/** How a connection is lost: by either side's end, or by silence. */
export type Loss = 'fin' | 'rst' | 'hold';

/** Stands between clients without TLS and a server; loses a connection right behind an answer that it has passed on. */
export interface LosingProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /**
   * The next connection on which the server sends a message that `matches` is lost behind the end of that answer; later
   * connections are passed on again. Resolves when it has happened.
   */
  loseBehind(matches: (message: Message) => boolean, how: Loss): Promise<void>;
  close(): Promise<void>;
}

/** Whether a message says that such a command has ended. */
export function isTag(tag: string): (message: Message) => boolean {
  return ({ type, body }) => type === 'C' && body.toString('latin1').startsWith(tag);
}

export async function startLosingProxy(server: { host: string; port: number }): Promise<LosingProxy> {
  const sockets = new Set<Socket>();
  let armed: { matches: (message: Message) => boolean; how: Loss; lost: () => void } | undefined;
  const listener = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...server, noDelay: true });
    const reader = new MessageReader(false);
    let mine: typeof armed;
    let silent = false;
    upstream.on('data', (piece: Buffer) => {
      for (const message of reader.push(piece)) {
        if (silent) return;
        const { type, body } = message;
        client.write(encodeMessage(type, body));
        if (armed?.matches(message) === true) {
          mine = armed;
          armed = undefined;
        }
        if (mine === undefined || type !== 'Z') continue;
        silent = true;
        const { how, lost } = mine;
        if (how === 'rst') client.resetAndDestroy();
        else if (how === 'fin') client.end();
        lost();
      }
    });
    client.on('data', (piece: Buffer) => {
      if (!silent) upstream.write(piece);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    loseBehind: (matches, how) =>
      new Promise((lost) => {
        armed = { matches, how, lost };
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
