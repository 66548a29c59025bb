import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { PackageName } from './client.js';

const modules = path.join(__dirname, 'node_modules');

/** Where tsconfig.compiled.json puts child.ts with its clients and workloads. */
export const compiledFolder = path.join(modules, '.cache', 'compiled');

/** Brings `bench/node_modules` to what package-lock.json says and compiles the measured part. */
export function prepare(): void {
  const installed = path.join(modules, '.package-lock.json');
  const wanted = path.join(__dirname, 'package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) installPeers();
  // A package cannot find itself by its name from below another package.json.
  const self = path.join(modules, 'kingbase-native');
  if (!existsSync(self)) symlinkSync(path.join('..', '..'), self, 'junction');

  const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', path.join(__dirname, 'tsconfig.compiled.json')], {
    stdio: ['ignore', 2, 2],
  });
}

function installPeers(): void {
  const prefix = path.resolve(process.execPath, '..', '..');
  const hasHeaders = existsSync(path.join(prefix, 'include', 'node', 'node.h'));
  // libpq, which pg-native is built on, needs the headers of Node itself, not only those of Node-API. Without this
  // node-gyp would download them.
  const nodedir = hasHeaders ? { npm_config_nodedir: prefix } : {};
  execFileSync('npm', ['ci', '--ignore-scripts=false', '--no-audit', '--no-fund'], {
    cwd: __dirname,
    env: { ...process.env, ...nodedir },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}

export type Availability = { version: string } | { missing: string };

const packageNames: Partial<Record<PackageName, string>> = {
  'kingbase-native-pg': 'kingbase-native',
  'kingbase-native-pipeline': 'kingbase-native',
  'pg-pipeline': 'pg',
  'bun-sql': 'bun',
  'knex-kingbase': 'knex',
  'knex-pg': 'knex',
  'drizzle-kingbase': 'drizzle-orm',
  'drizzle-pg': 'drizzle-orm',
};

/** The program of Bun. */
export const bunProgram = path.join(modules, 'bun', 'bin', 'bun');

export function availability(client: PackageName): Availability {
  const packageName = packageNames[client] ?? client;
  const folder = path.join(modules, packageName);
  // An optional dependency: npm leaves it out where libpq cannot be built.
  if (client === 'pg-native' && !existsSync(folder)) {
    return {
      missing:
        'libpq could not be built. It needs pg_config and libpq-fe.h (Debian: libpq-dev), a C++ compiler, and ' +
        "Node's headers in include/node beside Node's bin; then delete bench/node_modules and run again",
    };
  }
  if (client === 'bun-sql' && !existsSync(bunProgram)) {
    return { missing: 'Bun is for Linux on x64 here' };
  }
  if (packageName === 'kingbase-native' && !existsSync(path.join(folder, 'dist', 'index.js'))) {
    return { missing: 'it is not built (dist/index.js); run `npm run compile` first' };
  }
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { version };
}
