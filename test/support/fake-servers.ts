import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** Something that listens on 127.0.0.1 and is not a database server. */
export interface FakeServer {
  port: number;
  /** Connections that the other side has not closed. */
  openConnections(): number;
  close(): Promise<void>;
}

export async function fakeServer(
  behaviour: (socket: Socket) => void,
  address = '127.0.0.1',
): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    behaviour(socket);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('A TCP server has a port.');
  return {
    port: bound.port,
    openConnections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Takes what it is sent and never answers. */
export const silent = (socket: Socket): void => {
  socket.resume();
};

export const closesAtOnce = (socket: Socket): void => {
  socket.destroy();
};

/** As when the port of a web server is given. */
export const speaksHttp = (socket: Socket): void => {
  socket.resume();
  socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
};

/** Agrees to TLS and then says nothing more. */
export const stopsInHandshake = (socket: Socket): void => {
  socket.once('data', () => {
    socket.write('S');
    socket.resume();
  });
};

/** Agrees to TLS and then does not speak it. */
export const garblesHandshake = (socket: Socket): void => {
  socket.once('data', () => {
    socket.write('S');
    socket.once('data', () => socket.end('this is not a TLS record'));
  });
};
