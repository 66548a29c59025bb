import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
} from 'node:fs';

/** What finding a library needs of the file system; tests give their own. */
export interface LibraryFileSystem {
  /** Names in a directory; none where there is no such directory or it cannot be read. */
  listDirectory(path: string): string[];
  /** All of it, or its first `length` bytes. Throws errors with Node's `code` (`ENOENT`, `EACCES`, `EISDIR`, …; `EFTYPE` for what is neither file nor directory). */
  readFile(path: string, length?: number): Uint8Array;
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
  readFile(path, length) {
    // Without O_NONBLOCK a FIFO in the place of a library would stop the process until somebody writes to it.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) {
        throw Object.assign(new Error('not a file'), { code: found.isDirectory() ? 'EISDIR' : 'EFTYPE' });
      }
      if (length === undefined) return readFileSync(file);
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
    } finally {
      closeSync(file);
    }
  },
  realPath: (path) => realpathSync(path),
};

/** The path without links, or as it is where that cannot be told: Node 20 under Wine fails at `\\?\C:\…`. */
export function realPath(path: string, fileSystem: LibraryFileSystem): string {
  try {
    return fileSystem.realPath(path);
  } catch {
    return path;
  }
}
