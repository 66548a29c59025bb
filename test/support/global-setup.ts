import type { SecureVersion } from 'node:tls';
import type { TestProject } from 'vitest/node';
import { testLibraries, type TestLibrary } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';
import { parseConfig } from '../../lib/config/index.js';
import { startTlsProxy } from './tls-proxy.js';

export interface TestServer {
  host: string;
  port: number;
  /** Of the embedded server; '' for one that was given. */
  socketDirectory: string;
  user: string;
  database: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    server: TestServer;
    libraries: TestLibrary[];
    /** Over what the tests reach the server. */
    transports: ('TCP' | 'Unix socket')[];
    /** For tests that would not have TLS: that of a run is for everything. */
    sslMode: 'disable' | 'require';
  }
}

interface StartedServer extends TestServer {
  stop(): Promise<unknown>;
}

/**
 * One server and the client libraries for all integration tests of a run. By variables of the environment another
 * server (KINGBASE_TEST_DSN), other libraries ({@link testLibraries}), and TLS (KINGBASE_TEST_TLS: 1.2 or 1.3) by a
 * proxy in front of the server, for everything that asks for it, which the driver does by default.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server, libraries] = await Promise.all([testServer(), testLibraries()]);
  const { socketDirectory, user, database } = server;
  const version = tlsVersion();
  const proxy = version && (await startTlsProxy(server, version));
  const { host, port } = proxy ?? server;
  project.provide('server', { host, port, socketDirectory, user, database });
  project.provide('libraries', libraries);
  project.provide('transports', proxy || socketDirectory === '' ? ['TCP'] : ['TCP', 'Unix socket']);
  project.provide('sslMode', proxy ? 'require' : 'disable');
  return async () => {
    await proxy?.close();
    await server.stop();
  };
}

function tlsVersion(): SecureVersion | undefined {
  const version = process.env['KINGBASE_TEST_TLS'];
  if (version === undefined || version === '') return undefined;
  if (version === '1.2' || version === '1.3') return `TLSv${version}`;
  throw new Error(`KINGBASE_TEST_TLS must be 1.2 or 1.3, but is "${version}".`);
}

async function testServer(): Promise<StartedServer> {
  const dsn = process.env['KINGBASE_TEST_DSN'];
  if (dsn === undefined || dsn === '') return startServer({ version: 12 });
  const { hosts, user, database, password } = parseConfig(dsn);
  const [{ host, port } = { host: '', port: 0 }] = hosts;
  if (host === '' || host.startsWith('/'))
    throw new Error('KINGBASE_TEST_DSN must name a host to reach over TCP.');
  if (typeof password === 'string') process.env['KINGBASE_PASSWORD'] = password;
  return { host, port, socketDirectory: '', user, database, stop: () => Promise.resolve() };
}
