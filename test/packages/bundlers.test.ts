import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, describe, expect, inject, it } from 'vitest';
import webpack from 'webpack';
import { ABILITIES, allOk, exercise, type Outcome } from './support/exercise.js';
import { run } from './support/npm.js';
import { runtimesIn } from './support/runtimes.js';
import { firstLibrary } from './support/world.js';

const world = inject('world');
const tools = inject('tools');
const library = firstLibrary(world);
const entryPoint = `kingbase-native/addon/${process.platform}-${process.arch}`;
// The worker thread's program would be a bundle of its own.
const abilities = ABILITIES.filter((ability) => ability !== 'worker thread');

const directories: string[] = [];
const temporary = (): string => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-bundle-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** The program to be bundled: with the addon's entry point, or without it. */
function writeEntry(moduleSystem: 'ESM' | 'CommonJS', withAddon: boolean): string {
  const name = `bundled-${withAddon ? 'with' : 'without'}-addon`;
  if (moduleSystem === 'ESM') {
    const file = path.join(world.consumer, `${name}.mjs`);
    const lines = [`import * as kingbase from 'kingbase-native';`, `import exercise from './exercise.cjs';`];
    if (withAddon) lines.unshift(`import '${entryPoint}';`);
    writeFileSync(file, `${lines.join('\n')}\nvoid exercise(kingbase);\n`);
    return file;
  }
  const file = path.join(world.consumer, `${name}.cjs`);
  const first = withAddon ? `require('${entryPoint}');\n` : '';
  writeFileSync(file, `${first}require('./exercise.cjs')(require('kingbase-native'));\n`);
  return file;
}

/** Runs a bundle from a directory where nothing else is, as it would be deployed. */
function runBundle(
  directory: string,
  file: string,
  command: readonly string[] = [process.execPath],
): Promise<Outcome> {
  const deployed = temporary();
  cpSync(directory, deployed, { recursive: true });
  return exercise(
    world,
    library,
    { directory: deployed, command: [...command, path.join(deployed, file)] },
    abilities,
  );
}

describe('esbuild', () => {
  it('bundles the package and copies the addon into a CommonJS bundle', async () => {
    const outdir = temporary();
    await esbuild.build({
      entryPoints: [writeEntry('CommonJS', true)],
      bundle: true,
      platform: 'node',
      loader: { '.node': 'copy' },
      outdir,
      outExtension: { '.js': '.cjs' },
      logLevel: 'silent',
    });
    const outcome = await runBundle(outdir, 'bundled-with-addon.cjs');
    expect(outcome.results).toEqual(allOk(abilities));
    expect(readdirSync(outdir).filter((name) => name.endsWith('.node'))).toHaveLength(1);
  });

  it('bundles it into an ES module that is given a require', async () => {
    const outdir = temporary();
    await esbuild.build({
      entryPoints: [writeEntry('ESM', true)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      loader: { '.node': 'copy' },
      banner: {
        js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
      },
      outdir,
      outExtension: { '.js': '.mjs' },
      logLevel: 'silent',
    });
    expect((await runBundle(outdir, 'bundled-with-addon.mjs')).results).toEqual(allOk(abilities));
  });

  it('leaves it out where it is external', async () => {
    const outdir = temporary();
    await esbuild.build({
      entryPoints: [writeEntry('CommonJS', false)],
      bundle: true,
      platform: 'node',
      external: ['kingbase-native'],
      outdir,
      outExtension: { '.js': '.cjs' },
      logLevel: 'silent',
    });
    symlinkSync(path.join(world.consumer, 'node_modules'), path.join(outdir, 'node_modules'));
    expect((await runBundle(outdir, 'bundled-without-addon.cjs')).results).toEqual(allOk(abilities));
  });
});

it('a bundle without the addon says what is to be done', async () => {
  const entry = path.join(world.consumer, 'without-addon.cjs');
  const config = JSON.stringify({ ...world.connection, clientLibrary: library.path });
  writeFileSync(
    entry,
    `require('kingbase-native').open(${config}).ping().catch(({ code, hint }) => console.log(JSON.stringify({ code, hint })));`,
  );
  const directory = temporary();
  const outfile = path.join(directory, 'bundle.cjs');
  await esbuild.build({ entryPoints: [entry], bundle: true, platform: 'node', outfile, logLevel: 'silent' });
  const printed = await run(process.execPath, [outfile], directory);
  const { code, hint } = JSON.parse(printed) as { code: string; hint: string };
  expect(code).toBe('KB_ADDON_NOT_FOUND');
  expect(hint).toContain('import kingbase-native/addon/');
});

function bundleWithWebpack(options: webpack.Configuration): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack({ mode: 'production', target: 'node18', context: world.consumer, ...options }, (error, stats) => {
      const complaint =
        error ?? (stats?.hasErrors() || stats?.hasWarnings() ? stats.toString('errors-warnings') : null);
      if (complaint === null) resolve();
      else reject(complaint instanceof Error ? complaint : new Error(complaint));
    });
  });
}

describe('webpack', () => {
  it('bundles the package, and the addon by node-loader, without a warning', async () => {
    const directory = temporary();
    await bundleWithWebpack({
      entry: writeEntry('CommonJS', true),
      output: { path: directory, filename: 'bundle.cjs' },
      module: { rules: [{ test: /\.node$/, loader: path.join(tools, 'node-loader') }] },
    });
    expect((await runBundle(directory, 'bundle.cjs')).results).toEqual(allOk(abilities));
    expect(readdirSync(directory).filter((name) => name.endsWith('.node'))).toHaveLength(1);
  });

  it('leaves it out where it is external', async () => {
    const directory = temporary();
    await bundleWithWebpack({
      entry: writeEntry('CommonJS', false),
      output: { path: directory, filename: 'bundle.cjs' },
      externals: { 'kingbase-native': 'commonjs kingbase-native' },
    });
    symlinkSync(path.join(world.consumer, 'node_modules'), path.join(directory, 'node_modules'));
    expect((await runBundle(directory, 'bundle.cjs')).results).toEqual(allOk(abilities));
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('bun build --compile', () => {
  it('makes one executable of program, package and addon', async () => {
    const directory = temporary();
    const bun = runtimesIn(tools).find(({ name }) => name === 'Bun');
    if (!bun) throw new Error('Bun is not among the runtimes.');
    const entry = writeEntry('ESM', true);
    const output = path.join(directory, 'program');
    await run(bun.command[0], ['build', '--compile', '--outfile', output, entry], world.consumer);
    const outcome = await runBundle(directory, 'program', []);
    expect(outcome.results).toEqual(allOk(abilities));
    expect(outcome.runtime).toMatch(/^Bun /);
  });
});
