import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { ArgumentError, flagOf, parse, type Parsed } from '../arguments.js';
import type { Console } from '../console.js';
import { ExitCode } from '../exit-codes.js';
import { printableLines } from '../terminal.js';
import { text, type Text } from '../words.js';
import { commandOf, fileNameOf, firstProgram, type Situation } from './first-programs.js';

const OPTIONS = {
  script: { type: 'boolean' },
  service: { type: 'boolean' },
  typescript: { type: 'boolean' },
  javascript: { type: 'boolean' },
  esm: { type: 'boolean' },
  cjs: { type: 'boolean' },
} as const;

/** Two options of which one can be given. */
interface Choice<T extends string> {
  readonly question: Text;
  /** By option: the value it stands for. */
  readonly values: Readonly<Record<string, T>>;
}

const KIND: Choice<Situation['kind']> = {
  question: text(
    'A script that ends, or a service that goes on?',
    '执行完即结束的脚本（script），还是持续运行的服务（service）？',
  ),
  values: { script: 'script', service: 'service' },
};
const LANGUAGE: Choice<Situation['language']> = {
  question: text('TypeScript or JavaScript?', '使用 TypeScript 还是 JavaScript？'),
  values: { typescript: 'typescript', javascript: 'javascript' },
};
const MODULES: Choice<Situation['modules']> = {
  question: text(
    'ES modules (import) or CommonJS (require)?',
    '使用 ES 模块（import）还是 CommonJS（require）？',
  ),
  values: { esm: 'esm', cjs: 'commonjs' },
};

/** Writes a first program for the reader's situation, never over a file that is there. */
export async function init(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, OPTIONS);
  if (parsed.positionals.length > 1) {
    throw new ArgumentError(text('Only one argument is taken, the folder.', '只接受一个参数，即目录。'));
  }
  const { stdout, stderr, language } = console;
  const folder = path.resolve(parsed.positionals[0] ?? '.');
  const situation = await situationFor(parsed, folder, console);
  const file = path.join(folder, fileNameOf(situation));
  try {
    writeFileSync(file, firstProgram(situation, language), { flag: 'wx' });
  } catch (error) {
    stderr.write(`${printableLines(failure(file, error)[language])}\n`);
    return ExitCode.local;
  }
  stdout.write(`${printableLines(text(`Written: ${file}`, `已写入：${file}`)[language])}\n\n`);
  stdout.write(`${printableLines(nextSteps(situation, folder, console))}\n`);
  return ExitCode.ok;
}

function failure(file: string, error: unknown): Text {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') {
    return text(
      `${file} is there already and was left as it is. Name another folder: kingbase-native init FOLDER`,
      `${file} 已存在，未作任何修改。请指定另一个目录：kingbase-native init 目录`,
    );
  }
  return text(`${file} cannot be written: ${message}`, `无法写入 ${file}：${message}`);
}

/** By the options; what they leave open is asked for on a terminal, and elsewhere as the folder's files have it. */
async function situationFor(parsed: Parsed, folder: string, console: Console): Promise<Situation> {
  const { stdin, stdout } = console;
  const usual = usualIn(folder);
  const ask = stdin.isTTY && stdout.isTTY ? console : undefined;
  return {
    kind: await chosen(KIND, parsed, usual.kind, ask),
    language: await chosen(LANGUAGE, parsed, usual.language, ask),
    modules: await chosen(MODULES, parsed, usual.modules, ask),
  };
}

async function chosen<T extends string>(
  { question, values }: Choice<T>,
  parsed: Parsed,
  usual: T,
  console: Console | undefined,
): Promise<T> {
  const names = Object.keys(values);
  const given = names.filter((name) => flagOf(parsed, name));
  if (given.length > 1) {
    const [one, other] = given.map((name) => `--${name}`);
    throw new ArgumentError(text(`Give ${one} or ${other}, not both.`, `${one} 和 ${other} 只能给出一个。`));
  }
  const [name] = given;
  if (name !== undefined) return values[name] ?? usual;
  if (console === undefined) return usual;
  const usualName = names.find((each) => values[each] === usual) ?? '';
  const lines = createInterface({ input: console.stdin, output: console.stdout });
  const gone = new AbortController();
  lines.once('SIGINT', () => gone.abort());
  lines.once('close', () => gone.abort());
  try {
    for (;;) {
      const asking = `${question[console.language]} (${names.join(' / ')}) [${usualName}] `;
      const answer = await lines.question(asking, { signal: gone.signal });
      const asked = answer.trim().toLowerCase();
      if (asked === '') return usual;
      const meant = names.find((each) => each.startsWith(asked));
      if (meant !== undefined) return values[meant] ?? usual;
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    console.stdout.write('\n');
    throw new ArgumentError(text('Nothing was written.', '没有写入任何内容。'));
  } finally {
    lines.close();
  }
}

/** ES modules, which the ending `mjs` makes of a file whatever package.json says: npm itself writes "commonjs" there. */
function usualIn(folder: string): Situation {
  const typescript = existsSync(path.join(folder, 'tsconfig.json'));
  return { kind: 'script', language: typescript ? 'typescript' : 'javascript', modules: 'esm' };
}

function nextSteps(situation: Situation, folder: string, { environment, language }: Console): string {
  const steps: [string, Text][] = [];
  if (!isInstalled(folder)) {
    steps.push(['npm install kingbase-native', text('the package, in that folder', '在该目录中安装软件包')]);
  }
  const set = process.platform === 'win32' ? 'set' : 'export';
  if (environment['KINGBASE_URL'] === undefined) {
    steps.push(
      [`${set} KINGBASE_URL=kingbase://system@127.0.0.1:54321/test`, text('your server', '填写自己的服务器')],
      [`${set} KINGBASE_PASSWORD=…`, text('its password', '填写密码')],
    );
  }
  steps.push(
    ['npx kingbase-native doctor', text('what is missing, if anything', '检查还缺什么')],
    [commandOf(situation), text('the program', '运行程序')],
  );
  const width = Math.max(...steps.map(([command]) => command.length));
  return [
    text('Next:', '接下来：')[language],
    ...steps.map(([command, words]) => `  ${command.padEnd(width)}   # ${words[language]}`),
  ].join('\n');
}

function isInstalled(folder: string): boolean {
  try {
    createRequire(path.join(folder, 'package.json')).resolve('kingbase-native');
    return true;
  } catch {
    return false;
  }
}
