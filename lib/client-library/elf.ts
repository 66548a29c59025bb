import { isRangeError } from '../base/is-error.js';
import type { Architecture } from './architecture.js';
import { readExportedSymbols } from './elf-symbols.js';
import { isElf, isPe, NOT_A_LIBRARY, Unreadable } from './unreadable.js';
import type { Words } from './words.js';

/** What the dynamic linker would read in a shared library before it loads it. */
export interface ElfLibrary extends Architecture {
  ok: true;
  /** Names of the libraries it needs (DT_NEEDED). */
  needed: string[];
  /** Directories to look for them in (DT_RUNPATH, else DT_RPATH), `$ORIGIN` unexpanded. */
  runpath: string[];
  /** They are DT_RPATH's, which what it needs inherits. */
  inherited: boolean;
  soname?: string;
  /** Those of its functions that were asked for; none where it has no symbol table that can be read. */
  exports?: ReadonlySet<string>;
}

/** `reason` continues a sentence that begins with the file's name. */
export type ElfInspection = ElfLibrary | { ok: false; reason: Words };

/** The `e_machine` numbers of architectures for which Node or a Kingbase library exists. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390',
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
 * `symbols` are the functions that the caller wants to know about.
 */
export function inspectElf(bytes: Uint8Array, symbols: ReadonlySet<string> = new Set()): ElfInspection {
  if (!isElf(bytes)) {
    return { ok: false, reason: isPe(bytes) ? NOT_A_LIBRARY.forWindows : NOT_A_LIBRARY.other(bytes) };
  }
  try {
    return readElf(bytes, symbols);
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.reason };
    // What DataView throws for an offset outside of the file.
    if (isRangeError(error)) return { ok: false, reason: NOT_A_LIBRARY.damaged };
    throw error;
  }
}

/** What the first 64 bytes of a library say; undefined where they are not those of an ELF file. */
export function elfArchitecture(head: Uint8Array): Architecture | undefined {
  if (!isElf(head) || head.length < 20) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const littleEndian = head[5] !== 2;
  const number = view.getUint16(18, littleEndian);
  return {
    bits: head[4] === 1 ? 32 : 64,
    littleEndian,
    machine: MACHINES[number] ?? `machine ${number}`,
  };
}

function readElf(bytes: Uint8Array, symbols: ReadonlySet<string>): ElfLibrary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = view.getUint8(4) === 1 ? 32 : 64;
  const littleEndian = view.getUint8(5) !== 2;
  if (view.getUint8(4) > 2 || view.getUint8(5) > 2) throw new Unreadable(NOT_A_LIBRARY.damagedHeader);
  const wide = bits === 64;
  const half = (offset: number): number => view.getUint16(offset, littleEndian);
  const word = (offset: number): number => view.getUint32(offset, littleEndian);
  // A number beyond 2^53 loses digits here, and is beyond the end of the file either way.
  const address = (offset: number): number =>
    wide ? Number(view.getBigUint64(offset, littleEndian)) : word(offset);

  const type = half(16);
  const machineNumber = half(18);
  const machine = MACHINES[machineNumber] ?? `machine ${machineNumber}`;
  if (type !== ET_DYN) throw new Unreadable(NOT_A_LIBRARY.notShared);

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
  if (dynamic === undefined) throw new Unreadable(NOT_A_LIBRARY.notDynamic);

  const neededOffsets: number[] = [];
  const values = new Map<number, number>();
  const step = wide ? 16 : 8;
  for (let at = dynamic.offset; at + step <= dynamic.offset + dynamic.size; at += step) {
    const tag = address(at);
    const value = address(at + step / 2);
    if (tag === 0) break;
    if (tag === DT_NEEDED) neededOffsets.push(value);
    else values.set(tag, value);
  }
  if (((values.get(DT_FLAGS_1) ?? 0) & DF_1_PIE) !== 0) throw new Unreadable(NOT_A_LIBRARY.program);
  if (neededOffsets.length > MAX_NEEDED) throw new Unreadable(NOT_A_LIBRARY.tooManyNeeded);

  // The dynamic section gives addresses in memory; the segments say where that is in the file.
  const placeOf = (memoryAddress: number): number => {
    const home = segments.find(
      ({ type: kind, memory, size }) =>
        kind === PT_LOAD && memoryAddress >= memory && memoryAddress < memory + size,
    );
    return home === undefined ? memoryAddress : memoryAddress - home.memory + home.offset;
  };
  const start = placeOf(values.get(DT_STRTAB) ?? 0);
  const end = Math.min(start + (values.get(DT_STRSZ) ?? 0), bytes.length);
  const string = (offset: number): string => {
    const from = start + offset;
    const terminator = from < end ? bytes.subarray(from, Math.min(end, from + MAX_STRING)).indexOf(0) : -1;
    if (terminator < 0) throw new Unreadable(NOT_A_LIBRARY.damaged);
    return Buffer.from(bytes.buffer, bytes.byteOffset + from, terminator).toString();
  };
  const runpath = values.get(DT_RUNPATH);
  const rpath = runpath === undefined ? values.get(DT_RPATH) : undefined;
  const soname = values.get(DT_SONAME);
  const exports = readExportedSymbols(
    { view, wide, littleEndian, string, table: (tag) => mapDefined(values.get(tag), placeOf) },
    symbols,
  );
  const search = runpath ?? rpath;
  return {
    ok: true,
    bits,
    littleEndian,
    machine,
    needed: neededOffsets.map(string),
    runpath: search === undefined ? [] : string(search).split(':').filter(Boolean),
    inherited: rpath !== undefined,
    ...(soname === undefined ? {} : { soname: string(soname) }),
    ...(exports === undefined ? {} : { exports }),
  };
}

function mapDefined<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value);
}
