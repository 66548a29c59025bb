// The binary for Linux on arm64, under emulation.
import { afterAll, describe } from 'vitest';
import { freePort } from '../../scripts/embedded-server.js';
import { arm64Libpq, arm64Node } from './support/emulated-linux.js';
import { testProgram } from './support/programs.js';
import { startPlatformServer } from './support/server.js';

const server = await startPlatformServer();
afterAll(() => server.stop());

describe('Node 20 on arm64', async () => {
  const runtime = arm64Node('20.20.2');
  const libraryPath = arm64Libpq();
  const config = { ...server.config, clientLibrary: libraryPath };
  const { ca, otherCa } = server.certificates;
  await testProgram(runtime, 'tls', { config, login: server.login, ca, otherCa });
  await testProgram(runtime, 'driver', { config, flavour: 'libpq', libraryPath, freePort: await freePort() });
});
