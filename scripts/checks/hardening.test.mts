import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hardeningOfDll, hardeningOfElf, type Hardening } from './hardening.mjs';

const lacking = (all: readonly Hardening[]): string[] => all.filter(({ is }) => !is).map(({ what }) => what);

const ELF = `
   STACK off    0x0000000000000000 vaddr 0x0000000000000000 paddr 0x0000000000000000 align 2**4
         filesz 0x0000000000000000 memsz 0x0000000000000000 flags rw-
   RELRO off    0x0000000000088d30 vaddr 0x0000000000088d30 paddr 0x0000000000088d30 align 2**0

Dynamic Section:
  NEEDED               libc.so.6
  FLAGS                0x000000000000000a
`;
const SYMBOLS = '0000000000000000      DF *UND*\t0000000000000000 (GLIBC_2.4)  __stack_chk_fail\n';

const DLL = `
DllCharacteristics	00000160
Entry 5 00000000000cb000 00000658 Base Relocation Directory [.reloc]
`;

describe('a binary for Linux', () => {
  it('has all that is asked of it', () => {
    expect(lacking(hardeningOfElf(ELF, SYMBOLS))).toEqual([]);
  });

  it.each([
    ['RELRO', ELF.replace('RELRO', 'OTHER'), SYMBOLS],
    ['-z now', ELF.replace('0x000000000000000a', '0x0000000000000002'), SYMBOLS],
    ['a stack that is not run', ELF.replace('flags rw-', 'flags rwx'), SYMBOLS],
    ['a stack that is not run', ELF.replace('STACK', 'OTHER'), SYMBOLS],
    ['no directory of its own', ELF.replace('FLAGS', 'RUNPATH              /tmp\n  FLAGS'), SYMBOLS],
    ['no directory of its own', ELF.replace('FLAGS', 'RPATH                $ORIGIN\n  FLAGS'), SYMBOLS],
    ['stack protector', ELF, ''],
  ])('is found to lack %s', (what, headers, symbols) => {
    expect(lacking(hardeningOfElf(headers, symbols))).toEqual([expect.stringContaining(what)]);
  });

  it('is what a build here makes', () => {
    const file = path.resolve(import.meta.dirname, '../../build/Release/kingbase.node');
    const dump = (option: string): string => execFileSync('objdump', [option, file], { encoding: 'utf8' });
    expect(lacking(hardeningOfElf(dump('-p'), dump('-T')))).toEqual([]);
  });
});

describe('a binary for Windows', () => {
  it('has all that is asked of it', () => {
    expect(lacking(hardeningOfDll(DLL))).toEqual([]);
  });

  it.each([
    ['DYNAMIC_BASE', DLL.replace('160', '120')],
    ['HIGH_ENTROPY_VA', DLL.replace('160', '140')],
    ['NX_COMPAT', DLL.replace('160', '060')],
    ['what it is moved by', DLL.replace('00000658', '00000000')],
  ])('is found to lack %s', (what, headers) => {
    expect(lacking(hardeningOfDll(headers))).toEqual([expect.stringContaining(what)]);
  });
});
