import type { TestProject } from 'vitest/node';
import { testLibraries, type TestLibrary } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    server: { host: string; port: number; socketDirectory: string; user: string; database: string };
    libraries: TestLibrary[];
  }
}

/** One server and the client libraries for all integration tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server, libraries] = await Promise.all([startServer({ version: 12 }), testLibraries()]);
  const { host, port, socketDirectory, user, database } = server;
  project.provide('server', { host, port, socketDirectory, user, database });
  project.provide('libraries', libraries);
  return () => server.stop();
}
