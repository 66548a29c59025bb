import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const E_MACHINE = 18;
const E_PHOFF = 32;
const E_PHENTSIZE = 54;
const E_PHNUM = 56;
const PT_DYNAMIC = 2;
const DT_NULL = 0n;
const DT_RUNPATH = 29n;
/** The first tag of those reserved for operating systems; glibc skips it. */
const DT_IGNORED = 0x6000000dn;

/** A directory for the time of a test, with an absolute path. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'kingbase-library-'));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** Copies files, by their names there, from one directory to another, which is made if need be. */
export function copyFiles(from: string, to: string, names: Record<string, string>): void {
  mkdirSync(to, { recursive: true });
  for (const [source, target] of Object.entries(names)) copyFileSync(join(from, source), join(to, target));
}

/** Makes the header of a 64-bit little-endian library say that it is for another architecture. */
export function changeMachine(file: string, machine: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt16LE(machine, E_MACHINE);
  writeFileSync(file, bytes);
}

/**
 * Takes from a 64-bit little-endian library the directories that it names for its dependencies (DT_RUNPATH), so that
 * the dynamic linker no longer looks beside it.
 */
export function removeRunpath(file: string): void {
  const bytes = readFileSync(file);
  const headers = Number(bytes.readBigUInt64LE(E_PHOFF));
  const size = bytes.readUInt16LE(E_PHENTSIZE);
  for (let n = 0; n < bytes.readUInt16LE(E_PHNUM); n++) {
    const header = headers + n * size;
    if (bytes.readUInt32LE(header) !== PT_DYNAMIC) continue;
    let entry = Number(bytes.readBigUInt64LE(header + 8));
    for (; bytes.readBigUInt64LE(entry) !== DT_NULL; entry += 16) {
      if (bytes.readBigUInt64LE(entry) === DT_RUNPATH) bytes.writeBigUInt64LE(DT_IGNORED, entry);
    }
  }
  writeFileSync(file, bytes);
}
