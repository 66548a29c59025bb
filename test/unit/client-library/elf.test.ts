import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectElf } from '../../../lib/client-library/index.js';
import { LIBSSL, makeElf } from './fixtures.js';

describe('inspectElf', () => {
  it('reads a real library', () => {
    const libssl = inspectElf(LIBSSL);
    expect(libssl).toMatchObject({
      ok: true,
      bits: 64,
      littleEndian: true,
      machine: 'x86_64',
      soname: 'libssl.so.1.1',
    });
    expect(libssl.ok && libssl.needed).toEqual(expect.arrayContaining(['libcrypto.so.1.1', 'libc.so.6']));
  });

  it('reads it at any offset of a larger buffer', () => {
    const shifted = Buffer.concat([Buffer.from('xyz'), LIBSSL]).subarray(3);
    expect(inspectElf(shifted)).toEqual(inspectElf(LIBSSL));
    expect(inspectElf(new Uint8Array(LIBSSL))).toEqual(inspectElf(LIBSSL));
  });

  it.each([
    [{ bits: 64, littleEndian: true, machine: 183 }, 'aarch64'],
    [{ bits: 32, littleEndian: true, machine: 3 }, 'i386'],
    [{ bits: 32, littleEndian: true, machine: 40 }, 'arm'],
    [{ bits: 64, littleEndian: true, machine: 258 }, 'loongarch'],
    [{ bits: 64, littleEndian: false, machine: 22 }, 's390'],
    [{ bits: 32, littleEndian: false, machine: 8 }, 'mips'],
    [{ bits: 64, littleEndian: true, machine: 999 }, 'machine 999'],
  ])('reads %j', (shape, machine) => {
    const section = {
      needed: ['liba.so.1', 'libb.so.2'],
      runpath: '$ORIGIN/../lib:/opt/x',
      soname: 'libc.so.3',
    };
    expect(inspectElf(makeElf(section, shape))).toEqual({
      ok: true,
      bits: shape.bits,
      littleEndian: shape.littleEndian,
      machine,
      needed: ['liba.so.1', 'libb.so.2'],
      runpath: ['$ORIGIN/../lib', '/opt/x'],
      soname: 'libc.so.3',
      inherited: false,
    });
  });

  it('prefers RUNPATH to RPATH, as the dynamic linker does', () => {
    expect(inspectElf(makeElf({ rpath: '/old' }))).toMatchObject({ runpath: ['/old'], inherited: true });
    expect(inspectElf(makeElf({ rpath: '/old', runpath: '/new' }))).toMatchObject({
      runpath: ['/new'],
      inherited: false,
    });
    expect(inspectElf(makeElf({}))).toEqual({
      ok: true,
      bits: 64,
      littleEndian: true,
      machine: 'x86_64',
      needed: [],
      runpath: [],
      inherited: false,
    });
  });

  const shapes = [
    { bits: 64, littleEndian: true, machine: 62 },
    { bits: 32, littleEndian: false, machine: 8 },
  ];
  it.each(shapes.flatMap((shape) => (['gnu', 'sysv'] as const).map((hash) => ({ shape, hash }))))(
    'knows which functions are defined: $shape $hash',
    ({ shape, hash }) => {
      const symbols = ['KCIConnectionCreate', 'other', 'PQexec'];
      const elf = inspectElf(
        makeElf({ symbols, hash }, shape),
        new Set(['KCIConnectionCreate', 'PQexec', 'x']),
      );
      expect(elf).toMatchObject({ exports: new Set(['KCIConnectionCreate']) });
    },
  );

  it('says nothing of functions where it has no table of them, or one that is damaged', () => {
    expect(inspectElf(makeElf(), new Set(['x']))).not.toHaveProperty('exports');
    const cut = makeElf({ symbols: ['a', 'b', 'c'] }).subarray(0, -76);
    expect(inspectElf(cut, new Set(['a']))).toMatchObject({ ok: true });
    expect(inspectElf(cut, new Set(['a']))).not.toHaveProperty('exports');
  });

  it("finds a real library's functions", () => {
    const elf = inspectElf(LIBSSL, new Set(['SSL_new', 'SSL_gone', 'BIO_free']));
    // BIO_free is libcrypto's.
    expect(elf).toMatchObject({ exports: new Set(['SSL_new']) });
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'is empty'],
    ['a text file', Buffer.from('#!/bin/sh\necho'), 'is not a shared library (it begins with "#!/bin/sh")'],
    [
      'a linker script',
      Buffer.from('INPUT(libkci.so.5)'),
      'is not a shared library (it begins with "INPUT(libkci.so.")',
    ],
    ['a Windows library', Buffer.from('4d5a9000030000', 'hex'), 'is a library for Windows'],
    [
      'bytes',
      Buffer.from('cafebabe00', 'hex'),
      'is not a shared library (it begins with the bytes cafebabe)',
    ],
    ['an object file', makeElf({}, { type: 1 }), 'is an ELF file, but not a shared library'],
    ['a position-independent program', makeElf({ flags1: 0x08000001 }), 'is a program, not a shared library'],
    ['a file cut in its header', LIBSSL.subarray(0, 40), 'is truncated or damaged'],
    ['a file cut in its body', LIBSSL.subarray(0, 5000), 'is truncated or damaged'],
    ['a damaged header', Buffer.from('7f454c46030101', 'hex'), 'has a damaged ELF header'],
    [
      'too many dependencies',
      makeElf({ needed: Array.from({ length: 600 }, (_, i) => `l${i}`) }),
      'is damaged: it needs too many libraries',
    ],
    ['an endless name', makeElf({ needed: ['x'.repeat(5000)] }), 'is truncated or damaged'],
  ])('says of %s what it is', (_, bytes, reason) => {
    expect(inspectElf(bytes)).toMatchObject({ ok: false, reason: { en: reason } });
  });

  it('does not take the running program for a library', () => {
    expect(inspectElf(readFileSync(process.execPath).subarray(0, 1 << 20))).toMatchObject({ ok: false });
  });

  const result = (bytes: Uint8Array): void => {
    const inspection = inspectElf(bytes, new Set(['f']));
    if (inspection.ok) {
      for (const name of inspection.needed) expect(name.length).toBeLessThan(4096);
    } else {
      expect(inspection.reason.en).not.toBe('');
    }
  };

  it('never throws for any bytes', () => {
    const magic = Buffer.from('7f454c46', 'hex');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (tail) => result(Buffer.concat([magic, tail]))),
      { numRuns: 500 },
    );
  });

  it('never throws for a library with some bytes changed or its end cut off', () => {
    const good = [
      makeElf({ needed: ['liba.so', 'libb.so'], runpath: '/a:/b', soname: 's' }),
      makeElf({ needed: ['liba.so'], rpath: '/a' }, { bits: 32, littleEndian: false, machine: 8 }),
      makeElf({ symbols: ['f', 'g', 'h'] }),
      makeElf({ symbols: ['f', 'g', 'h'], hash: 'sysv' }),
    ];
    const change = fc.tuple(fc.nat(600), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(change, { maxLength: 12 }),
        fc.nat(600),
        (library, changes, length) => {
          const bytes = Buffer.from(library);
          for (const [at, value] of changes) if (at >= 4 && at < bytes.length) bytes[at] = value;
          result(bytes.subarray(0, Math.max(1, bytes.length - (length % 64))));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('does not read what lies behind its bytes', () => {
    const whole = makeElf({ needed: ['secret.so'] });
    for (let length = 0; length < whole.length; length++) {
      const inspection = inspectElf(whole.subarray(0, length));
      expect(inspection.ok).toBe(false);
    }
  });
});
