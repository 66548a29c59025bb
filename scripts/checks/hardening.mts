/** What `objdump -p` (and of ELF files `-T`) says of how a binary is hardened. */

/** Something that the linker has put into a binary, so that a fault of the code is harder to make use of. */
export interface Hardening {
  readonly what: string;
  readonly is: boolean;
}

/** FORTIFY leaves a mark only where it found a call that it could guard, and the addon need not have one. */
export function hardeningOfElf(headers: string, symbols: string): Hardening[] {
  return [
    { what: 'relocations that are read-only after loading (RELRO)', is: /^\s+RELRO /m.test(headers) },
    // DF_BIND_NOW, without which only a part of them is.
    { what: 'binding at loading (-z now)', is: hasFlag(headers, /^\s+FLAGS\s+(0x[\da-f]+)/m, 0x8) },
    // Without the header the system takes the stack for one that is run.
    { what: 'a stack that is not run', is: /^\s+STACK .*\n.*flags rw-$/m.test(headers) },
    // It would be searched before the system's own for what the addon needs.
    { what: 'no directory of its own to search (RPATH, RUNPATH)', is: !/^\s+R(?:UN)?PATH\s/m.test(headers) },
    { what: 'the stack protector', is: symbols.includes('__stack_chk_fail') },
  ];
}

/** MinGW's compiler has no Control Flow Guard. */
export function hardeningOfDll(headers: string): Hardening[] {
  const characteristics = /^DllCharacteristics\s+([\da-f]+)/m;
  return [
    { what: 'addresses that differ each time (DYNAMIC_BASE)', is: hasFlag(headers, characteristics, 0x40) },
    // Without them the file stays where it was linked for, whatever the flag says.
    {
      what: 'what it is moved by (.reloc)',
      is: /^Entry 5 [\da-f]+ (?!0{8} )[\da-f]{8} Base Relocation/m.test(headers),
    },
    { what: '64 bits of such addresses (HIGH_ENTROPY_VA)', is: hasFlag(headers, characteristics, 0x20) },
    { what: 'data that is not run (NX_COMPAT)', is: hasFlag(headers, characteristics, 0x100) },
  ];
}

function hasFlag(headers: string, field: RegExp, flag: number): boolean {
  return (parseInt(field.exec(headers)?.[1] ?? '0', 16) & flag) !== 0;
}
