import { isError } from '../base/is-error.js';
import type { ClientLibraryErrorCode, MissingLibrary } from '../errors/index.js';
import { describeArchitecture, type Architecture } from './architecture.js';
import { knownLibrary } from './known-libraries.js';
import { generalRemedy, remedyForMissing } from './remedies.js';
import { enumerate, type Words } from './words.js';

/** Why a candidate is not used. `reason` continues a sentence that begins with its path. */
export interface Problem {
  code: ClientLibraryErrorCode;
  reason: Words;
  remedy: Words;
}

export function problem(
  code: ClientLibraryErrorCode,
  reason: Words,
  remedy: Words = generalRemedy(code),
): Problem {
  return { code, reason, remedy };
}

export const DOES_NOT_EXIST = problem('KB_LIBRARY_NOT_FOUND', { en: 'does not exist', zh: '文件不存在' });

/** @param relative whether LD_LIBRARY_PATH has entries that stand for the current directory or are relative to it */
export function notFoundByLinker(relative: boolean): Problem {
  return problem('KB_LIBRARY_NOT_FOUND', {
    en: relative
      ? 'was not found where the dynamic linker searches; empty and relative entries of LD_LIBRARY_PATH are passed over, ' +
        'since they lead to the current directory'
      : 'was not found where the dynamic linker searches',
    zh: relative
      ? '动态链接器的搜索路径中没有；LD_LIBRARY_PATH 中的空项和相对路径会指向当前目录，因此不予采用'
      : '动态链接器的搜索路径中没有',
  });
}

export function notOnPath(directories: number): Problem {
  return problem('KB_LIBRARY_NOT_FOUND', {
    en: `is not on PATH (${directories} ${directories === 1 ? 'directory' : 'directories'})`,
    zh: `不在 PATH 的目录中（共 ${directories} 个）`,
  });
}

/** @param home the installation, for the variable by which whoever starts the program vouches for it */
export function openToAll(home: string): Problem {
  return problem(
    'KB_LIBRARY_NOT_FOUND',
    {
      en: 'is in a directory that any user of this machine may have made, so it is not loaded unless it is named',
      zh: '所在目录可由本机任何用户创建，因此在未明确指定时不会加载',
    },
    {
      en: `If an administrator has installed it, name it: KINGBASE_HOME=${home}`,
      zh: `若由管理员安装，请明确指定：KINGBASE_HOME=${home}`,
    },
  );
}

export const V7_LIBRARY = problem('KB_LIBRARY_UNSUPPORTED_VERSION', {
  en: 'is of KingbaseES V7, whose functions differ; V8 or later is needed',
  zh: '属于 KingbaseES V7，其函数不同；需要 V8 或更高版本',
});

export const NO_CLIENT_FUNCTIONS = problem('KB_LIBRARY_MISSING_SYMBOL', {
  en: 'has none of the functions of a Kingbase or PostgreSQL client library',
  zh: '没有 Kingbase 或 PostgreSQL 客户端库的任何函数',
});

export function lacksFunctions(missing: readonly string[]): Problem {
  const names = enumerate(missing);
  return problem('KB_LIBRARY_MISSING_SYMBOL', {
    en: `is not a usable client library: it lacks ${names.en}`,
    zh: `不是可用的客户端库，缺少 ${names.zh}`,
  });
}

export function wrongArchitecture(library: Architecture, own: Architecture): Problem {
  const its = describeArchitecture(library);
  const ours = describeArchitecture(own);
  return problem(
    'KB_LIBRARY_WRONG_ARCHITECTURE',
    {
      en: `is built for ${its.en}, this process is ${ours.en}`,
      zh: `架构为 ${its.zh}，而本进程为 ${ours.zh}`,
    },
    {
      en: `Install the client library for ${ours.en}, or the Node.js for ${its.en}.`,
      zh: `安装适用于 ${ours.zh}的客户端库，或适用于 ${its.zh}的 Node.js。`,
    },
  );
}

/** `places`: where else than beside the library was looked, in words. */
export function missingLibraries(
  missing: readonly MissingLibrary[],
  directory: string,
  places: Words,
  bits: 32 | 64,
): Problem {
  const named = missing.map(describeMissing);
  const en = enumerate(named.map((words) => words.en)).en;
  const zh = enumerate(named.map((words) => words.zh)).zh;
  return problem(
    'KB_LIBRARY_MISSING_DEPENDENCY',
    {
      en: `needs ${en}, not found beside it (${directory}) or ${places.en}`,
      zh: `依赖 ${zh}，在其所在目录（${directory}）和${places.zh}中都没有找到`,
    },
    remedyForMissing(missing, bits),
  );
}

function describeMissing({ name, unfit }: MissingLibrary): Words {
  if (unfit?.reason === 'architecture') {
    const { path } = unfit;
    return { en: `${name} (${path} is for another architecture)`, zh: `${name}（${path} 的架构不同）` };
  }
  if (unfit?.reason === 'not-in-cache') {
    const { path } = unfit;
    return {
      en: `${name} (${path} is not yet in the dynamic linker's cache)`,
      zh: `${name}（${path} 尚未加入动态链接器的缓存）`,
    };
  }
  const what = knownLibrary(name)?.what;
  return what === undefined
    ? { en: name, zh: name }
    : { en: `${name} (${what.en})`, zh: `${name}（${what.zh}）` };
}

export function unreadable(error: unknown): Problem {
  const code = isError(error) && 'code' in error ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return DOES_NOT_EXIST;
    case 'EACCES':
    case 'EPERM':
      return problem(
        'KB_LIBRARY_LOAD_FAILED',
        { en: 'cannot be read: permission denied', zh: '没有读取权限' },
        {
          en: 'Let the user that runs Node.js read the file and search the directories above it.',
          zh: '让运行 Node.js 的用户有权读取该文件，并有权进入其各级上级目录。',
        },
      );
    case 'EISDIR':
      return problem('KB_LIBRARY_NOT_FOUND', {
        en: 'is a directory, and holds no client library (libkci.so.5, libkci.so, libkci.dll)',
        zh: '是一个目录，其中没有客户端库（libkci.so.5、libkci.so、libkci.dll）',
      });
    case 'EFTYPE':
      return problem('KB_LIBRARY_NOT_A_LIBRARY', { en: 'is not a regular file', zh: '不是普通文件' });
    default:
      return problem('KB_LIBRARY_LOAD_FAILED', {
        en: `cannot be read (${code})`,
        zh: `无法读取（${code}）`,
      });
  }
}
