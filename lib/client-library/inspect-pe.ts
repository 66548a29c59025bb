import { win32 } from 'node:path';
import { sameArchitecture, type Architecture } from './architecture.js';
import { dllDependencies, type DllSearch } from './dll-search.js';
import type { LibraryFileSystem } from './file-system.js';
import { readLibrary, type FileFindings } from './findings.js';
import { flavourOf, TELLING_SYMBOLS } from './flavour.js';
import { inspectPe } from './pe.js';
import { missingLibraries, NO_CLIENT_FUNCTIONS, problem, V7_LIBRARY, wrongArchitecture } from './problems.js';

export function inspectPeFile(
  path: string,
  own: Architecture | undefined,
  fileSystem: LibraryFileSystem,
  dlls: DllSearch,
): FileFindings {
  const read = readLibrary(path, fileSystem);
  if ('problem' in read) return read;
  const { bytes, file } = read;
  const pe = inspectPe(bytes, TELLING_SYMBOLS);
  if (!pe.ok) {
    return { exists: true, file, problem: problem('KB_LIBRARY_NOT_A_LIBRARY', pe.reason), refused: true };
  }
  const flavour = flavourOf(pe.exports);
  const facts = {
    exists: true,
    file,
    format: 'pe' as const,
    architecture: pe,
    ...(flavour === undefined ? {} : { flavour }),
    ...(pe.version === undefined ? {} : { version: pe.version }),
  };
  if (own !== undefined && !sameArchitecture(pe, own)) {
    return { ...facts, problem: wrongArchitecture(pe, own), refused: true };
  }
  if (flavour === undefined) return { ...facts, problem: NO_CLIENT_FUNCTIONS, refused: true };
  if (flavour === 'v7') return { ...facts, problem: V7_LIBRARY, refused: true };
  const { companions, missing } = dllDependencies(path, pe, fileSystem, dlls);
  const needed = missing.filter(({ delayed }) => delayed !== true);
  if (needed.length === 0) return { ...facts, companions, missing, refused: false };
  return {
    ...facts,
    companions,
    missing,
    problem: missingLibraries(needed, win32.dirname(path), WINDOWS_PLACES, pe.bits),
    // The process may have opened a DLL of that name already, from wherever it was.
    refused: false,
  };
}

const WINDOWS_PLACES = { en: 'in the system directories and PATH', zh: '系统目录、PATH ' };
