import type { Words } from './words.js';

/** What a library is built for, as far as it must agree with the process. */
export interface Architecture {
  /** The family of processors by the number in the file's header: `x86_64`, `mips`, or `machine <number>`. */
  machine: string;
  bits: 32 | 64;
  littleEndian: boolean;
}

/** By `process.arch`: what a library must be built for. */
const PROCESSES: Readonly<Record<string, Architecture>> = {
  x64: { machine: 'x86_64', bits: 64, littleEndian: true },
  ia32: { machine: 'i386', bits: 32, littleEndian: true },
  arm64: { machine: 'aarch64', bits: 64, littleEndian: true },
  arm: { machine: 'arm', bits: 32, littleEndian: true },
  loong64: { machine: 'loongarch', bits: 64, littleEndian: true },
  mips: { machine: 'mips', bits: 32, littleEndian: false },
  mipsel: { machine: 'mips', bits: 32, littleEndian: true },
  mips64el: { machine: 'mips', bits: 64, littleEndian: true },
  ppc64: { machine: 'ppc64', bits: 64, littleEndian: true },
  riscv64: { machine: 'riscv', bits: 64, littleEndian: true },
  s390x: { machine: 's390', bits: 64, littleEndian: false },
};

/** Undefined for one that is not listed, which is then left to the dynamic linker to judge. */
export function processArchitecture(arch: string): Architecture | undefined {
  return PROCESSES[arch];
}

export function sameArchitecture(one: Architecture, other: Architecture): boolean {
  return one.machine === other.machine && one.bits === other.bits && one.littleEndian === other.littleEndian;
}

/** As `uname -m` writes it. */
export function architectureName({ machine, bits, littleEndian }: Architecture): string {
  const wide = bits === 64;
  switch (machine) {
    case 'x86_64':
      return wide ? machine : 'x32';
    case 'aarch64':
      return littleEndian ? machine : 'aarch64_be';
    case 'arm':
      return littleEndian ? machine : 'armeb';
    case 'mips':
      return `mips${wide ? '64' : ''}${littleEndian ? 'el' : ''}`;
    case 'ppc64':
      return littleEndian ? 'ppc64le' : machine;
    case 'loongarch':
    case 'riscv':
      return `${machine}${bits}`;
    case 's390':
      return wide ? 's390x' : machine;
    default:
      return machine;
  }
}

/** The processors by the names that their users know them by. */
const MAKERS: Readonly<Record<string, Words>> = {
  x86_64: { en: 'Intel/AMD', zh: 'Intel/AMD，海光、兆芯' },
  i386: { en: 'Intel/AMD', zh: 'Intel/AMD' },
  aarch64: { en: 'ARM', zh: 'ARM，鲲鹏、飞腾' },
  arm: { en: 'ARM', zh: 'ARM' },
  loongarch: { en: 'LoongArch', zh: 'LoongArch，龙芯' },
  mips: { en: 'MIPS', zh: 'MIPS，早期龙芯' },
  sw_64: { en: 'Sunway', zh: 'SW，申威' },
};

/** `aarch64 (64-bit ARM)`. */
export function describeArchitecture(architecture: Architecture): Words {
  const name = architectureName(architecture);
  const maker = MAKERS[architecture.machine];
  return {
    en: `${name} (${architecture.bits}-bit${maker === undefined ? '' : ` ${maker.en}`})`,
    zh: `${name}（${architecture.bits} 位${maker === undefined ? '' : ` ${maker.zh}`}）`,
  };
}
