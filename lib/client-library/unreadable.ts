import type { Words } from './words.js';

export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Of a Windows executable: the letters of the DOS program before it. */
export function isPe(bytes: Uint8Array): boolean {
  return bytes[0] === 0x4d && bytes[1] === 0x5a;
}

/** Why a file is none that can be loaded; continues a sentence that begins with the file's name. */
export class Unreadable extends Error {
  constructor(readonly reason: Words) {
    super(reason.en);
  }
}

export const NOT_A_LIBRARY = {
  empty: { en: 'is empty', zh: '文件为空' },
  damaged: { en: 'is truncated or damaged', zh: '文件不完整或已损坏' },
  damagedHeader: { en: 'has a damaged ELF header', zh: 'ELF 文件头已损坏' },
  damagedPeHeader: { en: 'has a damaged header of a DLL', zh: 'DLL 文件头已损坏' },
  notShared: { en: 'is an ELF file, but not a shared library', zh: '是 ELF 文件，但不是动态库' },
  notDynamic: { en: 'is an ELF file without a dynamic section', zh: '是没有动态段的 ELF 文件' },
  program: { en: 'is a program, not a shared library', zh: '是可执行程序，不是动态库' },
  tooManyNeeded: {
    en: 'is damaged: it needs too many libraries',
    zh: '文件已损坏：所依赖的库过多',
  },
  forWindows: { en: 'is a library for Windows', zh: '是 Windows 的动态库' },
  forLinux: { en: 'is a library for Linux', zh: '是 Linux 的动态库' },
  other(bytes: Uint8Array): Words {
    if (bytes.length === 0) return NOT_A_LIBRARY.empty;
    const { en, zh } = beginning(bytes);
    return { en: `is not a shared library (it begins with ${en})`, zh: `不是动态库（文件开头为 ${zh}）` };
  },
} satisfies Record<string, Words | ((bytes: Uint8Array) => Words)>;

/** So that a text file, a link's text or a page of a proxy is known at sight. */
function beginning(bytes: Uint8Array): Words {
  const start = Buffer.from(bytes.subarray(0, 16));
  const printable = start.every(
    (byte) => byte === 0x0a || byte === 0x0d || byte === 0x09 || (byte >= 0x20 && byte < 0x7f),
  );
  if (!printable) {
    const hex = start.subarray(0, 4).toString('hex');
    return { en: `the bytes ${hex}`, zh: `字节 ${hex}` };
  }
  const line = JSON.stringify(start.toString('latin1').split(/[\r\n]/, 1)[0]);
  return { en: line, zh: line };
}
