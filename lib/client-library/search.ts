import { UsageError } from '../errors/index.js';
import { shown } from '../base/shown.js';
import { fileCandidate, SOURCE, type Candidate } from './candidate.js';
import type { LibraryFileSystem } from './file-system.js';
import { POSIX_PLACES } from './search-posix.js';
import { WINDOWS_PLACES } from './search-windows.js';

/** Which client library to use. Without any of it, the places named at `clientLibraryCandidates` are searched. */
export interface ClientLibraryOptions {
  /** Absolute path of the library, or of the directory it is in. */
  path?: string | undefined;
  /** Absolute path of the directory it is in. */
  directory?: string | undefined;
  /** Whether PostgreSQL's own libpq may serve where no Kingbase library is found. Default true. */
  fallback?: boolean | undefined;
}

/** Of a path in a message: names of directories are longer than others. */
const MOST = 200;

const POSIX_EXAMPLE = '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5';
/** With a drive, or a server and a share. */
const WINDOWS_EXAMPLE = 'C:\\Program Files\\Kingbase\\ES\\V9\\Server\\bin\\libkci.dll';

/**
 * Where to look for the client library, in order:
 *
 * 1. what is named explicitly, and then nothing else: the `clientLibrary` option, else `KINGBASE_CLIENT_LIBRARY` (a
 *    file), else `KINGBASE_CLIENT_DIR`;
 * 2. the installation that `KINGBASE_HOME` names (where that is an absolute path), then those in the vendor's usual
 *    places, newest version first;
 * 3. libkci where the system looks for libraries: as the dynamic linker finds it, on Windows in `PATH`;
 * 4. libpq likewise, unless `fallback` is false. It cannot log in by KingbaseES's own authentication methods.
 *
 * The current directory is never searched and relative paths are refused: whoever can write a file there could run
 * code in this process. Places are looked into when their turn comes.
 */
export function* clientLibraryCandidates(
  options: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
  fileSystem: LibraryFileSystem,
  platform: NodeJS.Platform = process.platform,
): Generator<Candidate, void, undefined> {
  const places = platform === 'win32' ? WINDOWS_PLACES : POSIX_PLACES;
  const explicit = explicitPath(options, environment);
  if (explicit === undefined) {
    yield* places.search(environment, fileSystem, options.fallback !== false);
    return;
  }
  const { path, directory, source } = explicit;
  checkFixedPath(path, source, platform);
  const found = places.librariesIn(path, fileSystem);
  const expected = directory ? places.expectedIn(path) : path;
  yield* (found.length > 0 ? found : [expected]).map((file) => fileCandidate(file, source, true));
}

/** Throws a UsageError (`KB_BAD_OPTION`) for a path that means another file in another current directory. */
export function checkFixedPath(
  path: string,
  source: string = SOURCE.option,
  platform: NodeJS.Platform = process.platform,
): void {
  const isWindows = platform === 'win32';
  if ((isWindows ? WINDOWS_PLACES : POSIX_PLACES).isFixed(path)) return;
  const isName = /^[^/\\~:$%]+$/.test(path);
  throw new UsageError(
    'KB_BAD_OPTION',
    `The client library "${shown(path, MOST)}" (${source}) must have an absolute path.`,
    {
      hint:
        'A relative path would load code from whatever the current directory happens to be. ' +
        `Write the whole path, such as ${isWindows ? WINDOWS_EXAMPLE : POSIX_EXAMPLE}. ` +
        (isName
          ? 'Where no library is named, the driver looks for libkci, then for libpq, where the system has its libraries.'
          : 'Variables and "~" are not replaced, and a URL is no path (fileURLToPath makes it one).'),
    },
  );
}

function explicitPath(
  { path, directory }: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
): { path: string; directory: boolean; source: string } | undefined {
  if (path) return { path, directory: false, source: SOURCE.option };
  if (directory) return { path: directory, directory: true, source: SOURCE.option };
  const { KINGBASE_CLIENT_LIBRARY: file, KINGBASE_CLIENT_DIR: dir } = environment;
  if (file) return { path: file, directory: false, source: 'KINGBASE_CLIENT_LIBRARY' };
  if (dir) return { path: dir, directory: true, source: 'KINGBASE_CLIENT_DIR' };
  return undefined;
}
