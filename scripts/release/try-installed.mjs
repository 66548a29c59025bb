/**
 * Tries a tarball on a system where nothing else of the project is installed, against a server that is running there:
 *
 *   node scripts/release/try-installed.mjs TARBALL CONFIG
 *
 * CONFIG is a file with JSON: the connection, and what makes it one with TLS, if the server has that, such as
 * `{ "config": { "host": "127.0.0.1", "clientLibrary": "…/libpq.so.5" }, "tls": { "sslMode": "require" } }`. Uses nothing
 * but Node and npm; the release workflow calls it on each system.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ABILITIES = [
  'query',
  'prepared',
  'transaction',
  'rows',
  'batchInsert',
  'copy',
  'large objects',
  'errors',
  'cancel',
  'pool',
  'listen',
  'worker thread',
];

const [tarball, configFile] = process.argv.slice(2);
if (!tarball || !configFile) throw new Error('Name the tarball and the file with the configuration.');
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { config, tls } = JSON.parse(readFileSync(configFile, 'utf8'));
const names = tls ? [...ABILITIES, 'tls'] : ABILITIES;
const directory = mkdtempSync(join(tmpdir(), 'kingbase-native-try-'));
try {
  cpSync(join(root, 'test', 'packages', 'programs'), directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  // npm is a command script on Windows: it needs a shell, and the shell quotes around the path.
  const shell = process.platform === 'win32';
  const file = shell ? `"${resolve(tarball)}"` : resolve(tarball);
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', file], {
    cwd: directory,
    shell,
    stdio: 'inherit',
  });
  for (const program of ['esm.mjs', 'commonjs.cjs']) {
    const printed = execFileSync(process.execPath, [program, JSON.stringify({ names, config, tls })], {
      cwd: directory,
      encoding: 'utf8',
      timeout: 120_000,
    });
    const { runtime, server, library, results } = JSON.parse(printed);
    console.log(`${program} on ${runtime}, ${process.platform}-${process.arch}, ${library.path}, ${server}`);
    for (const name of names) {
      console.log(`  ${name}: ${results[name]}`);
      if (results[name] !== 'ok') process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
