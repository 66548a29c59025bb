import { posix } from 'node:path';
import type { LibraryAttempt, MissingLibrary } from '../errors/index.js';
import { sameArchitecture, type Architecture } from './architecture.js';
import { elfDependencies } from './dependencies.js';
import { inspectElf } from './elf.js';
import type { LibraryFileSystem } from './file-system.js';
import { flavourOf, TELLING_SYMBOLS } from './flavour.js';
import type { LinkerSearch } from './linker-search.js';
import {
  missingLibraries,
  problem,
  unreadable,
  V7_LIBRARY,
  wrongArchitecture,
  type Problem,
} from './problems.js';

/** What a file's header says of it. */
export interface FileFindings extends Pick<LibraryAttempt, 'format' | 'flavour' | 'version'> {
  exists: boolean;
  file?: string;
  architecture?: Architecture;
  companions?: readonly string[];
  missing?: readonly MissingLibrary[];
  problem?: Problem;
  /** The problem is certain: trying to load the file would be in vain, or wrong. */
  refused: boolean;
}

export function inspectElfFile(
  path: string,
  own: Architecture | undefined,
  fileSystem: LibraryFileSystem,
  linker: LinkerSearch,
): FileFindings {
  let bytes: Uint8Array;
  let file: string;
  try {
    bytes = fileSystem.readFile(path);
    file = fileSystem.realPath(path);
  } catch (error) {
    const found = unreadable(error);
    return { exists: found.code !== 'KB_LIBRARY_NOT_FOUND', problem: found, refused: true };
  }
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
  const { companions, missing } = elfDependencies(path, elf, fileSystem, linker);
  if (missing.length === 0) return { ...facts, companions, refused: false };
  return {
    ...facts,
    companions,
    missing,
    problem: missingLibraries(missing, posix.dirname(path), LINKER_PLACES, elf.bits),
    // The process may have opened a library of that name already, from wherever it was.
    refused: false,
  };
}

const LINKER_PLACES = { en: 'where the dynamic linker searches', zh: '动态链接器的搜索路径' };

/** `5.12` of libkci.so.5.12. */
function versionInName(file: string): string | undefined {
  return /\.so\.(\d+(?:\.\d+)+)$/.exec(file)?.[1];
}
