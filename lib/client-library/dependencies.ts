import { posix } from 'node:path';
import type { MissingLibrary } from '../errors/index.js';
import { inspectElf, type ElfLibrary } from './elf.js';
import { realPath, type LibraryFileSystem } from './file-system.js';
import type { LinkerSearch, RunPath } from './linker-search.js';

export interface Dependencies {
  /** Absolute paths of what is to be opened before the library, so that it is bound to these; dependencies first. */
  companions: string[];
  missing: MissingLibrary[];
}

/** The C library's parts: a process has them already, and a second copy would not work. */
const C_LIBRARY = /^(ld-linux.*|ld64?|lib(c|m|dl|rt|pthread|util|resolv|nsl|anl))\.so(\.[\d.]+)?$/;

/**
 * Walks through what an ELF library needs. What lies beside it is its companion, also where no RUNPATH leads there:
 * the vendor's packages bring their own OpenSSL that way. What the system has is taken to be whole. Without
 * `companions` all is left to the dynamic linker, as for a library that it finds itself; but where `LD_LIBRARY_PATH` leads
 * the linker to the current directory nothing is left to it, and all that is needed is opened before, by its path.
 */
export function elfDependencies(
  path: string,
  library: ElfLibrary,
  fileSystem: LibraryFileSystem,
  linker: LinkerSearch,
  { companions }: { companions: boolean },
): Dependencies {
  // The path as given may be a link out of a directory where nothing else lies.
  const file = realPath(path, fileSystem);
  const directories = [...new Set([posix.dirname(file), posix.dirname(path)])];
  const listings = companions
    ? directories.map((directory) => new Set(fileSystem.listDirectory(directory)))
    : [];
  const seen = new Set([posix.basename(path), ...(library.soname === undefined ? [] : [library.soname])]);
  const found: Dependencies = { companions: [], missing: [] };

  const visit = (
    elf: ElfLibrary,
    neededBy: string,
    origins: readonly string[],
    inherited: readonly RunPath[],
  ): void => {
    const own = origins.map((origin): RunPath => ({ entries: elf.runpath, origin }));
    const handedOn = elf.inherited ? [...own, ...inherited] : inherited;
    for (const name of elf.needed) {
      if (seen.has(name) || C_LIBRARY.test(name)) continue;
      seen.add(name);
      const neighbours = directories
        .filter((_, index) => listings[index]?.has(name) === true)
        .map((directory) => posix.join(directory, name));
      const neighbour = neighbours.find((candidate) => linker.fits(candidate));
      if (neighbour !== undefined) {
        visitFile(neighbour, handedOn);
        found.companions.push(neighbour);
        continue;
      }
      const finding = linker.find(name, [...own, ...inherited]);
      if (finding.path === undefined) {
        const [beside] = neighbours;
        const unfit =
          beside === undefined ? finding.unfit : { path: beside, reason: 'architecture' as const };
        found.missing.push({
          name,
          neededBy,
          searched: [...new Set([...directories, ...finding.searched])],
          ...(unfit === undefined ? {} : { unfit }),
        });
      } else {
        if (!finding.system || linker.relativeEntries) visitFile(finding.path, handedOn);
        if (linker.relativeEntries) found.companions.push(finding.path);
      }
    }
  };
  const visitFile = (path: string, inherited: readonly RunPath[]): void => {
    const elf = readElfFile(path, fileSystem);
    if (elf?.ok === true) visit(elf, path, [posix.dirname(path)], inherited);
  };
  visit(library, file, directories, []);
  return found;
}

function readElfFile(path: string, fileSystem: LibraryFileSystem): ReturnType<typeof inspectElf> | undefined {
  try {
    return inspectElf(fileSystem.readFile(path));
  } catch {
    return undefined;
  }
}
