// The binary for Windows on x64, in node.exe under Wine.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stockLibpq } from '../../scripts/client-libraries.js';
import { freePort } from '../../scripts/embedded-server.js';
import { cache } from './support/cache.js';
import { runProgram, testProgram } from './support/programs.js';
import { startPlatformServer } from './support/server.js';
import { requireWindowsTools, standInDll, stopWine, windowsLibpq, windowsNode } from './support/windows.js';

requireWindowsTools();
const server = await startPlatformServer();
afterAll(async () => {
  stopWine();
  await server.stop();
});

const runtime = windowsNode('20.20.2');
const { nameOf } = runtime;
const standIn = nameOf(standInDll('whole'));
const stock = nameOf(windowsLibpq());
const config = { ...server.config, clientLibrary: standIn };

describe.each([
  { name: 'the stand-in libkci.dll', flavour: 'kci', libraryPath: standIn },
  { name: 'stock libpq.dll', flavour: 'libpq', libraryPath: stock },
])('Node 20 with $name', async ({ flavour, libraryPath }) => {
  const own = { ...config, clientLibrary: libraryPath };
  const [ca, otherCa] = [nameOf(server.certificates.ca), nameOf(server.certificates.otherCa)];
  await testProgram(runtime, 'tls', { config: own, login: server.login, ca, otherCa });
  await testProgram(runtime, 'driver', { config: own, flavour, libraryPath, freePort: await freePort() });
});

describe.each(['18.20.8', '22.23.3'])('Node %s', async (version) => {
  await testProgram(windowsNode(version), 'smoke', { config });
});

describe('a host program of another name, as Electron is', async () => {
  await testProgram(windowsNode('20.20.2', 'other-host.exe'), 'smoke', { config });
});

it('ends by process.exit with a statement running', async () => {
  const { code, output } = await runProgram(runtime, 'exit', { config });
  expect(code, output).toBe(7);
});

describe('what a client library needs and is not beside it', async () => {
  await testProgram(runtime, 'dll-search', {
    config: { ...config, clientLibrary: nameOf(standInDll('missing-dependency')) },
    needed: nameOf(path.dirname(windowsLibpq())),
  });
});

describe('a client library that cannot be used', async () => {
  const empty = path.join(cache, 'empty');
  mkdirSync(empty, { recursive: true });
  await testProgram(runtime, 'unusable-libraries', {
    config,
    // The DLL that one of them lacks lies there.
    currentDirectory: path.win32.dirname(stock),
    cases: [
      { path: nameOf(path.join(empty, 'libkci.dll')), code: 'KB_LIBRARY_NOT_FOUND', says: 'does not exist' },
      { directory: nameOf(empty), code: 'KB_LIBRARY_NOT_FOUND', says: 'libkci.dll' },
      {
        path: nameOf(standInDll('wrong-architecture')),
        code: 'KB_LIBRARY_WRONG_ARCHITECTURE',
        says: 'aarch64',
      },
      {
        path: nameOf(standInDll('missing-dependency')),
        code: 'KB_LIBRARY_MISSING_DEPENDENCY',
        says: 'libpq.dll',
      },
      {
        path: nameOf(standInDll('missing-symbol')),
        code: 'KB_LIBRARY_MISSING_SYMBOL',
        says: 'KCIConnectionPoll',
      },
      { path: nameOf(stockLibpq(18)), code: 'KB_LIBRARY_NOT_A_LIBRARY', says: '' },
    ],
  });
});
