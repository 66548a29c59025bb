import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { npm, run } from './support/npm.js';
import { firstLibrary, installOptions } from './support/world.js';

// Runners of tests evaluate a package's JavaScript more than once in a process, over one copy of its native library; and a
// program can have the package twice. What one evaluation asks for must never reach another.
const world = inject('world');
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-runners-'));
const TOOLS = { jest: '30.5.2', vitest: '4.1.12', proxyquire: '2.1.3' };

/** Asks `count` questions of each of the modules at the same time, and throws where an answer is another's. */
const ASK = `
  module.exports = async (modules, count) => {
    const config = JSON.parse(process.env.CONNECTION);
    const databases = modules.map(({ open }) => open(config));
    const asked = databases.flatMap((db, number) =>
      Array.from({ length: count }, async (_, i) => {
        const mark = process.pid + '/' + number + '/' + i;
        const { rows } = await db.query('SELECT $1::text AS mark, i FROM generate_series(1, 3) i', [mark]);
        if (rows.length !== 3 || rows.some((row) => row.mark !== mark)) throw new Error(mark + ': ' + JSON.stringify(rows));
        return rows.length;
      }));
    const answers = await Promise.all(asked);
    await Promise.all(databases.map((db) => db.close()));
    return answers.reduce((sum, each) => sum + each, 0);
  };`;

const testOf = (name: string): string =>
  `const ask = require('../ask.cjs');
   test('${name}', async () => expect(await ask([require('kingbase-native')], 200)).toBe(600));`;
const FILES = {
  'ask.cjs': ASK,
  'jest/jest.config.cjs': `module.exports = { testMatch: ['**/*.test.cjs'], testEnvironment: 'node', reporters: ['default'] };`,
  'jest/a.test.cjs': testOf('one file'),
  'jest/b.test.cjs': testOf('another file'),
  'jest/reset.test.cjs': `
    const ask = require('../ask.cjs');
    test('evaluated again within a file', async () => {
      const before = require('kingbase-native');
      jest.resetModules();
      const after = require('kingbase-native');
      expect(after.open).not.toBe(before.open);
      expect(await ask([before, after], 200)).toBe(1200);
    });`,
  ...Object.fromEntries(
    ['a', 'b'].map((name) => [
      `vitest/${name}.test.mjs`,
      `import { expect, it } from 'vitest';
       import * as driver from 'kingbase-native';
       import ask from '../ask.cjs';
       it('${name}', async () => expect(await ask([driver], 200)).toBe(600));`,
    ]),
  ),
  'uses.cjs': `module.exports = { driver: require('kingbase-native'), os: require('node:os') };`,
  'proxyquire.cjs': `
    const proxyquire = require('proxyquire').noPreserveCache();
    const fresh = () => {
      for (const file of Object.keys(require.cache)) if (file.includes('kingbase-native')) delete require.cache[file];
      return proxyquire('./uses.cjs', { 'node:os': {} }).driver;
    };
    const modules = [require('./uses.cjs').driver, fresh(), fresh()];
    if (new Set(modules.map(({ open }) => open)).size !== 3) throw new Error('The modules are the same.');
    require('./ask.cjs')(modules, 200).then(console.log);`,
  'two-versions.cjs': `
    const modules = [require('kingbase-native'), require('kingbase-native-before')];
    if (modules[0].open === modules[1].open) throw new Error('The modules are the same.');
    require('./ask.cjs')(modules, 200).then(console.log);`,
};

beforeAll(async () => {
  const tarball = `file:${world.tarball}`;
  const dependencies = { 'kingbase-native': tarball, 'kingbase-native-before': tarball, ...TOOLS };
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ private: true, dependencies }));
  for (const [name, content] of Object.entries(FILES)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  await npm(['install', ...installOptions], directory);
}, 300_000);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** The output of a program with the connection in its environment. */
function told(program: string, args: readonly string[], folder = ''): Promise<string> {
  const config = { ...world.connection, clientLibrary: firstLibrary(world).path };
  const { PATH } = process.env;
  return run(program, args, path.join(directory, folder), {
    PATH,
    HOME: directory,
    CI: 'true',
    NO_COLOR: '1',
    CONNECTION: JSON.stringify(config),
  });
}
const tool = (name: string): string => path.join(directory, 'node_modules', '.bin', name);

it('Jest, with two files in one process and with resetModules', async () => {
  const report = await told(tool('jest'), ['--runInBand', '--ci', '--json'], 'jest');
  expect(JSON.parse(report)).toMatchObject({
    numPassedTests: 3,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
  });
});

it.each(['threads', 'forks'])('Vitest, with %s', async (pool) => {
  const args = ['run', '--root', '.', '--reporter=json', `--pool=${pool}`, '--no-isolate', '--maxWorkers=1'];
  expect(JSON.parse(await told(tool('vitest'), args, 'vitest'))).toMatchObject({
    numPassedTests: 2,
    numFailedTests: 0,
  });
});

it('proxyquire, which evaluates the package again', async () => {
  expect((await told('node', ['proxyquire.cjs'])).trim()).toBe('1800');
});

it('two copies of the package in one program', async () => {
  expect((await told('node', ['two-versions.cjs'])).trim()).toBe('1200');
});
