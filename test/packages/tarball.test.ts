import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { ABILITIES, allOk, exercise } from './support/exercise.js';
import { npm, run } from './support/npm.js';
import { firstLibrary, installInto } from './support/world.js';

interface Manifest {
  exports: Record<string, unknown>;
  scripts?: Record<string, string>;
  dependencies: Record<string, string>;
}

const world = inject('world');
const tools = inject('tools');
const installed = path.join(world.consumer, 'node_modules', 'kingbase-native');
const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-tarball-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll(path.sep, '/'))
  .filter((name) => statSync(path.join(installed, name)).isFile());

describe('the tarball', () => {
  it('needs five packages: one of them to build, two for the module that stands in for pg', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual([
      'generic-pool',
      'node-addon-api',
      'node-gyp-build',
      'pg-connection-string',
      'pg-types',
    ]);
  });

  it('names no file of the machine that it was built on', () => {
    const texts = files.filter((name) => !name.endsWith('.node'));
    const root = path.resolve(__dirname, '../..');
    const naming = texts.filter((name) => readFileSync(path.join(installed, name), 'utf8').includes(root));
    expect(naming).toEqual([]);
    for (const name of files.filter((file) => file.endsWith('.node'))) {
      expect(readFileSync(path.join(installed, name)).includes(root), name).toBe(false);
    }
  });

  it('builds nothing when it is installed from a lock file, with scripts allowed', async () => {
    const consumer = path.join(directory, 'locked');
    mkdirSync(consumer);
    await installInto(consumer, world.tarball);
    // npm calls node-gyp for a binding.gyp that it finds, whatever package.json says.
    await npm(['ci', '--prefer-offline', '--no-audit', '--no-fund'], consumer);
    const top = readdirSync(path.join(consumer, 'node_modules', 'kingbase-native'));
    expect(top).toContain('prebuilds');
    expect(top).not.toContain('build');
  });

  it('brings the command-line program', async () => {
    const command = path.join(world.consumer, 'node_modules', '.bin', 'kingbase-native');
    const { host, port, user, database } = world.connection;
    const printed = await run(
      command,
      [
        'query',
        `kingbase://${user}@${host}:${port}/${database}`,
        '--library',
        firstLibrary(world).path,
      ].concat(['--format', 'json', '--command', 'SELECT 6 * 7 AS answer']),
      world.consumer,
    );
    expect(JSON.parse(printed)).toEqual([{ answer: 42 }]);
  });

  it('gives what its exports name, and nothing else', () => {
    const require = createRequire(path.join(world.consumer, 'program.js'));
    const targets = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(value as Record<string, unknown>).flatMap(targets);
    const missing = targets(manifest.exports).filter((target) => !existsSync(path.join(installed, target)));
    expect(missing).toEqual([]);
    expect(require.resolve('kingbase-native')).toBe(path.join(installed, 'dist', 'index.js'));
    expect(() => require('kingbase-native/dist/driver/core.js') as unknown).toThrow(
      expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }),
    );
  });

  it('gives one and the same classes to import and require', () => {
    const program = `
      import * as imported from 'kingbase-native';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('kingbase-native');
      const names = Object.keys(required);
      console.log(JSON.stringify({
        names,
        same: names.filter((name) => required[name] === imported[name]),
        imported: Object.keys(imported),
      }));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: world.consumer,
      encoding: 'utf8',
    });
    const { names, same, imported } = JSON.parse(printed) as Record<'names' | 'same' | 'imported', string[]>;
    expect(names).toEqual(expect.arrayContaining(['open', 'KingbaseError', 'DatabaseError', 'UsageError']));
    expect(same).toEqual(names);
    // What Node adds for interoperability is no name of ours.
    const added = ['__esModule', 'default', 'module.exports'];
    expect(imported.filter((name) => !added.includes(name)).sort()).toEqual([...names].sort());
  });

  it('has an entry point for bundlers beside each prebuilt addon', () => {
    for (const platform of readdirSync(path.join(installed, 'prebuilds'))) {
      const entry = readFileSync(path.join(installed, 'addon', `${platform}.js`), 'utf8');
      const [, request = ''] = /require\('(\.\.\/prebuilds\/[^']+)'\)/.exec(entry) ?? [];
      expect(readdirSync(path.join(installed, 'prebuilds', platform))).toEqual([path.basename(request)]);
      expect(path.dirname(request)).toBe(`../prebuilds/${platform}`);
      expect(manifest.exports[`./addon/${platform}`]).toBe(`./addon/${platform}.js`);
    }
  });

  it('has no script that an installation runs, and nothing that npm would call node-gyp for', () => {
    const { preinstall, install, postinstall } = manifest.scripts ?? {};
    expect({ preinstall, install, postinstall }).toEqual({});
    expect(files).not.toContain('binding.gyp');
    expect(files).toContain('native/addon.gypi');
  });

  it('is built from source by a command where no prebuilt addon fits', async () => {
    const consumer = path.join(directory, 'from-source');
    cpSync(world.consumer, consumer, { recursive: true });
    const packageDirectory = path.join(consumer, 'node_modules', 'kingbase-native');
    rmSync(path.join(packageDirectory, 'prebuilds'), { recursive: true });
    // A directory of headers in place of their download.
    const headers = path.join(tools, `node-${process.versions.node.split('.')[0] ?? ''}`);
    const command = path.join(packageDirectory, 'dist', 'cli', 'main.js');
    await run(process.execPath, [command, 'build', `--nodedir=${headers}`], consumer);
    expect(existsSync(path.join(packageDirectory, 'build', 'Release', 'kingbase.node'))).toBe(true);
    expect(existsSync(path.join(packageDirectory, 'binding.gyp'))).toBe(false);

    const program = { directory: consumer, command: [process.execPath, 'esm.mjs'] as const };
    const outcome = await exercise(world, firstLibrary(world), program, ABILITIES);
    expect(outcome.results).toEqual(allOk(ABILITIES));
  });

  it('says how to build it where there is none', async () => {
    const consumer = path.join(directory, 'no-binary');
    cpSync(world.consumer, consumer, { recursive: true });
    rmSync(path.join(consumer, 'node_modules', 'kingbase-native', 'prebuilds'), { recursive: true });
    const program = `
      const { open } = require('kingbase-native');
      open('kingbase://nobody@127.0.0.1:1/none').ping().catch(({ code, hint }) => console.log(code, hint));`;
    const printed = await run(process.execPath, ['--eval', program], consumer);
    expect(printed).toContain('KB_ADDON_NOT_FOUND');
    expect(printed).toContain('npx kingbase-native build');
  });
});
