import { problem, type Problem } from './problems.js';
import type { Words } from './words.js';

/** Windows' numbers for a DLL that does not load ("System Error Codes"), in sentences that help. */
const PROBLEMS: readonly {
  numbers: readonly number[];
  code: Problem['code'];
  reason: Words;
  remedy: Words;
}[] = [
  {
    numbers: [126],
    code: 'KB_LIBRARY_MISSING_DEPENDENCY',
    reason: {
      en: 'needs a DLL, itself or by way of another one, that Windows cannot find',
      zh: '它直接或间接依赖的某个 DLL，Windows 没有找到',
    },
    remedy: {
      en:
        "Copy all DLLs of the vendor's package into the directory of the client library, and install the Visual C++ " +
        '2013 runtime (vcredist_x64.exe).',
      zh: '把厂商安装包中的全部 DLL 复制到客户端库所在目录，并安装 Visual C++ 2013 运行库（vcredist_x64.exe）。',
    },
  },
  {
    numbers: [127],
    code: 'KB_LIBRARY_MISSING_DEPENDENCY',
    reason: {
      en: 'needs a function that a DLL of the right name lacks: that DLL is of another version',
      zh: '所需的某个函数在同名 DLL 中不存在：找到的 DLL 版本不符',
    },
    remedy: {
      en:
        "Copy OpenSSL (libssl and libcrypto) from the vendor's own package into the directory of the client library: " +
        'one of another program, found on PATH, does not serve.',
      zh: '从厂商自己的安装包把 OpenSSL（libssl 和 libcrypto）复制到客户端库所在目录；PATH 中其他程序自带的版本不能代替。',
    },
  },
  {
    numbers: [193, 216],
    code: 'KB_LIBRARY_WRONG_ARCHITECTURE',
    reason: {
      en: 'needs a DLL that is for another architecture than this process (32 against 64 bit), or damaged',
      zh: '它依赖的某个 DLL 与本进程架构不同（32 位与 64 位之别），或者已损坏',
    },
    remedy: {
      en:
        "Copy all DLLs of one package of the vendor, for this process's architecture, into the directory of the client " +
        'library; a DLL of the same name that is found earlier on PATH may be of the other kind.',
      zh: '把厂商同一安装包中与本进程架构一致的全部 DLL 复制到客户端库所在目录；PATH 中靠前的同名 DLL 可能是另一种架构。',
    },
  },
  {
    numbers: [14001],
    code: 'KB_LIBRARY_MISSING_DEPENDENCY',
    reason: {
      en: 'needs a runtime of Visual C++ that is not installed',
      zh: '所需的 Visual C++ 运行库没有安装',
    },
    remedy: {
      en: 'Install the Visual C++ 2005 or 2008 Redistributable of the same architecture from Microsoft.',
      zh: '安装微软的同架构 Visual C++ 2005 或 2008 Redistributable。',
    },
  },
  {
    numbers: [1114],
    code: 'KB_LIBRARY_LOAD_FAILED',
    reason: {
      en: 'was found, but it or a DLL that it needs failed to start',
      zh: '已找到，但它或它依赖的某个 DLL 初始化失败',
    },
    remedy: {
      en: "Install the vendor's package anew, with all its DLLs in one directory.",
      zh: '重新安装厂商的软件包，并使其全部 DLL 位于同一目录。',
    },
  },
  {
    numbers: [5],
    code: 'KB_LIBRARY_LOAD_FAILED',
    reason: { en: 'may not be loaded: access denied', zh: '没有加载权限：拒绝访问' },
    remedy: {
      en: 'Let the user that runs Node.js read and execute the file and the DLLs beside it.',
      zh: '让运行 Node.js 的用户有权读取和执行该文件及其旁边的 DLL。',
    },
  },
  {
    numbers: [225, 577, 1260, 4551],
    code: 'KB_LIBRARY_LOAD_FAILED',
    reason: {
      en: "was blocked by this system's protection (a policy for programs, or a virus scanner)",
      zh: '被系统的保护机制（程序策略或杀毒软件）阻止',
    },
    remedy: {
      en: 'Have the administrator allow the directory of the client library.',
      zh: '请管理员放行客户端库所在目录。',
    },
  },
];

/** `words`: what Windows says itself. `foretold`: what the headers told of missing DLLs. */
export function windowsProblem(number: number, words: string, foretold: Problem | undefined): Problem {
  if (foretold !== undefined && (number === 126 || number === 193)) return foretold;
  const known = PROBLEMS.find(({ numbers }) => numbers.includes(number));
  if (known === undefined) {
    return problem('KB_LIBRARY_LOAD_FAILED', {
      en: `cannot be loaded: ${words}`,
      zh: `无法加载：${words}`,
    });
  }
  const { code, reason, remedy } = known;
  return problem(code, { en: `${reason.en} (${words})`, zh: `${reason.zh}（${words}）` }, remedy);
}
