import type { Topic } from './topic.js';

/** The driver's own native part, which comes before any client library. */
export const ADDON: readonly Topic[] = [
  {
    codes: ['KB_PLATFORM_UNSUPPORTED'],
    shows: ['hint'],
    en: {
      headline: 'This system has the C library musl, and the driver needs glibc.',
      causes: [
        'The container image is an Alpine one (node:…-alpine).',
        'The Linux distribution is built on musl, as Alpine and some variants of Void are.',
      ],
      actions: [
        'Use an image with glibc: node:22-bookworm-slim in place of node:22-alpine.',
        "Packages that imitate glibc on musl do not help: Kingbase's client library needs the real one.",
      ],
    },
    zh: {
      headline: '本系统使用 musl C 库，而驱动需要 glibc。',
      causes: [
        '容器镜像是 Alpine 版（node:…-alpine）。',
        '该 Linux 发行版基于 musl，例如 Alpine 和 Void 的某些版本。',
      ],
      actions: [
        '改用带 glibc 的镜像：用 node:22-bookworm-slim 代替 node:22-alpine。',
        '在 musl 上模拟 glibc 的软件包无济于事：金仓客户端库需要真正的 glibc。',
      ],
    },
  },
  {
    codes: ['KB_ADDON_NOT_FOUND'],
    shows: ['hint'],
    en: {
      headline: "The driver's native addon (a .node file) for this system was not found.",
      causes: [
        'The package has no binary for this operating system and processor, and none was built.',
        'A bundler or a copy script has left the folder prebuilds of the package behind.',
        'node_modules was installed on another system and copied here without that folder.',
      ],
      actions: [
        'See what this is: "node -p process.platform,process.arch"; and what is there: the folder prebuilds.',
        'Install the package on this system: "npm install kingbase-native".',
        'Where the package has no binary for the system, build one: "npx kingbase-native build".',
        'In a bundle import "kingbase-native/addon/linux-x64" (or your system\'s) and copy .node files, or keep the ' +
          'package external.',
      ],
    },
    zh: {
      headline: '没有找到适用于本系统的驱动原生模块（.node 文件）。',
      causes: [
        '软件包中没有适用于此操作系统和处理器的二进制文件，也没有自行编译。',
        '打包工具或复制脚本遗漏了软件包的 prebuilds 目录。',
        'node_modules 是在其他系统上安装后复制过来的，缺少该目录。',
      ],
      actions: [
        '查看本系统：“node -p process.platform,process.arch”；再查看 prebuilds 目录中有什么。',
        '在本系统上安装：“npm install kingbase-native”。',
        '如果软件包没有适用于本系统的二进制文件，请自行编译：“npx kingbase-native build”。',
        '使用打包工具时把 kingbase-native 设为外部依赖；或者引入其原生模块入口，例如“kingbase-native/addon/linux-x64”，' +
          '并让打包工具复制 .node 文件。',
      ],
    },
  },
  {
    codes: ['KB_ADDON_LOAD_FAILED'],
    shows: ['hint'],
    en: {
      headline: "The driver's native addon is there, but this system cannot load it.",
      causes: [
        'The C library is older than what the addon needs: "version `GLIBC_…\' not found".',
        'The file is damaged or cut short, or is for another system.',
        'The folder forbids loading code: a mount with noexec, a security policy, missing permissions.',
      ],
      actions: [
        'Read the words of the system at the end of the message.',
        'See the version of the C library: "ldd --version"; 2.28 or later is needed.',
        'Install the package again, on the system that it runs on.',
      ],
    },
    zh: {
      headline: '驱动的原生模块存在，但本系统无法加载。',
      causes: [
        "C 库的版本低于该模块的要求：“version `GLIBC_…' not found”。",
        '文件已损坏或不完整，或者属于其他系统。',
        '所在目录不允许加载代码：以 noexec 挂载、安全策略限制或权限不足。',
      ],
      actions: [
        '查看错误信息末尾系统给出的原文。',
        '查看 C 库版本：“ldd --version”；需要 2.28 或更高版本。',
        '在实际运行的系统上重新安装该软件包。',
      ],
    },
  },
];
