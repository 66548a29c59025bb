import { posix, win32 } from 'node:path';
import { UsageError } from '../errors/index.js';

/** Which client library to use. Without any of it, the places named at `clientLibraryCandidates` are searched. */
export interface ClientLibraryOptions {
  /** Absolute path of the library, or of the directory it is in. */
  path?: string | undefined;
  /** Absolute path of the directory it is in. */
  directory?: string | undefined;
  /** Whether PostgreSQL's own libpq may serve where no Kingbase library is found. Default true. */
  fallback?: boolean | undefined;
}

/** A place where the client library may be. */
export interface Candidate {
  /** An absolute path, or for the other kinds a bare name. */
  readonly path: string;
  /** What led here, in words. */
  readonly source: string;
  /** The user named it: when it cannot be used that is an error, and nothing else is tried. */
  readonly explicit: boolean;
  readonly kind: CandidateKind;
}

/**
 * `name`: the dynamic linker is to look for it. `absent`: a name that was looked for in a list of directories and is
 * in none of them.
 */
export type CandidateKind = 'file' | 'name' | 'absent';

export interface SearchFileSystem {
  /** Names in a directory; none where there is no such directory or it cannot be read. */
  listDirectory(path: string): string[];
}

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

/**
 * Where to look for the client library, in order:
 *
 * 1. what is named explicitly, and then nothing else: the `clientLibrary` option, else `KINGBASE_CLIENT_LIBRARY` (a
 *    file), else `KINGBASE_CLIENT_DIR`;
 * 2. the installation that `KINGBASE_HOME` names (where that is an absolute path), then those under /opt/Kingbase/ES, newest version first;
 * 3. libkci as the dynamic linker finds it;
 * 4. libpq as the dynamic linker finds it, unless `fallback` is false. It cannot log in by KingbaseES's own
 *    authentication methods.
 *
 * The current directory is never searched and relative paths are refused: whoever can write a file there could run
 * code in this process.
 */
export function clientLibraryCandidates(
  options: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
  fileSystem: SearchFileSystem,
  platform: NodeJS.Platform = process.platform,
): Candidate[] {
  const paths = platform === 'win32' ? win32 : posix;

  const inDirectory = (directory: string, source: string, explicit: boolean): Candidate[] =>
    libraryFiles(fileSystem.listDirectory(directory)).map((name) => ({
      path: paths.join(directory, name),
      source,
      explicit,
      kind: 'file',
    }));
  /** So that the error for a directory without a library says where was looked. */
  const orExpected = (
    found: Candidate[],
    directory: string,
    source: string,
    explicit: boolean,
  ): Candidate[] =>
    found.length > 0
      ? found
      : [{ path: paths.join(directory, 'libkci.so.5'), source, explicit, kind: 'file' }];

  const explicit = explicitPath(options, environment);
  if (explicit !== undefined) {
    const { path, directory, source } = explicit;
    if (!paths.isAbsolute(path)) {
      throw new UsageError(
        'KB_BAD_OPTION',
        `The client library "${path}" (${source}) must have an absolute path.`,
        {
          hint: 'A relative path would load code from whatever the current directory happens to be.',
        },
      );
    }
    const found = inDirectory(path, source, true);
    if (directory) return orExpected(found, path, source, true);
    return found.length > 0 ? found : [{ path, source, explicit: true, kind: 'file' }];
  }

  const inInstallation = (root: string, source: string): Candidate[] => {
    const versions = fileSystem
      .listDirectory(paths.join(root, 'KESRealPro'))
      .sort(newestFirst)
      .map((version) => `KESRealPro/${version}/Server/lib`);
    const found = [...LIBRARY_DIRECTORIES, ...versions].flatMap((directory) =>
      inDirectory(paths.join(root, directory), source, false),
    );
    return orExpected(found, paths.join(root, 'Server/lib'), source, false);
  };
  const home = environment['KINGBASE_HOME'];
  const installed = fileSystem
    .listDirectory(INSTALL_ROOT)
    .filter((name) => /^V\d/.test(name))
    .sort(newestFirst);
  const versions = installed.length > 0 ? installed : ['V9', 'V8'];
  const byName = (path: string, source: string): Candidate => ({
    path,
    source,
    explicit: false,
    kind: 'name',
  });
  return [
    ...(home && paths.isAbsolute(home) ? inInstallation(home, 'KINGBASE_HOME') : []),
    ...versions.flatMap((version) =>
      inInstallation(paths.join(INSTALL_ROOT, version), 'installation directory'),
    ),
    byName('libkci.so.5', 'system library path'),
    byName('libkci.so', 'system library path'),
    ...(options.fallback === false ? [] : [byName('libpq.so.5', "PostgreSQL's libpq, system library path")]),
  ];
}

function explicitPath(
  { path, directory }: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
): { path: string; directory: boolean; source: string } | undefined {
  if (path) return { path, directory: false, source: 'option clientLibrary' };
  if (directory) return { path: directory, directory: true, source: 'option clientLibrary' };
  const { KINGBASE_CLIENT_LIBRARY: file, KINGBASE_CLIENT_DIR: dir } = environment;
  if (file) return { path: file, directory: false, source: 'KINGBASE_CLIENT_LIBRARY' };
  if (dir) return { path: dir, directory: true, source: 'KINGBASE_CLIENT_DIR' };
  return undefined;
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

/** `V009R010` before `V009R002`, `libkci.so.5.12` before `libkci.so.5.9`. */
function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
