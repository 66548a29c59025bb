import { isRangeError } from '../base/is-error.js';

const MAGIC = Buffer.from('glibc-ld.so.cache1.1');
const OLD_MAGIC = Buffer.from('ld.so-1.7.0');
const HEADER_SIZE = 48;
const ENTRY_SIZE = 24;
const OLD_HEADER_SIZE = 16;
const OLD_ENTRY_SIZE = 12;

/**
 * The libraries that glibc's dynamic linker finds without searching: the paths in /etc/ld.so.cache by name, best
 * first. Undefined where the bytes are no such file. The layout is that of glibc's dl-cache.h: the entries that
 * every glibc since 2.2 reads, which older versions of ldconfig put behind those of libc5.
 */
export function readLinkerCache(file: Uint8Array): ReadonlyMap<string, readonly string[]> | undefined {
  const whole = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  try {
    const bytes = whole.subarray(startOf(whole));
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    // Written in the byte order of the machine. A count that is too great in one of them is the other's.
    const big = bytes.readUInt32LE(MAGIC.length) * ENTRY_SIZE > bytes.length;
    const word = (at: number): number => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
    const string = (at: number): string => {
      const terminator = bytes.indexOf(0, at);
      return bytes.toString('utf8', at, terminator < 0 ? bytes.length : terminator);
    };
    const paths = new Map<string, string[]>();
    const count = word(MAGIC.length);
    for (let index = 0; index < count; index++) {
      const entry = HEADER_SIZE + index * ENTRY_SIZE;
      const name = string(word(entry + 4));
      const path = string(word(entry + 8));
      const known = paths.get(name);
      if (known === undefined) paths.set(name, [path]);
      else known.push(path);
    }
    return paths;
  } catch (error) {
    // What Buffer throws for an offset outside of the file.
    if (isRangeError(error)) return undefined;
    throw error;
  }
}

function startOf(whole: Buffer): number {
  if (!whole.subarray(0, OLD_MAGIC.length).equals(OLD_MAGIC)) return 0;
  const end = OLD_HEADER_SIZE + whole.readUInt32LE(OLD_MAGIC.length + 1) * OLD_ENTRY_SIZE;
  return Math.ceil(end / 8) * 8;
}
