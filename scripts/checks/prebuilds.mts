/**
 * `npm run check:prebuilds`: examines the binaries in prebuilds/ (`npm run prebuild` makes them). Each must be for its
 * system, need nothing that a system which Node 18 runs on may lack, export nothing but the module's entry, be hardened
 * as native/addon.gypi and CMakeLists.txt say, and come out the same from a second build in another folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { BuildError, runAsProgram } from '../build-support.mjs';
import { hardeningOfDll, hardeningOfElf } from './hardening.mjs';
import { buildPrebuild, prebuildPath, TARGETS, TOOLCHAINS, type Target } from '../prebuild.mjs';

/** What Node 18 to 26 need themselves, or what the system they are for (RHEL 8) comes with. */
const NEWEST: Readonly<Record<string, string>> = { GLIBC: '2.28', GLIBCXX: '3.4.24', CXXABI: '1.3.11' };

const FORMATS: Readonly<Record<Target, string>> = {
  'linux-x64': 'elf64-x86-64',
  'linux-arm64': 'elf64-littleaarch64',
  'win32-x64': 'pei-x86-64',
};

/** Libraries that Node is linked with itself, and those that every Windows has. */
const LIBRARIES: Readonly<Record<'linux' | 'win32', RegExp>> = {
  linux: /^(lib(c|dl|m|pthread|stdc\+\+|gcc_s)\.so\.\d|ld-linux-.*)$/,
  win32: /^(advapi32|kernel32|msvcrt|ws2_32)\.dll$/i,
};

const ENTRIES = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap((match) => match[1] ?? []);

const isNewer = (version: string, limit: string): boolean =>
  version.localeCompare(limit, 'en', { numeric: true }) > 0;

/** What is wrong with a binary, one sentence each, and what it needs. */
function examine(target: Target, file: string): { faults: string[]; needs: string } {
  const isWindows = target === 'win32-x64';
  const dump = (...options: string[]): string =>
    execFileSync(`${TOOLCHAINS[target].prefix}objdump`, [...options, file], { encoding: 'utf8' });
  const headers = dump('-p');
  const symbols = isWindows ? '' : dump('-T');
  const faults: string[] = [];

  if (!headers.includes(`file format ${FORMATS[target]}`)) faults.push(`it is not ${FORMATS[target]}.`);

  const needed = matches(headers, isWindows ? /DLL Name: (\S+)/g : /NEEDED\s+(\S+)/g);
  const allowed = LIBRARIES[isWindows ? 'win32' : 'linux'];
  for (const name of needed) if (!allowed.test(name)) faults.push(`it needs ${name}.`);

  const highest = Object.entries(NEWEST).flatMap(([family, limit]) => {
    const versions = matches(symbols, new RegExp(`\\b${family}_([\\d.]+)`, 'g'));
    const [newest] = versions.sort((a, b) => (isNewer(a, b) ? -1 : 1));
    if (newest === undefined) return [];
    if (isNewer(newest, limit)) {
      const which = symbols.split('\n').filter((line) => line.includes(`${family}_${newest}`));
      faults.push(`it needs ${family}_${newest}, and ${limit} is the limit:\n${which.join('\n')}`);
    }
    return [`${family} ${newest}`];
  });

  const exported = isWindows
    ? matches(headers, /^\t\[ *\d+\] (\w+)$/gm)
    : matches(symbols, /^[\da-f]+ [guw](?!.*\*UND\*).*\s(\S+)$/gm);
  if (exported.sort().join() !== ENTRIES.join()) {
    faults.push(`it exports ${exported.join(', ') || 'nothing'}.`);
  }
  for (const { what, is } of isWindows ? hardeningOfDll(headers) : hardeningOfElf(headers, symbols)) {
    if (!is) faults.push(`it lacks ${what}.`);
  }
  return { faults, needs: [...highest, ...needed].join(', ') };
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

await runAsProgram(import.meta.url, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-prebuilds-'));
  try {
    for (const target of TARGETS) {
      const file = prebuildPath(target);
      if (!existsSync(file)) throw new BuildError(`${file} does not exist: run "npm run prebuild" first.`);
      const { faults, needs } = examine(target, file);
      buildPrebuild(target, folder, 'again');
      const again = prebuildPath(target, folder);
      if (hashOf(file) !== hashOf(again)) faults.push('a second build gave other bytes.');
      console.log(`${target}: ${faults.length === 0 ? 'good' : 'NOT GOOD'} (${needs})`);
      for (const fault of faults) console.log(`  ${fault}`);
      if (faults.length > 0) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
