import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { npm } from './npm.js';

export interface Runtime {
  readonly name: string;
  /** Absolute path of the program, and what goes before the file to run. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment?: Readonly<Record<string, string>>;
}

const root = path.resolve(__dirname, '../../..');
const manifests = ['package.json', 'package-lock.json'] as const;

/**
 * Installs the packages of test/packages/runtimes and gives their directory. It depends on nothing but the lock file, so
 * it is kept for the next run.
 */
export async function installTools(): Promise<string> {
  const source = path.join(root, 'test', 'packages', 'runtimes');
  const hash = createHash('sha256');
  for (const file of manifests) hash.update(readFileSync(path.join(source, file)));
  const directory = path.join(root, 'build', `runtimes-${hash.digest('hex').slice(0, 16)}`);
  const packages = path.join(directory, 'node_modules');
  if (existsSync(packages)) return packages;

  mkdirSync(path.dirname(directory), { recursive: true });
  const unfinished = mkdtempSync(`${directory}-unfinished-`);
  try {
    for (const file of manifests) copyFileSync(path.join(source, file), path.join(unfinished, file));
    // Some of the packages want a newer Node, and node-loader its webpack, which is the project's own.
    const options = ['--ignore-scripts', '--force', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    await npm(['ci', ...options, '--loglevel=error'], unfinished);
    renameSync(unfinished, directory);
    // What an older lock file named is a gigabyte.
    for (const name of readdirSync(path.dirname(directory))) {
      if (/^runtimes-[\da-f]{16}$/.test(name) && name !== path.basename(directory)) {
        rmSync(path.join(path.dirname(directory), name), { recursive: true, force: true });
      }
    }
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(packages)) throw error;
  }
  return packages;
}

/**
 * The lowest Node.js that package.json admits, the newest of each line since, and the two that are not Node.js; only the
 * one that runs this on systems other than Linux on x64.
 */
export function runtimesIn(packages: string): Runtime[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return [{ name: `Node.js ${process.versions.node}`, command: [process.execPath] }];
  }
  const node = (name: string): Runtime => ({
    name: `Node.js ${name}`,
    command: [path.join(packages, `node-${name}`, 'bin', 'node')],
  });
  return [
    ...['18.18', '18', '20', '22', '24', '26'].map(node),
    { name: 'Bun', command: [path.join(packages, 'bun', 'bin', 'bun')] },
    {
      name: 'Deno',
      command: [path.join(packages, 'deno', 'deno'), 'run', '--allow-all', '--no-prompt'],
      environment: { DENO_NO_UPDATE_CHECK: '1' },
    },
  ];
}
