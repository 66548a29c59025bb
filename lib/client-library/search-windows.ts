import { win32 } from 'node:path';
import {
  fileCandidate,
  newestFirst,
  SOURCE,
  versionsNewestFirst,
  type Candidate,
  type Places,
} from './candidate.js';
import type { LibraryFileSystem } from './file-system.js';
import { flavourOf, TELLING_SYMBOLS } from './flavour.js';
import { inspectPe } from './pe.js';
import { distinctPaths, isFixedPath, pathDirectories, windowsVariable } from './windows-paths.js';

/** Kingbase's own name, then the one that its PQ-named library has in common with PostgreSQL's. */
const NAMES = ['libkci.dll', 'libpq.dll'];

/** Where an installation, or the directory that `KINGBASE_HOME` names, keeps the library; the server's own first. */
const LIBRARY_DIRECTORIES = ['Server\\bin', 'bin', 'ClientTools\\bin', 'Server\\lib', 'lib'] as const;

export const WINDOWS_PLACES: Places = {
  isFixed: isFixedPath,
  expectedIn: (directory) => win32.join(directory, 'libkci.dll'),
  librariesIn: (directory, fileSystem) => filesNamed(NAMES, directory, fileSystem),

  *search(environment, fileSystem, fallback) {
    const home = windowsVariable(environment, 'KINGBASE_HOME');
    if (home && isFixedPath(home)) yield* inInstallation(home, 'KINGBASE_HOME', fileSystem);

    for (const root of installations(environment, fileSystem)) {
      yield* inInstallation(root, SOURCE.installation, fileSystem);
    }

    const directories = pathDirectories(environment);
    const named = (name: string): string[] =>
      directories.flatMap((directory) => filesNamed([name], directory, fileSystem));
    // Both have the name libpq.dll; by its functions Kingbase's goes before PostgreSQL's.
    const pq = named('libpq.dll');
    const ofKingbase = pq.filter((path) => flavourOfFile(path, fileSystem) === 'kingbase-pq');
    const own = [...named('libkci.dll'), ...ofKingbase];
    if (own.length === 0) yield { path: 'libkci.dll', source: SOURCE.path, explicit: false, kind: 'absent' };
    yield* own.map((path) => fileCandidate(path, SOURCE.path));
    if (!fallback) return;
    const others = pq.filter((path) => !ofKingbase.includes(path));
    yield* others.map((path) => fileCandidate(path, SOURCE.pathFallback));
  },
};

function flavourOfFile(path: string, fileSystem: LibraryFileSystem): ReturnType<typeof flavourOf> {
  try {
    const pe = inspectPe(fileSystem.readFile(path), TELLING_SYMBOLS);
    return pe.ok ? flavourOf(pe.exports) : undefined;
  } catch {
    // The file's own turn comes, and then what is wrong with it is said.
    return undefined;
  }
}

function filesNamed(names: readonly string[], directory: string, fileSystem: LibraryFileSystem): string[] {
  const present = fileSystem.listDirectory(directory);
  return names.flatMap((name) => {
    const spelling = present.find((each) => each.toLowerCase() === name);
    return spelling === undefined ? [] : [win32.join(directory, spelling)];
  });
}

/**
 * The roots of installations, on the system's drive first: a stick with a newer one does not go before it. That
 * `C:\Kingbase\ES\V9` is the vendor's default is from its manual; the others are uncertain.
 */
function* installations(
  environment: NodeJS.ProcessEnv,
  fileSystem: LibraryFileSystem,
): Generator<string, void, undefined> {
  const [system, ...others] = drives(environment);
  const programs = ['ProgramFiles', 'ProgramW6432', 'ProgramFiles(x86)']
    .map((name) => windowsVariable(environment, name) ?? '')
    .filter(isFixedPath);
  const onSystem = installationsOn([system], programs, fileSystem);
  yield* onSystem;
  const elsewhere = installationsOn(others, [], fileSystem);
  yield* elsewhere;
  // So that the error says where was looked.
  if (onSystem.length + elsewhere.length === 0) {
    yield* ['V9', 'V8'].map((version) => `${system}\\Kingbase\\ES\\${version}`);
  }
}

/** `programs`: where programs are, besides `Program Files` of the drives. */
function installationsOn(
  drives: readonly string[],
  programs: readonly string[],
  fileSystem: LibraryFileSystem,
): string[] {
  const parents = [
    ...drives.map((drive) => `${drive}\\Kingbase\\ES`),
    ...[...drives.map((drive) => `${drive}\\Program Files`), ...programs].map((directory) =>
      win32.join(directory, 'Kingbase\\ES'),
    ),
  ];
  const found = distinctPaths(parents).flatMap((parent) =>
    versionsNewestFirst(fileSystem.listDirectory(parent)).map((version) => ({ version, parent })),
  );
  const clients = drives
    .map((drive) => `${drive}\\Kingbase\\client`)
    .filter((root) => fileSystem.listDirectory(root).length > 0);
  return [
    ...found
      .sort((a, b) => newestFirst(a.version, b.version))
      .map(({ version, parent }) => win32.join(parent, version)),
    ...clients,
  ];
}

/** The system's drive, then the others that there can be. A and B were for floppy disks. */
function drives(environment: NodeJS.ProcessEnv): [string, ...string[]] {
  const system =
    /^[A-Z]:$/i.exec(windowsVariable(environment, 'SystemDrive') ?? '')?.[0].toUpperCase() ?? 'C:';
  const letters = Array.from({ length: 24 }, (_, index) => `${String.fromCharCode(67 + index)}:`);
  return [system, ...letters.filter((letter) => letter !== system)];
}

function inInstallation(root: string, source: string, fileSystem: LibraryFileSystem): Candidate[] {
  const releases = fileSystem
    .listDirectory(win32.join(root, 'KESRealPro'))
    .sort(newestFirst)
    .map((release) => win32.join('KESRealPro', release));
  const directories = ['', ...releases].flatMap((release) => [
    ...LIBRARY_DIRECTORIES.map((directory) => win32.join(root, release, directory)),
    ...interfaces(win32.join(root, release, 'Interface'), fileSystem),
  ]);
  const found = directories.flatMap((directory) => WINDOWS_PLACES.librariesIn(directory, fileSystem));
  const files =
    found.length > 0 ? found : [WINDOWS_PLACES.expectedIn(win32.join(root, LIBRARY_DIRECTORIES[0]))];
  return files.map((path) => fileCandidate(path, source));
}

/** `Interface` holds a directory for each language, with a layout of its own. */
function interfaces(directory: string, fileSystem: LibraryFileSystem): string[] {
  const languages = fileSystem.listDirectory(directory).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return [directory, ...languages.map((language) => win32.join(directory, language))].flatMap((place) => [
    place,
    win32.join(place, 'bin'),
    win32.join(place, 'lib'),
  ]);
}

/** The C library's own directory goes before those of interfaces that bring a copy. */
function rank(name: string): number {
  return /^(lib)?kci$/i.test(name) ? 0 : 1;
}
