import { isRangeError } from '../base/is-error.js';
import { Unreadable } from './unreadable.js';

const DT_HASH = 4;
const DT_SYMTAB = 6;
const DT_GNU_HASH = 0x6ffffef5;
/** More than any client library or OpenSSL has. */
const MAX_SYMBOLS = 100_000;

/** An ELF file as its dynamic section describes it. */
interface DynamicImage {
  view: DataView;
  wide: boolean;
  littleEndian: boolean;
  /** From the string table; throws where that has no such offset. */
  string: (offset: number) => string;
  /** Where in the file the table is that an entry of the dynamic section points to. */
  table: (tag: number) => number | undefined;
}

/**
 * Which of the wanted names the library defines. Undefined where it has no table of them, or one that cannot be read:
 * to load it the dynamic linker needs no more than it does, and will say so. The number of symbols stands nowhere
 * but in the hash tables (System V ABI, "Hash Table"; the GNU table has only the last chain's end).
 */
export function readExportedSymbols(
  image: DynamicImage,
  wanted: ReadonlySet<string>,
): ReadonlySet<string> | undefined {
  if (wanted.size === 0) return undefined;
  try {
    return readSymbols(image, wanted);
  } catch (error) {
    if (isRangeError(error) || error instanceof Unreadable) return undefined;
    throw error;
  }
}

function readSymbols(image: DynamicImage, wanted: ReadonlySet<string>): Set<string> | undefined {
  const { view, wide, littleEndian, string } = image;
  const symbols = image.table(DT_SYMTAB);
  const count = symbolCount(image);
  if (symbols === undefined || count === undefined) return undefined;
  const found = new Set<string>();
  const size = wide ? 24 : 16;
  for (let index = 1; index < count && index < MAX_SYMBOLS; index++) {
    const at = symbols + index * size;
    const section = view.getUint16(at + (wide ? 6 : 14), littleEndian);
    if (section === 0) continue;
    const name = string(view.getUint32(at, littleEndian));
    if (wanted.has(name)) found.add(name);
  }
  return found;
}

function symbolCount({ view, wide, littleEndian, table }: DynamicImage): number | undefined {
  const word = (at: number): number => view.getUint32(at, littleEndian);
  const gnu = table(DT_GNU_HASH);
  if (gnu === undefined) {
    const hash = table(DT_HASH);
    return hash === undefined ? undefined : word(hash + 4);
  }
  const buckets = word(gnu);
  const first = word(gnu + 4);
  const bucketsAt = gnu + 16 + word(gnu + 8) * (wide ? 8 : 4);
  const chainsAt = bucketsAt + buckets * 4;
  let last = 0;
  for (let index = 0; index < buckets && index < MAX_SYMBOLS; index++) {
    last = Math.max(last, word(bucketsAt + index * 4));
  }
  if (last < first) return first;
  while (last < MAX_SYMBOLS && (word(chainsAt + (last - first) * 4) & 1) === 0) last++;
  return last + 1;
}
