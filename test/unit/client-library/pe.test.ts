import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectPe, peArchitecture } from '../../../lib/client-library/pe.js';
import { makePe, type PeContents, type PeShape } from '../../support/pe-writer.js';
import { makeElf } from './fixtures.js';

const WANTED = new Set(['KCIConnectionCreateParams', 'PQconnectStartParams']);
const I386: PeShape = { machine: 0x014c, bits: 32 };

const FULL: PeContents = {
  imports: ['libcrypto-1_1-x64.dll', 'KERNEL32.dll'],
  delayImports: ['Secur32.dll', 'WLDAP32.dll'],
  exports: ['KCIConnectionCreateParams', 'KCIsomethingElse'],
  forwards: { KCIsetSingleRowMode: 'libpq.PQsetSingleRowMode', KCIlibVersion: 'libpq.#17', x: 'a.b.dll.f' },
  version: [12, 0, 1, 65_535],
};

describe('inspectPe', () => {
  it.each([
    ['64-bit', {}, { machine: 'x86_64', bits: 64 }],
    ['32-bit', I386, { machine: 'i386', bits: 32 }],
    ['32-bit with a header of 64', { machine: 0x014c }, { machine: 'i386', bits: 32 }],
    ['ARM', { machine: 0xaa64 }, { machine: 'aarch64', bits: 64 }],
    ['unknown', { machine: 0x1234 }, { machine: 'machine 4660', bits: 64 }],
    ['old', { ...I386, absoluteDelayImports: true }, { machine: 'i386', bits: 32 }],
  ])('reads a DLL with everything: %s', (_, shape: PeShape, architecture) => {
    const bytes = makePe(FULL, shape);
    expect(inspectPe(bytes, WANTED)).toEqual({
      ok: true,
      ...architecture,
      littleEndian: true,
      imports: FULL.imports,
      delayImports: FULL.delayImports,
      forwards: ['libpq.dll', 'a.b.dll'],
      exports: new Set(['KCIConnectionCreateParams']),
      version: '12.0.1.65535',
    });
    expect(peArchitecture(bytes.subarray(0, 1024))).toEqual({ ...architecture, littleEndian: true });
  });

  it('reads a DLL with nothing', () => {
    expect(inspectPe(makePe(), WANTED)).toEqual({
      ok: true,
      machine: 'x86_64',
      bits: 64,
      littleEndian: true,
      imports: [],
      delayImports: [],
      forwards: [],
      exports: new Set(),
    });
  });

  it('takes no file that says it has more sections than Windows loads', () => {
    const bytes = Buffer.from(makePe(FULL));
    const sections = bytes.readUInt32LE(0x3c) + 6;
    bytes.writeUInt16LE(96, sections);
    expect(inspectPe(Buffer.concat([bytes, Buffer.alloc(8_000)]), WANTED)).toMatchObject({ ok: true });
    for (const many of [97, 65_535]) {
      bytes.writeUInt16LE(many, sections);
      expect(inspectPe(Buffer.concat([bytes, Buffer.alloc(65_535 * 40)]), WANTED)).toMatchObject({
        ok: false,
      });
    }
  });

  it('reads it at any offset of a larger buffer', () => {
    const bytes = makePe(FULL);
    const shifted = Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3);
    expect(inspectPe(shifted, WANTED)).toEqual(inspectPe(bytes, WANTED));
  });

  const header = 0x80;
  const changed = (at: number, value: number): Buffer => {
    const bytes = makePe(FULL);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };

  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'is empty'],
    [
      'a text file',
      Buffer.from('[InternetShortcut]'),
      'is not a shared library (it begins with "[InternetShortcu")',
    ],
    ['a library for Linux', makeElf(), 'is a library for Linux'],
    ['a program', makePe({}, { dll: false }), 'is a program, not a shared library'],
    ['a DOS program', changed(header, 0x12345678), 'has a damaged header of a DLL'],
    ['another optional header', changed(header + 24, 0x107), 'has a damaged header of a DLL'],
    ['a header outside of the file', changed(0x3c, 0xfffffff0), 'is truncated or damaged'],
    ['a file cut in its header', makePe(FULL).subarray(0, 0x90), 'is truncated or damaged'],
    ['a file cut in its section', makePe(FULL).subarray(0, 0x410), 'is truncated or damaged'],
    ['only the letters', Buffer.from('MZ'), 'is truncated or damaged'],
    [
      'too many imports',
      makePe({ imports: Array.from({ length: 600 }, (_, index) => `l${index}.dll`) }),
      'is damaged: it needs too many libraries',
    ],
    ['an endless name', makePe({ imports: ['x'.repeat(5000)] }), 'is truncated or damaged'],
  ])('says of %s what it is', (_, bytes, reason) => {
    expect(inspectPe(bytes, WANTED)).toMatchObject({ ok: false, reason: { en: reason } });
  });

  it('does without a version that cannot be read', () => {
    const bytes = makePe({ version: [1, 2, 3, 4] });
    const signature = bytes.indexOf(Buffer.from('bd04effe', 'hex'));
    bytes.writeUInt32LE(0, signature);
    const pe = inspectPe(bytes);
    expect(pe.ok).toBe(true);
    expect(pe).not.toHaveProperty('version');
  });

  it('takes no part of the file for zeros that are only in memory', () => {
    const bytes = makePe({ imports: ['a.dll'] });
    const section = header + 24 + 112 + 16 * 8;
    const size = bytes.readUInt32LE(section + 16);
    // The import directory now points behind what the file has of the section.
    bytes.writeUInt32LE(0x2000 + size + 4, header + 24 + 112 + 8);
    expect(inspectPe(bytes)).toMatchObject({ ok: false, reason: { en: 'is truncated or damaged' } });
  });

  /** Never throws; a clear result. */
  const check = (bytes: Uint8Array): void => {
    const pe = inspectPe(bytes, WANTED);
    if (pe.ok) {
      expect(pe.imports.length + pe.delayImports.length).toBeLessThanOrEqual(1024);
      for (const name of [...pe.imports, ...pe.delayImports, ...pe.forwards]) {
        expect(name.length).toBeLessThanOrEqual(4100);
      }
      if (pe.version !== undefined) expect(pe.version).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    } else {
      expect(pe.reason.en).not.toBe('');
      expect(pe.reason.zh).not.toBe('');
    }
    peArchitecture(bytes);
  };

  it('never throws for any bytes behind the letters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 800 }), (tail) =>
        check(Buffer.concat([Buffer.from('MZ'), tail])),
      ),
      { numRuns: 500 },
    );
  });

  it('never throws for a DLL with some bytes changed or its end cut off', () => {
    const good = [makePe(FULL), makePe(FULL, { ...I386, absoluteDelayImports: true })];
    const change = fc.tuple(fc.nat(2000), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)));
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(change, { maxLength: 16 }),
        fc.nat(600),
        (dll, changes, cut) => {
          const bytes = Buffer.from(dll);
          for (const [at, value] of changes) if (at >= 2 && at < bytes.length) bytes[at] = value;
          check(bytes.subarray(0, Math.max(2, bytes.length - (cut % 300))));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('does not read what lies behind its bytes', () => {
    const whole = makePe({ imports: ['secret.dll'], exports: ['PQconnectStartParams'] });
    for (let length = 0; length < whole.length; length++) {
      const pe = inspectPe(whole.subarray(0, length), WANTED);
      // Where only the padding at the end is gone.
      if (pe.ok)
        expect(pe).toMatchObject({ imports: ['secret.dll'], exports: new Set(['PQconnectStartParams']) });
      else expect(pe.reason.en).not.toBe('');
    }
  });
});
