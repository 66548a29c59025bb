import type { Architecture } from './architecture.js';
import { NOT_A_LIBRARY, Unreadable } from './unreadable.js';

/** The machine types of Windows' systems, past and present. */
const MACHINES: Readonly<Record<number, string>> = {
  0x014c: 'i386',
  0x01c4: 'arm',
  0x0200: 'ia64',
  0x5064: 'riscv',
  0x6264: 'loongarch',
  0x8664: 'x86_64',
  0xaa64: 'aarch64',
};

/** Of these the processes are of 32 bits, whatever the form of the header. */
const NARROW: ReadonlySet<number> = new Set([0x014c, 0x01c4]);

const PE32 = 0x10b;
const PE32_PLUS = 0x20b;
const IMAGE_FILE_DLL = 0x2000;
const MAX_STRING = 4096;
/** As many as Windows loads; a file can say 65,535, and every look-up goes through all. */
const MOST_SECTIONS = 96;

interface Section {
  address: number;
  size: number;
  fileOffset: number;
  fileSize: number;
}

/** A part of the image that the header tells of: `address` is relative to where the image is loaded. */
export interface DataDirectory {
  address: number;
  size: number;
}

/**
 * The headers of a Windows executable ("PE Format" in Microsoft's documentation), and reading by address. Every read
 * throws an Unreadable or, as DataView does, a RangeError where it would leave the file.
 */
export class PeImage {
  readonly view: DataView;
  readonly architecture: Architecture;
  readonly isDll: boolean;
  /** Where the image would like to be loaded. */
  readonly base: number;
  private readonly sections: Section[];
  private readonly directories: DataDirectory[];

  constructor(private readonly bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = view;
    const header = view.getUint32(0x3c, true);
    if (view.getUint32(header, true) !== 0x4550) throw new Unreadable(NOT_A_LIBRARY.damagedPeHeader);
    const machine = view.getUint16(header + 4, true);
    const sectionCount = view.getUint16(header + 6, true);
    const optionalSize = view.getUint16(header + 20, true);
    this.isDll = (view.getUint16(header + 22, true) & IMAGE_FILE_DLL) !== 0;

    const optional = header + 24;
    const magic = view.getUint16(optional, true);
    if (magic !== PE32 && magic !== PE32_PLUS) throw new Unreadable(NOT_A_LIBRARY.damagedPeHeader);
    const wide = magic === PE32_PLUS;
    this.architecture = {
      machine: MACHINES[machine] ?? `machine ${machine}`,
      bits: wide && !NARROW.has(machine) ? 64 : 32,
      littleEndian: true,
    };
    // A base beyond 2^53 loses digits, and is used for the addresses of 32-bit images only.
    this.base = wide ? Number(view.getBigUint64(optional + 24, true)) : view.getUint32(optional + 28, true);
    const directories = optional + (wide ? 112 : 96);
    const count = Math.min(16, view.getUint32(directories - 4, true));
    this.directories = Array.from({ length: count }, (_, index) => ({
      address: view.getUint32(directories + index * 8, true),
      size: view.getUint32(directories + index * 8 + 4, true),
    }));
    if (sectionCount > MOST_SECTIONS) throw new Unreadable(NOT_A_LIBRARY.damagedPeHeader);
    this.sections = Array.from({ length: sectionCount }, (_, index) => {
      const at = optional + optionalSize + index * 40;
      return {
        size: view.getUint32(at + 8, true),
        address: view.getUint32(at + 12, true),
        fileSize: view.getUint32(at + 16, true),
        fileOffset: view.getUint32(at + 20, true),
      };
    });
  }

  /** Undefined where the image has no such part. */
  directory(index: number): DataDirectory | undefined {
    const directory = this.directories[index];
    return directory === undefined || directory.address === 0 ? undefined : directory;
  }

  /** Where in the file the byte is that is loaded at `address`. */
  offsetOf(address: number): number {
    for (const { address: start, size, fileOffset, fileSize } of this.sections) {
      if (address < start || address >= start + Math.max(size, fileSize)) continue;
      // What lies behind is zeros in memory and nowhere in the file: no table can begin there.
      if (address - start >= fileSize) break;
      return fileOffset + address - start;
    }
    throw new Unreadable(NOT_A_LIBRARY.damaged);
  }

  /** The text up to a zero byte. */
  stringAt(address: number): string {
    const from = this.offsetOf(address);
    const terminator = this.bytes.subarray(from, from + MAX_STRING).indexOf(0);
    if (terminator < 0) throw new Unreadable(NOT_A_LIBRARY.damaged);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, terminator).toString('latin1');
  }
}
