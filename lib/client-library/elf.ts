/** What the dynamic linker would read in a shared library before it loads it. */
export interface ElfLibrary {
  ok: true;
  bits: 32 | 64;
  littleEndian: boolean;
  /** As `uname -m` writes it, or `machine <number>`. */
  machine: string;
  /** Names of the libraries it needs (DT_NEEDED). */
  needed: string[];
  /** Directories to look for them in (DT_RUNPATH, else DT_RPATH), `$ORIGIN` unexpanded. */
  runpath: string[];
  soname?: string;
}

/** `reason` continues a sentence that begins with the file's name. */
export type ElfInspection = ElfLibrary | { ok: false; reason: string };

/** The `e_machine` numbers of architectures for which Node or a Kingbase library exists. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
  0x9916: 'sw_64',
};

const ET_DYN = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_PIE = 0x08000000;

// No real library comes near; they keep a hostile file from costing more than its size.
const MAX_NEEDED = 512;
const MAX_STRING = 4096;

/**
 * Reads an ELF file's header and dynamic section (System V ABI, "Object Files" and "Dynamic Section"). The file may
 * be anything: every offset in it is checked against its length, and the answer is always one of the two types.
 */
export function inspectElf(bytes: Uint8Array): ElfInspection {
  if (bytes.length === 0) return { ok: false, reason: 'is empty' };
  if (!(bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46)) {
    return { ok: false, reason: `is not a shared library (it begins with ${beginning(bytes)})` };
  }
  try {
    return readElf(bytes);
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message };
    // What DataView throws for an offset outside of the file.
    if (error instanceof RangeError) return { ok: false, reason: 'is truncated or damaged' };
    throw error;
  }
}

class Unreadable extends Error {}

function readElf(bytes: Uint8Array): ElfLibrary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = view.getUint8(4) === 1 ? 32 : 64;
  const littleEndian = view.getUint8(5) !== 2;
  if (view.getUint8(4) > 2 || view.getUint8(5) > 2) throw new Unreadable('has a damaged ELF header');
  const wide = bits === 64;
  const half = (offset: number): number => view.getUint16(offset, littleEndian);
  const word = (offset: number): number => view.getUint32(offset, littleEndian);
  // A number beyond 2^53 loses digits here, and is beyond the end of the file either way.
  const address = (offset: number): number =>
    wide ? Number(view.getBigUint64(offset, littleEndian)) : word(offset);

  const type = half(16);
  const machineNumber = half(18);
  const machine = MACHINES[machineNumber] ?? `machine ${machineNumber}`;
  if (type !== ET_DYN) throw new Unreadable('is an ELF file, but not a shared library');

  const programHeaders = address(wide ? 32 : 28);
  const entrySize = half(wide ? 54 : 42);
  const entryCount = half(wide ? 56 : 44);
  const segments = Array.from({ length: entryCount }, (_, index) => {
    const at = programHeaders + index * entrySize;
    return {
      type: word(at),
      offset: address(at + (wide ? 8 : 4)),
      memory: address(at + (wide ? 16 : 8)),
      size: address(at + (wide ? 32 : 16)),
    };
  });
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (dynamic === undefined) throw new Unreadable('is an ELF file without a dynamic section');

  const neededOffsets: number[] = [];
  let strings = 0;
  let stringsSize = 0;
  let soname: number | undefined;
  let rpath: number | undefined;
  let runpath: number | undefined;
  const step = wide ? 16 : 8;
  for (let at = dynamic.offset; at + step <= dynamic.offset + dynamic.size; at += step) {
    const tag = address(at);
    const value = address(at + step / 2);
    if (tag === 0) break;
    if (tag === DT_NEEDED) neededOffsets.push(value);
    else if (tag === DT_STRTAB) strings = value;
    else if (tag === DT_STRSZ) stringsSize = value;
    else if (tag === DT_SONAME) soname = value;
    else if (tag === DT_RPATH) rpath = value;
    else if (tag === DT_RUNPATH) runpath = value;
    else if (tag === DT_FLAGS_1 && (value & DF_1_PIE) !== 0) {
      throw new Unreadable('is a program, not a shared library');
    }
  }
  if (neededOffsets.length > MAX_NEEDED) throw new Unreadable('is damaged: it needs too many libraries');

  // The dynamic section gives the string table's address in memory; the segments say where that is in the file.
  const home = segments.find(
    ({ type: kind, memory, size }) => kind === PT_LOAD && strings >= memory && strings < memory + size,
  );
  const start = home === undefined ? strings : strings - home.memory + home.offset;
  const end = Math.min(start + stringsSize, bytes.length);
  const string = (offset: number): string => {
    const from = start + offset;
    const terminator = from < end ? bytes.subarray(from, Math.min(end, from + MAX_STRING)).indexOf(0) : -1;
    if (terminator < 0) throw new Unreadable('is truncated or damaged');
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, terminator).toString();
  };
  const search = runpath ?? rpath;
  return {
    ok: true,
    bits,
    littleEndian,
    machine,
    needed: neededOffsets.map(string),
    runpath: search === undefined ? [] : string(search).split(':').filter(Boolean),
    ...(soname === undefined ? {} : { soname: string(soname) }),
  };
}

function beginning(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 16);
  const printable = start.every(
    (byte) => byte === 0x0a || byte === 0x0d || byte === 0x09 || (byte >= 0x20 && byte < 0x7f),
  );
  return printable
    ? JSON.stringify(
        Buffer.from(start)
          .toString('latin1')
          .split(/[\r\n]/, 1)[0],
      )
    : `the bytes ${Buffer.from(start.subarray(0, 4)).toString('hex')}`;
}
