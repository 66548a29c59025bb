import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { commandLine } from '../support/command-line.js';

const root = path.resolve(__dirname, '../..');
const { host, port, user, database } = inject('server');
const library = inject('libraries')[0]!;
let project: string;

beforeAll(() => {
  project = mkdtempSync(path.join(os.tmpdir(), 'kingbase-init-'));
  mkdirSync(path.join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, path.join(project, 'node_modules/kingbase-native'));
  for (const each of ['@types/node', 'undici-types'])
    symlinkSync(path.join(root, 'node_modules', each), path.join(project, 'node_modules', each));
});
afterAll(() => rmSync(project, { recursive: true }));

/** A folder of the project, with what decides about the default. */
function folder(name: string, files: Readonly<Record<string, string>> = {}): string {
  const there = path.join(project, name);
  mkdirSync(there);
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(there, file), text);
  return there;
}

function start(file: string) {
  const tsx = /\.[mc]ts$/.test(file)
    ? ['--import', pathToFileURL(createRequire(__filename).resolve('tsx')).href]
    : [];
  const child = spawn(process.execPath, [...tsx, file], {
    cwd: project,
    env: {
      PATH: process.env['PATH'],
      KINGBASE_URL: `kingbase://${user}@${host}:${port}/${database}`,
      KINGBASE_CLIENT_LIBRARY: library.path,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 25_000,
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return { child, printed: () => printed };
}

const SITUATIONS = ['mjs', 'cjs', 'mts', 'cts'].map((ending) => ({
  ending,
  options: [
    ending.endsWith('ts') ? '--typescript' : '--javascript',
    ending.startsWith('c') ? '--cjs' : '--esm',
  ],
  language: ending.startsWith('c') ? 'zh' : 'en',
}));

describe.each(SITUATIONS)('kingbase-native init $options', ({ ending, options, language }) => {
  it('writes a script that runs', async () => {
    const { code, stdout } = await commandLine(['init', project, ...options, '--lang', language]);
    expect(code).toBe(0);
    const file = path.join(project, `first.${ending}`);
    expect(stdout).toContain(file);
    expect(readFileSync(file, 'utf8')).toContain(language === 'zh' ? '// 运行：' : '// Run it:');
    const { child, printed } = start(file);
    expect((await once(child, 'close'))[0], printed()).toBe(0);
    expect(printed()).toBe("[ { city: '杭州', n: 1 } ]\n1\n");
  });

  // What the two kinds of modules and the two languages change is the same in both kinds of programs.
  it.runIf(['mjs', 'cts'].includes(ending))('writes a service that answers and ends in order', async () => {
    await commandLine(['init', project, '--service', ...options, '--lang', language]);
    const { child, printed } = start(path.join(project, `service.${ending}`));
    await once(child.stdout, 'data');
    const address = printed().trim();
    const status = async (name: string): Promise<number> => (await fetch(new URL(name, address))).status;
    expect(await (await fetch(address)).json()).toEqual({ time: expect.any(String) as string });
    expect([await status('/health'), await status('/ready'), await status('/no')]).toEqual([200, 200, 404]);
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0], printed()).toBe(0);
  });
});

it('writes TypeScript that a strict compiler takes', () => {
  const files = readdirSync(project).filter((name) => /\.[mc]ts$/.test(name));
  expect(files.sort()).toEqual(['first.cts', 'first.mts', 'service.cts']);
  const program = ts.createProgram(
    files.map((name) => path.join(project, name)),
    {
      strict: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      types: ['node'],
      typeRoots: [path.join(root, 'node_modules/@types')],
      skipLibCheck: true,
      noEmit: true,
    },
  );
  const diagnostics = ts.getPreEmitDiagnostics(program);
  expect(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: String,
      getCurrentDirectory: () => project,
      getNewLine: () => '\n',
    }),
  ).toBe('');
});

describe('kingbase-native init, without a terminal', () => {
  it.each([
    ['an empty folder', {}, 'first.mjs'],
    ['what npm makes', { 'package.json': '{ "type": "commonjs" }' }, 'first.mjs'],
    ['TypeScript by tsconfig.json', { 'tsconfig.json': '{}' }, 'first.mts'],
  ])('asks nothing and takes what the folder has: %s', async (name, files, written) => {
    const there = folder(name.replaceAll(' ', '-'), files);
    const { code, stdout } = await commandLine(['init', there]);
    expect(code).toBe(0);
    expect(stdout).toContain('KINGBASE_URL=');
    expect(readdirSync(there).sort()).toEqual([...Object.keys(files), written].sort());
  });

  it('leaves a file that is there as it is', async () => {
    const there = folder('taken', { 'first.mjs': 'mine' });
    const { code, stderr } = await commandLine(['init', there]);
    expect(code).toBe(3);
    expect(stderr).toContain('is there already and was left as it is');
    expect(readFileSync(path.join(there, 'first.mjs'), 'utf8')).toBe('mine');
  });

  it('says what is wrong with its arguments, and that a folder is missing', async () => {
    expect(await commandLine(['init', '--esm', '--cjs'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--esm or --cjs') as string,
    });
    expect(await commandLine(['init', 'a', 'b'])).toMatchObject({ code: 2 });
    expect(await commandLine(['init', path.join(project, 'none')])).toMatchObject({ code: 3 });
  });
});
