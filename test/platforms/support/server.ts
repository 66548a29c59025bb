import { open } from 'kingbase-native';
import { startServer, type Certificates, type EmbeddedServer } from '../../../scripts/embedded-server.js';
import { stockLibpq } from '../../../scripts/client-libraries.js';

/** A server on this machine for programs of other systems. It speaks TLS, and has a user with a password. */
export interface PlatformServer {
  readonly config: { host: string; port: number; user: string; database: string };
  readonly login: { user: string; password: string };
  readonly certificates: Certificates;
  stop(): Promise<void>;
}

export async function startPlatformServer(): Promise<PlatformServer> {
  const login = { user: '密码用户', password: '密码 "\\' };
  const server: EmbeddedServer = await startServer({
    tls: true,
    settings: { password_encryption: 'scram-sha-256' },
    hba: [`hostssl all "${login.user}" all scram-sha-256`, 'host all all all trust', 'local all all trust'],
  });
  const { host, port, user, database, certificates } = server;
  if (certificates === undefined) throw new Error('A server with TLS has certificates.');
  const config = { host, port, user, database };
  const db = open({ ...config, clientLibrary: stockLibpq(18) });
  await db.script(`CREATE ROLE "${login.user}" LOGIN PASSWORD '${login.password}'`);
  await db.close();
  return { config, login, certificates, stop: () => server.stop() };
}
