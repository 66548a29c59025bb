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
    for (const root of openToAll(environment, fileSystem)) {
      const there = inInstallation(root, SOURCE.installation, fileSystem);
      yield* there.map((candidate): Candidate => ({ ...candidate, kind: 'open-to-all', home: root }));
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

/** Where only an administrator can install: `Program Files`, of which there can be several. Newest version first. */
function installations(environment: NodeJS.ProcessEnv, fileSystem: LibraryFileSystem): string[] {
  const system = systemDrive(environment);
  const programs = ['ProgramFiles', 'ProgramW6432', 'ProgramFiles(x86)']
    .map((name) => windowsVariable(environment, name) ?? '')
    .filter(isFixedPath);
  const parents = [`${system}\\Program Files`, ...programs].map((directory) =>
    win32.join(directory, 'Kingbase\\ES'),
  );
  const found = versionsIn(parents, fileSystem);
  // So that the error says where was looked.
  return found.length > 0
    ? found
    : ['V9', 'V8'].map((version) => `${system}\\Program Files\\Kingbase\\ES\\${version}`);
}

/**
 * Where the vendor's installer puts them if nobody says otherwise. (That it is `C:\Kingbase\ES\V9` is from its manual;
 * the others are uncertain.) By Windows' own rules every user may make directories in the root of a drive, and then owns
 * what is in them, so that nothing there is loaded by itself.
 */
function openToAll(environment: NodeJS.ProcessEnv, fileSystem: LibraryFileSystem): string[] {
  const root = `${systemDrive(environment)}\\Kingbase`;
  const client = `${root}\\client`;
  return [
    ...versionsIn([`${root}\\ES`], fileSystem),
    ...(fileSystem.listDirectory(client).length > 0 ? [client] : []),
  ];
}

function versionsIn(parents: readonly string[], fileSystem: LibraryFileSystem): string[] {
  return distinctPaths(parents)
    .flatMap((parent) =>
      versionsNewestFirst(fileSystem.listDirectory(parent)).map((version) => ({ version, parent })),
    )
    .sort((a, b) => newestFirst(a.version, b.version))
    .map(({ version, parent }) => win32.join(parent, version));
}

/** No other is searched: a stick that somebody plugs in, or a drive that somebody connects, is not to bring code. */
function systemDrive(environment: NodeJS.ProcessEnv): string {
  return /^[A-Z]:$/i.exec(windowsVariable(environment, 'SystemDrive') ?? '')?.[0].toUpperCase() ?? 'C:';
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
