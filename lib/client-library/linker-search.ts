import { posix } from 'node:path';
import type { MissingLibrary } from '../errors/index.js';
import { architectureName, sameArchitecture, type Architecture } from './architecture.js';
import { elfArchitecture } from './elf.js';
import type { LibraryFileSystem } from './file-system.js';
import { readLinkerCache } from './linker-cache.js';

/** What a library adds to the search for those it needs. */
export interface RunPath {
  /** DT_RUNPATH or DT_RPATH, unexpanded. */
  entries: readonly string[];
  /** The directory of the library, for `$ORIGIN`. */
  origin: string;
}

type LinkerFinding =
  | { path: string; system: boolean }
  | { path?: undefined; searched: string[]; unfit?: NonNullable<MissingLibrary['unfit']> };

/**
 * Finds libraries as the dynamic linker of glibc does (ld.so(8)): where the library that needs one says,
 * `LD_LIBRARY_PATH`, the cache of ldconfig, and the directories of the system. A file for another architecture is
 * passed over.
 */
export class LinkerSearch {
  private readonly listings = new Map<string, ReadonlySet<string>>();
  private readonly libraryPath: string[];
  /** Whether `LD_LIBRARY_PATH` has entries that lead to the current directory; they are passed over here. */
  readonly relativeEntries: boolean;
  private readonly cache: ReadonlyMap<string, readonly string[]> | undefined;
  private readonly configured: string[];
  private readonly standard: string[];

  constructor(
    environment: NodeJS.ProcessEnv,
    private readonly fileSystem: LibraryFileSystem,
    private readonly own: Architecture | undefined,
  ) {
    const entries = environment['LD_LIBRARY_PATH'] ? environment['LD_LIBRARY_PATH'].split(/[:;]/) : [];
    this.libraryPath = entries.filter((directory) => posix.isAbsolute(directory));
    this.relativeEntries = this.libraryPath.length < entries.length;
    const cache = readIfPossible('/etc/ld.so.cache', fileSystem);
    this.cache = cache === undefined ? undefined : readLinkerCache(cache);
    this.configured = configuredDirectories('/etc/ld.so.conf', fileSystem);
    const machine = own === undefined ? undefined : architectureName(own);
    this.standard = [
      '/lib64',
      '/usr/lib64',
      ...(machine === undefined ? [] : [`/lib/${machine}-linux-gnu`, `/usr/lib/${machine}-linux-gnu`]),
      '/lib',
      '/usr/lib',
    ];
  }

  find(name: string, runPaths: readonly RunPath[] = []): LinkerFinding {
    const named = [...runPaths.flatMap((runPath) => this.expand(runPath)), ...this.libraryPath];
    const searched = [...new Set([...named, ...this.configured, ...this.standard])];
    let unfit: MissingLibrary['unfit'];

    const first = (directories: readonly string[]): string | undefined => {
      for (const directory of directories) {
        if (!this.list(directory).has(name)) continue;
        // Not normalized: `..` behind a symbolic link leads elsewhere than the path reads.
        const path = `${directory}/${name}`;
        if (this.fits(path)) return path;
        unfit ??= { path, reason: 'architecture' };
      }
      return undefined;
    };

    const own = first(named);
    if (own !== undefined) return { path: own, system: false };
    const system =
      this.cache === undefined
        ? first([...this.configured, ...this.standard])
        : (this.cache.get(name)?.find((path) => this.fits(path)) ?? first(this.standard));
    if (system !== undefined) return { path: system, system: true };
    if (this.cache !== undefined) {
      const path = first(this.configured);
      if (path !== undefined) unfit = { path, reason: 'not-in-cache' };
    }
    return { searched, ...(unfit === undefined ? {} : { unfit }) };
  }

  /** Whether the file exists and is for this process. */
  fits(path: string): boolean {
    const head = readIfPossible(path, this.fileSystem, 64);
    const architecture = head === undefined ? undefined : elfArchitecture(head);
    if (architecture === undefined) return false;
    return this.own === undefined || sameArchitecture(architecture, this.own);
  }

  private list(directory: string): ReadonlySet<string> {
    let listing = this.listings.get(directory);
    if (listing === undefined) {
      listing = new Set(this.fileSystem.listDirectory(directory));
      this.listings.set(directory, listing);
    }
    return listing;
  }

  private expand({ entries, origin }: RunPath): string[] {
    // What $LIB stands for was fixed when the linker was built; it is one of these.
    const machine = this.own === undefined ? '' : architectureName(this.own);
    const libraries = ['lib64', 'lib', `lib/${machine}-linux-gnu`];
    return entries
      .map((entry) => entry.replace(/\$(ORIGIN|\{ORIGIN\})/g, () => origin))
      .map((entry) => entry.replace(/\$(PLATFORM|\{PLATFORM\})/g, machine))
      .flatMap((entry) =>
        /\$(LIB|\{LIB\})/.test(entry)
          ? libraries.map((library) => entry.replace(/\$(LIB|\{LIB\})/g, library))
          : [entry],
      )
      .filter((directory) => posix.isAbsolute(directory));
  }
}

function readIfPossible(
  path: string,
  fileSystem: LibraryFileSystem,
  length?: number,
): Uint8Array | undefined {
  try {
    return fileSystem.readFile(path, length);
  } catch {
    return undefined;
  }
}

/** The directories in ld.so.conf and in the files that it includes (ldconfig(8)). */
function configuredDirectories(file: string, fileSystem: LibraryFileSystem, depth = 0): string[] {
  const text = readIfPossible(file, fileSystem);
  if (text === undefined) return [];
  return Buffer.from(text)
    .toString()
    .split('\n')
    .flatMap((line) => {
      const [first = '', ...rest] = line
        .replace(/#.*/, '')
        .trim()
        .split(/[\s,:]+/);
      if (first !== 'include') return [first, ...rest].filter((directory) => posix.isAbsolute(directory));
      // Two levels are usual; a file that includes itself must not run for ever.
      if (depth >= 3) return [];
      return rest
        .flatMap((pattern) => filesLike(posix.resolve(posix.dirname(file), pattern), fileSystem))
        .flatMap((included) => configuredDirectories(included, fileSystem, depth + 1));
    });
}

/** Files for a pattern that has `*` in its last part only, as ld.so.conf has in practice. */
function filesLike(pattern: string, fileSystem: LibraryFileSystem): string[] {
  const directory = posix.dirname(pattern);
  const [prefix = '', suffix] = posix.basename(pattern).split('*');
  if (suffix === undefined) return [pattern];
  return fileSystem
    .listDirectory(directory)
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .map((name) => posix.join(directory, name));
}
