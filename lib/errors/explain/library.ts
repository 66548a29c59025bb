import type { Topic } from './topic.js';

export const LIBRARY: readonly Topic[] = [
  {
    codes: ['KB_LIBRARY_NOT_FOUND'],
    en: {
      headline:
        "No client library was found: Kingbase's libkci is not on this machine, or not where it was looked for.",
      causes: [
        'The KingbaseES client, or its libkci package, is not installed on this machine or in this container image.',
        'It is installed elsewhere than in /opt/Kingbase/ES, or C:\\Program Files\\Kingbase on Windows, and nothing names it.',
        'The path that was named is misspelled, or does not exist for this process.',
        'The package has libkci.so, while libkci.so.5 was named.',
      ],
      actions: [
        "Install the KingbaseES client or the libkci package for this system; a server's Server/lib has it too.",
        'Name it: KINGBASE_CLIENT_LIBRARY=<…/libkci.so.5>, KINGBASE_CLIENT_DIR, or the option clientLibrary.',
        'Look for it: "find / -name \'libkci.so*\'", on Windows "where /r C:\\ libkci.dll".',
        'In a container copy libkci with its libssl and libcrypto into the image.',
      ],
    },
    zh: {
      headline: '没有找到客户端库：本机没有 Kingbase 的 libkci，或者它不在查找的位置。',
      causes: [
        '本机或容器镜像中没有安装 KingbaseES 客户端，也没有 libkci 包。',
        '安装在 /opt/Kingbase/ES（Windows 上为 C:\\Program Files\\Kingbase）以外的目录，而没有任何设置指明其位置。',
        '指定的路径有误，或者对本进程来说不存在。',
        '安装包中的文件名是 libkci.so，而指定的是 libkci.so.5。',
      ],
      actions: [
        '安装适用于本系统的 KingbaseES 客户端或 libkci 包；服务器的 Server/lib 目录中也有。',
        '指明其位置：KINGBASE_CLIENT_LIBRARY=<…/libkci.so.5>、KINGBASE_CLIENT_DIR 或 clientLibrary 选项。',
        "查找该文件：“find / -name 'libkci.so*'”，Windows 上用“where /r C:\\ libkci.dll”。",
        '使用容器时，把 libkci 及其 libssl、libcrypto 一起复制到镜像中。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_WRONG_ARCHITECTURE'],
    showsRemedy: true,
    en: {
      headline: 'The client library is for another architecture than this Node.js, so it cannot be loaded.',
      causes: [
        'Driver and library differ in bitness: a 32-bit library with a 64-bit Node.js, or the other way round.',
        'The library is for another processor (x86_64, aarch64, loongarch64, mips64el, sw_64).',
        'The container image or the emulation runs another architecture than the machine.',
      ],
      actions: [
        'See what Node.js is: "node -p process.arch"; and the library: "file -L <…/libkci.so.5>".',
        'A usual Node.js is 64-bit; the vendor offers packages of libkci for several architectures.',
      ],
    },
    zh: {
      headline: '客户端库与当前 Node.js 的架构不同，无法加载。',
      causes: [
        '驱动与客户端库的位数不一致：64 位 Node.js 使用了 32 位的库，或者相反。',
        '该库属于其他处理器架构（x86_64、aarch64、loongarch64、mips64el、sw_64）。',
        '容器镜像或模拟运行的架构与机器不同。',
      ],
      actions: [
        '查看 Node.js 的架构：“node -p process.arch”；查看库：“file -L <…/libkci.so.5>”。',
        '常见的 Node.js 是 64 位；厂商提供多种架构的 libkci 包。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_MISSING_DEPENDENCY'],
    text: { en: /GLIBC(XX)?_\d/, zh: /GLIBC(XX)?_\d/ },
    en: {
      headline: 'The client library was built for a newer operating system than this one.',
      causes: ['It needs a version of the C or C++ library (glibc, libstdc++) that is not installed here.'],
      actions: [
        'Install the libkci package that is made for this operating system and its age.',
        'Or run on a newer system or container image; "ldd --version" gives the version of glibc.',
      ],
    },
    zh: {
      headline: '该客户端库是为比本机更新的操作系统编译的。',
      causes: ['它需要的 C/C++ 运行库（glibc、libstdc++）版本在本机没有安装。'],
      actions: [
        '安装适用于本操作系统版本的 libkci 包。',
        '或者使用较新的系统或容器镜像；用“ldd --version”查看 glibc 版本。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_MISSING_DEPENDENCY'],
    when: ({ attempts }) => attempts?.some(({ format }) => format === 'pe') === true,
    showsRemedy: true,
    en: {
      headline: 'The client library is there, but DLLs that it needs cannot be found.',
      causes: [
        'The Visual C++ runtime that it was built with is not installed; MSVCR120.dll is that of Visual C++ 2013.',
        'Only the client library was copied: its OpenSSL and the other DLLs of the package belong beside it.',
        'A DLL of the right name was found on PATH, but it is of another version or for another architecture.',
      ],
      actions: [
        "Copy all DLLs of one package of the vendor into the library's directory.",
        'Put none into the current directory or beside node.exe: neither is searched.',
      ],
    },
    zh: {
      headline: '客户端库存在，但找不到它所依赖的 DLL。',
      causes: [
        '编译时所用的 Visual C++ 运行库没有安装；MSVCR120.dll 属于 Visual C++ 2013。',
        '只复制了客户端库：OpenSSL 和安装包中的其他 DLL 应放在同一目录。',
        '在 PATH 中找到了同名 DLL，但版本或架构不符。',
      ],
      actions: [
        '把厂商同一安装包中的全部 DLL 复制到客户端库所在目录。',
        '不要放在当前目录或 node.exe 所在目录：这两处都不会查找。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_MISSING_DEPENDENCY'],
    showsRemedy: true,
    en: {
      headline: 'The client library is there, but libraries that it needs are missing.',
      causes: [
        'Only libkci was copied: its OpenSSL (libssl and libcrypto) belongs beside it.',
        'The system has another OpenSSL: V9 needs libssl.so.1.1, V8R3 libssl.so.1.0.0, some V8R6 libssl.so.10.',
        'The system is not based on glibc (Alpine), for which the vendor has no library.',
      ],
      actions: [
        'See all that is missing: "ldd <…/libkci.so.5>".',
        'Do not make links to an OpenSSL of another version: the library can then crash.',
      ],
    },
    zh: {
      headline: '客户端库存在，但缺少它所依赖的库。',
      causes: [
        '只复制了 libkci：它自带的 OpenSSL（libssl 和 libcrypto）应放在同一目录。',
        '系统中的 OpenSSL 版本不同：V9 需要 libssl.so.1.1，V8R3 需要 libssl.so.1.0.0，部分 V8R6 需要 libssl.so.10。',
        '系统不是基于 glibc 的（如 Alpine），厂商没有提供相应的库。',
      ],
      actions: [
        '查看全部缺少的库：“ldd <…/libkci.so.5>”。',
        '不要用软链接代替成其他版本的 OpenSSL，否则可能崩溃。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_MISSING_SYMBOL'],
    en: {
      headline: 'The library is there, but it is not a client library that can be used.',
      causes: [
        'The path names another library, for instance a driver for ODBC or DCI.',
        'The library is of a version that lacks some functions, or is incomplete.',
      ],
      actions: [
        'Name libkci.so.5 (or libkci.so; libkci.dll) of KingbaseES V8 or V9 in KINGBASE_CLIENT_LIBRARY.',
        'See what it has: "nm -D <file> | grep -E \'KCI|PQ\'".',
      ],
    },
    zh: {
      headline: '该库存在，但不是可用的客户端库。',
      causes: ['路径指向了其他库，例如 ODBC 或 DCI 的驱动。', '该库的版本缺少部分函数，或文件不完整。'],
      actions: [
        '通过 KINGBASE_CLIENT_LIBRARY 指定 KingbaseES V8 或 V9 的 libkci.so.5（或 libkci.so、libkci.dll）。',
        "查看库中的函数：“nm -D <文件> | grep -E 'KCI|PQ'”。",
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_UNSUPPORTED_VERSION'],
    en: {
      headline: 'The client library is of KingbaseES V7, which this driver does not support.',
      causes: ['An old installation is found first, or named in KINGBASE_CLIENT_LIBRARY or KINGBASE_HOME.'],
      actions: ['Install the client library of KingbaseES V8 or V9, and name it in KINGBASE_CLIENT_LIBRARY.'],
    },
    zh: {
      headline: '该客户端库属于 KingbaseES V7，本驱动不支持。',
      causes: ['首先找到的是旧的安装，或者 KINGBASE_CLIENT_LIBRARY、KINGBASE_HOME 指向了它。'],
      actions: ['安装 KingbaseES V8 或 V9 的客户端库，并通过 KINGBASE_CLIENT_LIBRARY 指定。'],
    },
  },
  {
    codes: ['KB_LIBRARY_NOT_A_LIBRARY'],
    en: {
      headline: 'The file that was named is not a shared library.',
      causes: [
        'The path names a text file, an archive or a program.',
        'A copy lost the link: packages have libkci.so as a link, and some tools copy only its text.',
        'The file is empty or damaged, or is for another operating system.',
      ],
      actions: [
        'See what it is: "file -L <path>".',
        'Name libkci.so.5 (libkci.so, libkci.dll) itself, and copy it again with "cp -a" or from the package.',
      ],
    },
    zh: {
      headline: '指定的文件不是动态库。',
      causes: [
        '路径指向了文本文件、压缩包或程序。',
        '复制时软链接失效：安装包中的 libkci.so 是链接，有的工具只复制了链接的文字。',
        '文件为空、已损坏，或属于其他操作系统。',
      ],
      actions: [
        '查看文件类型：“file -L <路径>”。',
        '指定 libkci.so.5（libkci.so、libkci.dll）本身，并用“cp -a”重新复制，或从安装包中重新取得。',
      ],
    },
  },
  {
    codes: ['KB_LIBRARY_LOAD_FAILED'],
    showsRemedy: true,
    en: {
      headline: 'The client library exists, but the operating system could not load it.',
      causes: [
        'The user that runs Node.js may not read the file or a directory above it.',
        'The file system is mounted noexec, or SELinux, a policy of Windows or a virus scanner forbids it.',
        'The file or one that it needs is damaged, or was replaced while in use.',
        'The system is not based on glibc (Alpine).',
      ],
      actions: [
        'Check the permissions as that user: "ls -lL <path>", and "namei -l <path>".',
        'See what the dynamic linker says: "ldd <path>".',
        'Install the package anew.',
      ],
    },
    zh: {
      headline: '客户端库存在，但操作系统无法加载它。',
      causes: [
        '运行 Node.js 的用户没有读取该文件或其上级目录的权限。',
        '文件系统以 noexec 方式挂载，或被 SELinux、Windows 策略或杀毒软件禁止。',
        '该文件或其依赖的文件已损坏，或在使用中被替换。',
        '系统不是基于 glibc 的（如 Alpine）。',
      ],
      actions: [
        '以该用户检查权限：“ls -lL <路径>”、“namei -l <路径>”。',
        '查看动态链接器的提示：“ldd <路径>”。',
        '重新安装该软件包。',
      ],
    },
  },
];
