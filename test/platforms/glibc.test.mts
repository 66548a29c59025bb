// The binary for Linux on x64, on an older C library than the one that it was built with.
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/embedded-server.js';
import { stockLibpq } from '../../scripts/client-libraries.js';
import { nodeOnOldGlibc } from './support/emulated-linux.js';
import { runProgram, testProgram } from './support/programs.js';
import { startPlatformServer } from './support/server.js';

const server = await startPlatformServer();
afterAll(() => server.stop());

const runtime = nodeOnOldGlibc('18.20.8');
const clientLibrary = stockLibpq(18);
const config = { ...server.config, clientLibrary };

it('runs on glibc 2.31', async () => {
  const { output } = await runProgram(runtime, 'c-library', {});
  expect(output.trim()).toBe('2.31');
});

describe('Node 18 on glibc 2.31', async () => {
  const { ca, otherCa } = server.certificates;
  await testProgram(runtime, 'tls', { config, login: server.login, ca, otherCa });
  await testProgram(runtime, 'driver', {
    config,
    flavour: 'libpq',
    libraryPath: clientLibrary,
    freePort: await freePort(),
  });
});
