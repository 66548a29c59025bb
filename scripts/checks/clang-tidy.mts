/**
 * `npm run check:tidy`: clang-tidy (.clang-tidy) over the C++ core, with the include folders of the npm packages and
 * no compile database. Sources for Windows are left out: their headers are not on other systems.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const root = path.resolve(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const include = ['node-api-headers/include', 'node-addon-api'].map((folder) => {
  const [name = '', ...rest] = folder.split('/');
  return path.join(path.dirname(require.resolve(`${name}/package.json`)), ...rest);
});
const flags = [
  '-std=c++17',
  '-DNAPI_VERSION=8',
  '-DBUILDING_NODE_EXTENSION',
  '-Wall',
  '-Wextra',
  '-Wno-unused-parameter',
  // A class that closes something in its destructor and is copied all the same would close it twice.
  '-Wdeprecated-copy-dtor',
  ...include.flatMap((folder) => ['-isystem', folder]),
];

function tidy(source: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn('clang-tidy-19', ['--quiet', source, '--', ...flags], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${source}`);
      if (code !== 0) console.log(output);
      resolve(code === 0);
    });
  });
}

const sources = readdirSync(path.join(root, 'native'))
  .filter((file) => file.endsWith('.cc') && !/(^|_)win(_|\.)/.test(file))
  .map((file) => path.join('native', file));
if (sources.length === 0) throw new Error('No C++ source was found in native/.');

async function work(): Promise<void> {
  for (let source = sources.shift(); source !== undefined; source = sources.shift()) {
    if (!(await tidy(source))) process.exitCode = 1;
  }
}
await Promise.all(Array.from({ length: os.availableParallelism() }, work));
