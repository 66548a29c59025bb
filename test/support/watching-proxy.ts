import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { encodeMessage, MessageReader, type Message } from './protocol.js';

/** Stands between clients without TLS and a server. */
export interface WatchingProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  close(): Promise<void>;
}

/** @param change sees every message of the server, and gives the one that the client gets instead */
export async function startWatchingProxy(
  server: { host: string; port: number },
  change: (message: Message) => Message,
): Promise<WatchingProxy> {
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...server, noDelay: true });
    const reader = new MessageReader(false);
    upstream.on('data', (piece: Buffer) => {
      for (const message of reader.push(piece)) {
        const { type, body } = change(message);
        client.write(encodeMessage(type, body));
      }
    });
    client.pipe(upstream);
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
    close: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
