import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ArgumentError, parse, stringOf } from './arguments.js';
import type { Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { packageDirectory } from './package-version.js';
import { printableLines } from './terminal.js';
import { text, type Text } from './words.js';

const OPTIONS = { nodedir: { type: 'string' } } as const;

/** Builds the addon from the sources in the package, for a system that the package has no binary for. */
export async function build(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, OPTIONS);
  if (parsed.positionals.length > 0) {
    throw new ArgumentError(text('build takes no connection.', 'build 不接受连接参数。'));
  }
  const { stdout, stderr, environment, language } = console;
  const directory = packageDirectory();
  const fail = (words: Text): ExitCode => {
    stderr.write(`${printableLines(words[language])}\n`);
    return ExitCode.local;
  };
  if (!isWritable(directory)) return fail(notWritable(directory));
  const nodeGyp = findNodeGyp(directory, environment);
  if (nodeGyp === undefined) return fail(NO_NODE_GYP);

  const nodedir = stringOf(parsed, 'nodedir') ?? headersOfThisNode(environment);
  const options = nodedir === undefined ? [] : [`--nodedir=${path.resolve(nodedir)}`];
  stdout.write(`${text(`Building in ${directory} …`, `正在 ${directory} 中编译……`)[language]}\n`);
  const { code, output } = await withBindingGyp(directory, () =>
    run([nodeGyp, 'rebuild', ...options], directory, environment),
  );
  if (code !== 0) {
    stderr.write(`${output.trimEnd()}\n`);
    return fail(BUILD_FAILED);
  }
  const addon = path.join(directory, 'build', 'Release', 'kingbase.node');
  const refused = loadFailure(addon);
  if (refused !== undefined) {
    stderr.write(`${printableLines(refused)}\n`);
    return fail(text(`${addon} was built, but cannot be loaded.`, `已编译 ${addon}，但无法加载。`));
  }
  stdout.write(
    `${text(`Built ${addon}. The driver uses it from now on.`, `已编译 ${addon}，驱动今后将使用它。`)[language]}\n`,
  );
  return ExitCode.ok;
}

const NO_NODE_GYP = text(
  'node-gyp was not found. It comes with npm: run this command by npx, or install node-gyp.',
  '未找到 node-gyp。它随 npm 提供：请用 npx 运行本命令，或自行安装 node-gyp。',
);

const BUILD_FAILED = text(
  'The build failed; node-gyp says above why. It needs a C++17 compiler, make and Python 3 (Debian: g++ make python3; ' +
    'Windows: Visual Studio with C++), and Node.js headers, which it downloads unless --nodedir names them.',
  '编译失败，原因见上方 node-gyp 的输出。编译需要 C++17 编译器、make 和 Python 3（Debian：g++ make python3；Windows：带 C++ 的 ' +
    'Visual Studio），以及 Node.js 头文件：默认自动下载，也可用 --nodedir 指定。',
);

/**
 * node-gyp reads `binding.gyp`. The package has none: npm calls node-gyp by itself where it finds one, on every system,
 * when it installs from a lock file, whatever `gypfile` in package.json says.
 */
async function withBindingGyp<T>(directory: string, build: () => Promise<T>): Promise<T> {
  const file = path.join(directory, 'binding.gyp');
  if (existsSync(file)) return build();
  writeFileSync(file, '{ "includes": ["native/addon.gypi"] }\n');
  try {
    return await build();
  } finally {
    rmSync(file, { force: true });
  }
}

function notWritable(directory: string): Text {
  return text(
    `This user cannot write to ${directory}. Run the command as the user who installed the package, or install it into ` +
      'a folder of your own.',
    `当前用户无权写入 ${directory}。请用安装该软件包的用户运行本命令，或把软件包安装到自己的目录中。`,
  );
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    const built = path.join(directory, 'build');
    if (existsSync(built)) accessSync(built, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The one that npm was told to use, one that is installed, or the one inside npm. */
function findNodeGyp(directory: string, environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment['npm_config_node_gyp'];
  if (named !== undefined && named !== '') return named;
  const beside = path.dirname(process.execPath);
  const npms = [
    environment['npm_execpath'] && path.dirname(path.dirname(environment['npm_execpath'])),
    path.join(beside, '..', 'lib', 'node_modules', 'npm'),
    path.join(beside, 'node_modules', 'npm'),
    '/usr/share/nodejs/npm',
  ];
  for (const place of [directory, ...npms]) {
    if (place === undefined || place === '') continue;
    try {
      return createRequire(path.join(place, 'package.json')).resolve('node-gyp/bin/node-gyp.js');
    } catch {
      // Not from there.
    }
  }
  return undefined;
}

/** A Node.js from an archive has its headers beside it, so that nothing need be downloaded. */
function headersOfThisNode(environment: NodeJS.ProcessEnv): string | undefined {
  // On Windows the linker needs node.lib as well, which no archive has.
  if (process.platform === 'win32' || environment['npm_config_nodedir'] !== undefined) return undefined;
  const installation = path.join(path.dirname(process.execPath), '..');
  const header = path.join(installation, 'include', 'node', 'node_api.h');
  return existsSync(header) ? installation : undefined;
}

function run(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const gather = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', gather);
    child.stderr.on('data', gather);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What the system says when it loads the addon, in a process of its own; undefined where it does so. */
function loadFailure(addon: string): string | undefined {
  const program = 'process.dlopen({ exports: {} }, process.argv[1])';
  const { status, stderr } = spawnSync(process.execPath, ['-e', program, addon], { encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim();
}
