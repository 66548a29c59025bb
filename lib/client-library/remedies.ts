import type { ClientLibraryErrorCode, MissingLibrary } from '../errors/index.js';
import { knownLibrary } from './known-libraries.js';
import { enumerate, type Words } from './words.js';

/** What to do when all that is known is the kind of failure. */
const GENERAL: Readonly<Record<ClientLibraryErrorCode, Words>> = {
  KB_LIBRARY_NOT_FOUND: {
    en:
      'Install the KingbaseES client or its libkci package on this machine, and name the library in ' +
      'KINGBASE_CLIENT_LIBRARY (a file) or KINGBASE_CLIENT_DIR, or in the clientLibrary option.',
    zh: '在本机安装 KingbaseES 客户端或 libkci 包，并通过 KINGBASE_CLIENT_LIBRARY（文件）、KINGBASE_CLIENT_DIR（目录）或 clientLibrary 选项指明。',
  },
  KB_LIBRARY_WRONG_ARCHITECTURE: {
    en: 'Install the client library for the architecture of this Node.js.',
    zh: '安装与当前 Node.js 架构一致的客户端库。',
  },
  KB_LIBRARY_MISSING_DEPENDENCY: {
    en: "Copy the missing libraries from the vendor's package into the directory of the client library, or install them.",
    zh: '从厂商的安装包中把缺少的库复制到客户端库所在目录，或者安装它们。',
  },
  KB_LIBRARY_MISSING_SYMBOL: {
    en: 'Name the libkci of KingbaseES V8 or later in KINGBASE_CLIENT_LIBRARY.',
    zh: '通过 KINGBASE_CLIENT_LIBRARY 指定 KingbaseES V8 或更高版本的 libkci。',
  },
  KB_LIBRARY_UNSUPPORTED_VERSION: {
    en: 'Install the client library of KingbaseES V8 or V9.',
    zh: '安装 KingbaseES V8 或 V9 的客户端库。',
  },
  KB_LIBRARY_NOT_A_LIBRARY: {
    en: 'Name the library itself: libkci.so.5, or libkci.so in some packages; on Windows libkci.dll.',
    zh: '指定库文件本身：libkci.so.5，有的安装包中是 libkci.so；Windows 上是 libkci.dll。',
  },
  KB_LIBRARY_LOAD_FAILED: {
    en: 'Check the permissions of the file, and that it is complete and made for this system.',
    zh: '检查文件的权限，以及文件是否完整、是否适用于本系统。',
  },
};

export function generalRemedy(code: ClientLibraryErrorCode): Words {
  return GENERAL[code];
}

/** Where to get what is missing, as far as its name tells. */
export function remedyForMissing(missing: readonly MissingLibrary[], bits: 32 | 64): Words {
  const parts: Words[] = [];
  const add = (words: Words): void => {
    if (!parts.some(({ en }) => en === words.en)) parts.push(words);
  };
  const stale = missing.filter(({ unfit }) => unfit?.reason === 'not-in-cache');
  if (stale.length > 0) {
    const names = enumerate(stale.map(({ name }) => name));
    add({
      en: `Run "ldconfig" as root: ${names.en} lies in a directory of the dynamic linker, which does not know it yet.`,
      zh: `以 root 身份运行“ldconfig”：${names.zh} 已在动态链接器的目录中，但其缓存尚未更新。`,
    });
  }
  for (const library of missing) {
    if (stale.includes(library)) continue;
    const remedy = knownLibrary(library.name)?.remedy(bits);
    add(remedy ?? GENERAL.KB_LIBRARY_MISSING_DEPENDENCY);
  }
  return { en: parts.map(({ en }) => en).join(' '), zh: parts.map(({ zh }) => zh).join('') };
}
