import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Target } from './targets.js';

/** A way to the server on which the client is not told that its session's encoding has changed. */
export interface UntoldEncoding {
  readonly host: string;
  readonly port: number;
  close(): void;
}

// The report of the parameter gets another name, of the same length.
const REPORTED = Buffer.from('client_encoding\0SQL_ASCII\0');
const UNKNOWN = Buffer.from('client_encodinG\0SQL_ASCII\0');

/** A relay before the server, over the transport of the target. */
export async function startUntoldEncoding({ transport, config }: Target): Promise<UntoldEncoding> {
  const { port } = config;
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server =
      transport === 'TCP' ? connect(port, config.host) : connect(`${config.host}/.s.PGSQL.${port}`);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes: Buffer) => {
      const at = bytes.indexOf(REPORTED);
      if (at >= 0) UNKNOWN.copy(bytes, at);
      client.write(bytes);
    });
  });
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kbn-'));
  if (transport === 'TCP') relay.listen(0, '127.0.0.1');
  else relay.listen(path.join(directory, `.s.PGSQL.${port}`));
  await once(relay, 'listening');
  return {
    host: transport === 'TCP' ? '127.0.0.1' : directory,
    port: transport === 'TCP' ? (relay.address() as AddressInfo).port : port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
