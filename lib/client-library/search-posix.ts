import { posix } from 'node:path';
import type { LibraryFileSystem } from './file-system.js';
import {
  fileCandidate,
  newestFirst,
  SOURCE,
  versionsNewestFirst,
  type Candidate,
  type Places,
} from './candidate.js';

/** Where the vendor's installers put KingbaseES. */
const INSTALL_ROOT = '/opt/Kingbase/ES';

/** Where an installation, or the directory that `KINGBASE_HOME` names, keeps the library; the server's own first. */
const LIBRARY_DIRECTORIES = [
  'Server/lib',
  'lib',
  'Interface/libkci/lib',
  'Interface/libkci',
  'Interface',
  'interface/libkci/lib',
  'interface/libkci',
  'interface',
  'ClientTools/lib',
  'bin',
];

export const POSIX_PLACES: Places = {
  isFixed: (path) => posix.isAbsolute(path),
  expectedIn: (directory) => posix.join(directory, 'libkci.so.5'),
  librariesIn: (directory, fileSystem) =>
    libraryFiles(fileSystem.listDirectory(directory)).map((name) => posix.join(directory, name)),

  *search(environment, fileSystem, fallback) {
    const home = environment['KINGBASE_HOME'];
    if (home && posix.isAbsolute(home)) yield* inInstallation(home, 'KINGBASE_HOME', fileSystem);

    const installed = versionsNewestFirst(fileSystem.listDirectory(INSTALL_ROOT));
    for (const version of installed.length > 0 ? installed : ['V9', 'V8']) {
      yield* inInstallation(posix.join(INSTALL_ROOT, version), SOURCE.installation, fileSystem);
    }

    yield byName('libkci.so.5', SOURCE.linker);
    yield byName('libkci.so', SOURCE.linker);
    if (fallback) yield byName('libpq.so.5', SOURCE.linkerFallback);
  },
};

function byName(path: string, source: string): Candidate {
  return { path, source, explicit: false, kind: 'name' };
}

function inInstallation(root: string, source: string, fileSystem: LibraryFileSystem): Candidate[] {
  const releases = fileSystem
    .listDirectory(posix.join(root, 'KESRealPro'))
    .sort(newestFirst)
    .map((release) => `KESRealPro/${release}/Server/lib`);
  const found = [...LIBRARY_DIRECTORIES, ...releases].flatMap((directory) =>
    POSIX_PLACES.librariesIn(posix.join(root, directory), fileSystem),
  );
  const files = found.length > 0 ? found : [POSIX_PLACES.expectedIn(posix.join(root, 'Server/lib'))];
  return files.map((file) => fileCandidate(file, source));
}

/**
 * The client libraries among the names in a directory, best first. The vendor's packages differ: some have only
 * libkci.so, some only libkci.so.5, some the library under libpq's name (with `PQ…` functions).
 */
function libraryFiles(names: readonly string[]): string[] {
  return ['libkci.so', 'libpq.so'].flatMap((stem) => {
    const major = `${stem}.5`;
    const versioned = names.filter(
      (name) => name.startsWith(`${major}.`) && /^[\d.]+$/.test(name.slice(major.length)),
    );
    const candidates = [major, ...versioned.sort(newestFirst), ...(stem === 'libkci.so' ? [stem] : [])];
    return candidates.filter((name) => names.includes(name));
  });
}
