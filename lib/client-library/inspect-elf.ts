import { posix } from 'node:path';
import { sameArchitecture, type Architecture } from './architecture.js';
import { elfDependencies } from './dependencies.js';
import { inspectElf } from './elf.js';
import type { LibraryFileSystem } from './file-system.js';
import { readLibrary, type FileFindings } from './findings.js';
import { flavourOf, TELLING_SYMBOLS } from './flavour.js';
import type { LinkerSearch } from './linker-search.js';
import { missingLibraries, problem, V7_LIBRARY, wrongArchitecture } from './problems.js';

export function inspectElfFile(
  path: string,
  own: Architecture | undefined,
  fileSystem: LibraryFileSystem,
  linker: LinkerSearch,
  given = { companions: true },
): FileFindings {
  const read = readLibrary(path, fileSystem);
  if ('problem' in read) return read;
  const { bytes, file } = read;
  const elf = inspectElf(bytes, TELLING_SYMBOLS);
  if (!elf.ok) {
    return { exists: true, file, problem: problem('KB_LIBRARY_NOT_A_LIBRARY', elf.reason), refused: true };
  }
  const flavour = elf.exports === undefined ? undefined : flavourOf(elf.exports);
  const version = versionInName(file);
  const facts = {
    exists: true,
    file,
    format: 'elf' as const,
    architecture: elf,
    ...(flavour === undefined ? {} : { flavour }),
    ...(version === undefined ? {} : { version }),
  };
  if (own !== undefined && !sameArchitecture(elf, own)) {
    return { ...facts, problem: wrongArchitecture(elf, own), refused: true };
  }
  if (flavour === 'v7') return { ...facts, problem: V7_LIBRARY, refused: true };
  const { companions, missing } = elfDependencies(path, elf, fileSystem, linker, given);
  if (missing.length === 0) return { ...facts, companions, refused: false };
  return {
    ...facts,
    companions,
    missing,
    problem: missingLibraries(missing, posix.dirname(path), LINKER_PLACES, elf.bits),
    // The process may have opened a library of that name already, from wherever it was. But the linker would look for it
    // in the current directory as well, if LD_LIBRARY_PATH has it do so.
    refused: linker.relativeEntries,
  };
}

const LINKER_PLACES = { en: 'where the dynamic linker searches', zh: '动态链接器的搜索路径' };

/** `5.12` of libkci.so.5.12. */
function versionInName(file: string): string | undefined {
  return /\.so\.(\d+(?:\.\d+)+)$/.exec(file)?.[1];
}
