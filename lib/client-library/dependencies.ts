import { posix } from 'node:path';
import { inspectElf, type ElfLibrary } from './elf.js';
import type { LibraryFileSystem } from './file-system.js';

/** A library that another one needs and that does not lie beside it. */
interface ElsewhereDependency {
  name: string;
  /** The directories that the library which needs it adds to the search (DT_RUNPATH). */
  runpath: string[];
}

export interface Dependencies {
  /** Absolute paths of what lies in the library's directory, in the order of loading. */
  beside: string[];
  elsewhere: ElsewhereDependency[];
}

/** The C library's parts: a process has them already, and a second copy would not work. */
const C_LIBRARY = /^(ld-linux.*|ld64?|lib(c|m|dl|rt|pthread|util|resolv|nsl|anl))\.so(\.[\d.]+)?$/;

/**
 * Walks through what a library needs, as far as it lies beside it. `fits` says whether a file is of the right
 * architecture; one that is not counts as absent, as for the dynamic linker.
 */
export function dependenciesOf(
  path: string,
  library: ElfLibrary,
  fileSystem: LibraryFileSystem,
  fits: (elf: ElfLibrary) => boolean,
): Dependencies {
  // The path as given may be a link out of a directory where nothing else lies.
  const directories = [...new Set([posix.dirname(fileSystem.realPath(path)), posix.dirname(path)])];
  const listings = directories.map((directory) => new Set(fileSystem.listDirectory(directory)));
  const seen = new Set([posix.basename(path), ...(library.soname === undefined ? [] : [library.soname])]);
  const found: Dependencies = { beside: [], elsewhere: [] };

  const visit = (elf: ElfLibrary, directory: string): void => {
    for (const name of elf.needed) {
      if (seen.has(name) || C_LIBRARY.test(name)) continue;
      seen.add(name);
      const neighbour = neighbourNamed(name);
      if (neighbour === undefined) {
        const runpath = elf.runpath.map((entry) => entry.replace(/\$(ORIGIN|\{ORIGIN\})/g, directory));
        found.elsewhere.push({ name, runpath });
      } else {
        visit(neighbour.elf, posix.dirname(neighbour.path));
        found.beside.push(neighbour.path);
      }
    }
  };
  const neighbourNamed = (name: string): { path: string; elf: ElfLibrary } | undefined => {
    for (const [index, directory] of directories.entries()) {
      if (listings[index]?.has(name) !== true) continue;
      const neighbour = posix.join(directory, name);
      const elf = readElfFile(neighbour, fileSystem);
      if (elf?.ok === true && fits(elf)) return { path: neighbour, elf };
    }
    return undefined;
  };
  visit(library, directories[0] ?? '/');
  return found;
}

function readElfFile(path: string, fileSystem: LibraryFileSystem): ReturnType<typeof inspectElf> | undefined {
  try {
    return inspectElf(fileSystem.readFile(path));
  } catch {
    return undefined;
  }
}

/**
 * Which of the dependencies are in none of the directories that the dynamic linker searches (ld.so(8)). Made to
 * explain a failure, not to predict one: the linker's cache may know more directories.
 */
export function missingDependencies(
  { elsewhere }: Dependencies,
  environment: NodeJS.ProcessEnv,
  fileSystem: LibraryFileSystem,
  machine: string,
): string[] {
  const listings = new Map<string, Set<string>>();
  const holds = (directory: string, name: string): boolean => {
    let listing = listings.get(directory);
    if (listing === undefined)
      listings.set(directory, (listing = new Set(fileSystem.listDirectory(directory))));
    return listing.has(name);
  };
  const common = [
    ...(environment['LD_LIBRARY_PATH'] ?? '')
      .split(/[:;]/)
      .filter((directory) => posix.isAbsolute(directory)),
    ...configuredDirectories('/etc/ld.so.conf', fileSystem),
    '/lib64',
    '/usr/lib64',
    `/lib/${machine}-linux-gnu`,
    `/usr/lib/${machine}-linux-gnu`,
    '/lib',
    '/usr/lib',
  ];
  return elsewhere
    .filter(({ name, runpath }) => ![...runpath, ...common].some((directory) => holds(directory, name)))
    .map(({ name }) => name);
}

/** The directories in ld.so.conf and in the files that it includes (ldconfig(8)). */
function configuredDirectories(file: string, fileSystem: LibraryFileSystem, depth = 0): string[] {
  let text: string;
  try {
    text = Buffer.from(fileSystem.readFile(file)).toString();
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
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
