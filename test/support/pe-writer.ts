/** What a DLL made by `makePe` has. */
export interface PeContents {
  imports?: string[];
  delayImports?: string[];
  exports?: string[];
  /** Functions that another DLL has: name to `library.function`. */
  forwards?: Record<string, string>;
  /** Four numbers for the version resource. */
  version?: [number, number, number, number];
}

export interface PeShape {
  machine?: number;
  bits?: 32 | 64;
  dll?: boolean;
  /** Delay imports by absolute addresses, as old compilers wrote them; for 32 bits only. */
  absoluteDelayImports?: boolean;
}

const SECTION_ADDRESS = 0x2000;
const SECTION_OFFSET = 0x400;
const IMAGE_BASE = 0x10000000;

/**
 * The smallest DLL with the tables that a loader reads: headers, and one section that lies elsewhere in memory than in
 * the file, as those of real DLLs do. It has no code and cannot be loaded.
 */
export function makePe(
  { imports = [], delayImports = [], exports = [], forwards = {}, version }: PeContents = {},
  { machine = 0x8664, bits = 64, dll = true, absoluteDelayImports = false }: PeShape = {},
): Buffer {
  const section = new SectionWriter();
  const directories: [index: number, address: number, size: number][] = [];
  const names = [...exports, ...Object.keys(forwards)].sort();
  if (names.length > 0) directories.push([0, ...writeExports(section, names, forwards)]);
  if (imports.length > 0) {
    const rows = imports.map((name) => [0, 0, 0, section.text(name), 0]);
    directories.push([1, ...section.words([...rows.flat(), 0, 0, 0, 0, 0])]);
  }
  if (version !== undefined) directories.push([2, ...writeVersion(section, version)]);
  if (delayImports.length > 0) {
    const [attributes, base] = absoluteDelayImports ? [0, IMAGE_BASE] : [1, 0];
    const rows = delayImports.map((name) => [attributes, base + section.text(name), 0, 0, 0, 0, 0, 0]);
    directories.push([13, ...section.words([...rows.flat(), 0, 0, 0, 0, 0, 0, 0, 0])]);
  }

  const wide = bits === 64;
  const header = 0x80;
  const optional = header + 24;
  const optionalSize = (wide ? 112 : 96) + 16 * 8;
  const bytes = Buffer.concat([Buffer.alloc(SECTION_OFFSET), section.bytes()]);
  bytes.write('MZ', 0, 'latin1');
  bytes.writeUInt32LE(header, 0x3c);
  bytes.write('PE\0\0', header, 'latin1');
  bytes.writeUInt16LE(machine, header + 4);
  bytes.writeUInt16LE(1, header + 6);
  bytes.writeUInt16LE(optionalSize, header + 20);
  bytes.writeUInt16LE(dll ? 0x2002 : 0x0002, header + 22);
  bytes.writeUInt16LE(wide ? 0x20b : 0x10b, optional);
  if (wide) bytes.writeBigUInt64LE(BigInt(IMAGE_BASE), optional + 24);
  else bytes.writeUInt32LE(IMAGE_BASE, optional + 28);
  const table = optional + optionalSize - 16 * 8;
  bytes.writeUInt32LE(16, table - 4);
  for (const [index, address, size] of directories) {
    bytes.writeUInt32LE(address, table + index * 8);
    bytes.writeUInt32LE(size, table + index * 8 + 4);
  }
  const entry = optional + optionalSize;
  bytes.write('.rdata', entry, 'latin1');
  const size = bytes.length - SECTION_OFFSET;
  // In memory the section is longer than in the file, by zeros.
  [size + 0x1000, SECTION_ADDRESS, size, SECTION_OFFSET].forEach((value, index) => {
    bytes.writeUInt32LE(value, entry + 8 + index * 4);
  });
  return bytes;
}

/** Collects the section's bytes and tells the address that each will have. */
class SectionWriter {
  private readonly parts: Buffer[] = [];
  private length = 0;

  /** Address and size. */
  add(bytes: Buffer): [number, number] {
    const address = SECTION_ADDRESS + this.length;
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    this.parts.push(padded);
    this.length += padded.length;
    return [address, bytes.length];
  }

  text(text: string): number {
    return this.add(Buffer.from(`${text}\0`, 'latin1'))[0];
  }

  words(values: readonly number[]): [number, number] {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
    return this.add(bytes);
  }

  replace(address: number, bytes: Buffer): void {
    let at = SECTION_ADDRESS;
    for (const part of this.parts) {
      if (at === address) bytes.copy(part);
      at += part.length;
    }
  }

  /** The address of what is added next. */
  get next(): number {
    return SECTION_ADDRESS + this.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function writeExports(
  section: SectionWriter,
  names: readonly string[],
  forwards: Readonly<Record<string, string>>,
): [number, number] {
  // The targets of forwards must lie in the directory itself, that is behind its beginning and within its size.
  const start = section.next;
  const directory = Buffer.alloc(40);
  section.add(directory);
  const targets = names.map((name) => {
    const target = forwards[name];
    return target === undefined ? 0x1000 : section.text(target);
  });
  const size = section.next - start;
  const [functionsAt] = section.words(targets);
  const [namesAt] = section.words(names.map((name) => section.text(name)));
  const ordinals = Buffer.alloc(names.length * 2);
  names.forEach((_, index) => ordinals.writeUInt16LE(index, index * 2));
  const [ordinalsAt] = section.add(ordinals);
  [1, names.length, names.length, functionsAt, namesAt, ordinalsAt].forEach((value, index) => {
    directory.writeUInt32LE(value, 16 + index * 4);
  });
  section.replace(start, directory);
  return [start, size];
}

function writeVersion(section: SectionWriter, version: readonly number[]): [number, number] {
  const [major = 0, minor = 0, patch = 0, build = 0] = version;
  const data = Buffer.alloc(92);
  data.writeUInt16LE(data.length, 0);
  data.writeUInt16LE(52, 2);
  data.write('VS_VERSION_INFO\0', 6, 'utf16le');
  [0xfeef04bd, 0x10000, major * 0x10000 + minor, patch * 0x10000 + build].forEach((value, index) => {
    data.writeUInt32LE(value, 40 + index * 4);
  });
  const [dataAt, dataSize] = section.add(data);
  // Three directories of one entry each, by type (16), name and language, then where the data is.
  const level = (id: number, offset: number): number[] => [0, 0, 0, 0x10000, id, offset];
  const subdirectory = 0x80000000;
  return section.words([
    ...level(16, subdirectory + 24),
    ...level(1, subdirectory + 48),
    ...level(0x804, 72),
    ...[dataAt, dataSize, 0, 0],
  ]);
}
