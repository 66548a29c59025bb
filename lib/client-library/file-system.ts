import { constants, closeSync, fstatSync, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import type { SearchFileSystem } from './search.js';

/** What finding a library needs of the file system; tests give their own. */
export interface LibraryFileSystem extends SearchFileSystem {
  /** Throws errors with Node's `code` (`ENOENT`, `EACCES`, `EISDIR`, …). */
  readFile(path: string): Uint8Array;
  /** The path without symbolic links; throws as `readFile`. */
  realPath(path: string): string;
}

export const nodeFileSystem: LibraryFileSystem = {
  listDirectory(path) {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  },
  readFile(path) {
    // Without O_NONBLOCK a FIFO in the place of a library would stop the process until somebody writes to it.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EISDIR' });
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  },
  realPath: (path) => realpathSync(path),
};
