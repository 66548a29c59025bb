import type { LibraryAttempt, MissingLibrary } from '../errors/index.js';
import type { Architecture } from './architecture.js';
import { realPath, type LibraryFileSystem } from './file-system.js';
import { unreadable, type Problem } from './problems.js';

/** What a file's header says of it. */
export interface FileFindings extends Pick<LibraryAttempt, 'format' | 'flavour' | 'version'> {
  exists: boolean;
  file?: string;
  /** Absolute path to open it by, where that is not the candidate's own. */
  opens?: string;
  architecture?: Architecture;
  companions?: readonly string[];
  missing?: readonly MissingLibrary[];
  problem?: Problem;
  /** The problem is certain: trying to load the file would be in vain, or wrong. */
  refused: boolean;
}

/** The file's bytes and its path without links, or why they cannot be had. */
export function readLibrary(
  path: string,
  fileSystem: LibraryFileSystem,
): { bytes: Uint8Array; file: string } | (FileFindings & { problem: Problem }) {
  try {
    return { bytes: fileSystem.readFile(path), file: realPath(path, fileSystem) };
  } catch (error) {
    const problem = unreadable(error);
    return { exists: problem.code !== 'KB_LIBRARY_NOT_FOUND', problem, refused: true };
  }
}
