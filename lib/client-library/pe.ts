import { isRangeError } from '../base/is-error.js';
import type { Architecture } from './architecture.js';
import { PeImage } from './pe-image.js';
import { readFileVersion } from './pe-version.js';
import { isElf, isPe, NOT_A_LIBRARY, Unreadable } from './unreadable.js';
import type { Words } from './words.js';

/** What Windows would read in a DLL before it loads it. */
export interface PeLibrary extends Architecture {
  ok: true;
  /** Names of the DLLs it needs to be loaded. */
  imports: string[];
  /** Names of the DLLs that are loaded at the first call of one of their functions. */
  delayImports: string[];
  /** Names of the DLLs that it hands functions on to. */
  forwards: string[];
  /** Those of its functions that were asked for. */
  exports: ReadonlySet<string>;
  /** Of its version resource: `12.0.1.0`. */
  version?: string;
}

/** `reason` continues a sentence that begins with the file's name. */
export type PeInspection = PeLibrary | { ok: false; reason: Words };

const EXPORTS = 0;
const IMPORTS = 1;
const DELAY_IMPORTS = 13;
/** No real library comes near; they keep a hostile file from costing more than its size. */
const MAX_IMPORTS = 512;
const MAX_EXPORTS = 65_536;

/**
 * Reads the headers of a DLL. The file may be anything: every offset in it is checked against its length, and the
 * answer is always one of the two types. `symbols` are the functions that the caller wants to know about.
 */
export function inspectPe(bytes: Uint8Array, symbols: ReadonlySet<string> = new Set()): PeInspection {
  if (!isPe(bytes)) {
    return { ok: false, reason: isElf(bytes) ? NOT_A_LIBRARY.forLinux : NOT_A_LIBRARY.other(bytes) };
  }
  try {
    return readPe(new PeImage(bytes), symbols);
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.reason };
    // What DataView throws for an offset outside of the file.
    if (isRangeError(error)) return { ok: false, reason: NOT_A_LIBRARY.damaged };
    throw error;
  }
}

/** For what the first 4096 bytes of a DLL say it is built; undefined where they are not those of one. */
export function peArchitecture(head: Uint8Array): Architecture | undefined {
  if (!isPe(head)) return undefined;
  try {
    return new PeImage(head).architecture;
  } catch (error) {
    if (error instanceof Unreadable || isRangeError(error)) return undefined;
    throw error;
  }
}

function readPe(image: PeImage, symbols: ReadonlySet<string>): PeLibrary {
  if (!image.isDll) throw new Unreadable(NOT_A_LIBRARY.program);
  const { exports, forwards } = readExports(image, symbols);
  const version = readFileVersion(image);
  return {
    ok: true,
    ...image.architecture,
    imports: readImports(image),
    delayImports: readDelayImports(image),
    forwards,
    exports,
    ...(version === undefined ? {} : { version }),
  };
}

function readImports(image: PeImage): string[] {
  const directory = image.directory(IMPORTS);
  if (directory === undefined) return [];
  return names(image, directory.address, 20, (at) => image.view.getUint32(at + 12, true));
}

function readDelayImports(image: PeImage): string[] {
  const directory = image.directory(DELAY_IMPORTS);
  if (directory === undefined) return [];
  return names(image, directory.address, 32, (at) => {
    const name = image.view.getUint32(at + 4, true);
    // Compilers before Visual C++ 7 wrote absolute addresses, and left the bit unset that says otherwise.
    const relative = (image.view.getUint32(at, true) & 1) !== 0;
    return name === 0 || relative ? name : name - image.base;
  });
}

/** The names in a table of descriptors, which ends with one that has none. */
function names(
  image: PeImage,
  address: number,
  step: number,
  nameOf: (descriptor: number) => number,
): string[] {
  const found: string[] = [];
  for (let at = image.offsetOf(address); ; at += step) {
    const name = nameOf(at);
    if (name === 0) return found;
    if (found.length === MAX_IMPORTS) throw new Unreadable(NOT_A_LIBRARY.tooManyNeeded);
    found.push(image.stringAt(name));
  }
}

function readExports(
  image: PeImage,
  symbols: ReadonlySet<string>,
): { exports: ReadonlySet<string>; forwards: string[] } {
  const exports = new Set<string>();
  const forwards = new Set<string>();
  const directory = image.directory(EXPORTS);
  if (directory === undefined) return { exports, forwards: [] };
  const { view } = image;
  const table = image.offsetOf(directory.address);
  const count = view.getUint32(table + 24, true);
  if (count > MAX_EXPORTS) throw new Unreadable(NOT_A_LIBRARY.damaged);
  if (count > 0) {
    const functionsAt = image.offsetOf(view.getUint32(table + 28, true));
    const namesAt = image.offsetOf(view.getUint32(table + 32, true));
    const ordinalsAt = image.offsetOf(view.getUint32(table + 36, true));
    for (let index = 0; index < count; index++) {
      const name = image.stringAt(view.getUint32(namesAt + index * 4, true));
      if (symbols.has(name)) exports.add(name);
      const ordinal = view.getUint16(ordinalsAt + index * 2, true);
      const target = view.getUint32(functionsAt + ordinal * 4, true);
      // A function whose address lies in the export table itself is the name of one in another DLL.
      if (target < directory.address || target >= directory.address + directory.size) continue;
      const [, library] = /^(.+)\.[^.]*$/.exec(image.stringAt(target)) ?? [];
      if (library !== undefined) forwards.add(/\.\w+$/.test(library) ? library : `${library}.dll`);
    }
  }
  if (forwards.size > MAX_IMPORTS) throw new Unreadable(NOT_A_LIBRARY.tooManyNeeded);
  return { exports, forwards: [...forwards] };
}
