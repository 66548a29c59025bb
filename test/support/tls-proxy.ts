import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { createCertificates } from '../../scripts/certificates.js';
import { fakeServer } from './fake-servers.js';
import { acceptWire, contextFor } from './wire.js';

/**
 * Ends TLS in front of a server without it, as gateways, poolers and service meshes do: what the server says goes on
 * in records of up to 16 KB, whatever its own messages are, where a server's own records end with its messages.
 * Clients that do not ask for TLS, and cancel requests, are passed on as they are.
 */
export interface TlsProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  close(): Promise<void>;
}

export async function startTlsProxy(
  target: { host: string; port: number },
  version: SecureVersion,
): Promise<TlsProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'kingbase-native-certificates-'));
  const context = contextFor(createCertificates(directory), version);
  rmSync(directory, { recursive: true });
  const listener = await fakeServer((client) => {
    void acceptWire(client, context).then(
      (wire) => {
        const server = connect({ ...target, noDelay: true });
        wire.onReceived((bytes) => {
          if (!server.write(bytes)) hold(client, server);
        });
        server.on('error', () => client.resetAndDestroy()).on('end', () => wire.end());
        client.on('close', () => server.end());
        server.on('data', (bytes: Buffer) => {
          // A client that does not read makes the server wait.
          server.pause();
          void wire.write(bytes).then(() => server.resume());
        });
      },
      () => client.destroy(),
    );
  });
  return { host: '127.0.0.1', port: listener.port, close: () => listener.close() };
}

function hold(client: Socket, server: Socket): void {
  client.pause();
  server.once('drain', () => client.resume());
}
