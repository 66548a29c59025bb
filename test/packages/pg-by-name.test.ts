import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { npm, run } from './support/npm.js';
import { firstLibrary, installOptions, packFolder } from './support/world.js';

const world = inject('world');
const root = path.resolve(__dirname, '../..');
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-pg-'));

/** A package that has `pg` as a dependency of its own, in a version that is not the one which stands in for it. */
const NEEDS_PG = {
  'package.json': JSON.stringify({ name: 'needs-pg', version: '1.0.0', dependencies: { pg: '8.16.0' } }),
  'index.js': `module.exports = require('pg');`,
};

const QUERY = `
  const pool = new pg.Pool(JSON.parse(process.argv[2]));
  pool.query('SELECT $1::text AS city', ['杭州'])
    .then(({ rows }) => pool.end().then(() => console.log(JSON.stringify(rows))));`;
const PROGRAMS = {
  'query.cjs': `const pg = require('pg'); ${QUERY}`,
  'query.mjs': `import pg from 'pg'; ${QUERY}`,
  'named.mjs': `import { Pool } from 'pg'; const pg = { Pool }; ${QUERY}`,
  'dependency.cjs': `const pg = require('needs-pg'); ${QUERY}`,
  'same.cjs': `
    const ours = require('kingbase-native/pg');
    const classes = [require('pg'), require('needs-pg')].map(({ Pool, Client }) => [Pool, Client]);
    console.log(classes.every(([Pool, Client]) => Pool === ours.Pool && Client === ours.Client));`,
  'stream.cjs': `
    const { Client } = require('pg');
    const QueryStream = require('pg-query-stream');
    (async () => {
      const client = new Client(JSON.parse(process.argv[2]));
      await client.connect();
      let sum = 0;
      for await (const { n } of client.query(new QueryStream('SELECT n FROM generate_series(1, $1::int4) n', [1000]))) sum += n;
      await client.end();
      console.log(sum);
    })();`,
};

/** Package managers besides npm, as somebody has them. */
const TOOLS = { pnpm: '10.15.0', yarn: '1.22.22' };
const tool = (name: keyof typeof TOOLS): string =>
  path.join(directory, 'tools', 'node_modules', '.bin', name);

/** Each with its own word for what replaces a version that a dependency asks for. */
const MANAGERS: Record<
  string,
  { overrides: (standIn: string) => object; install: (project: string) => Promise<unknown> }
> = {
  npm: {
    overrides: () => ({ overrides: { pg: '$pg' } }),
    install: (project) => npm(['install', ...installOptions], project),
  },
  pnpm: {
    overrides: (standIn) => ({ pnpm: { overrides: { pg: `file:${standIn}` } } }),
    install: (project) =>
      run(
        tool('pnpm'),
        ['install', '--ignore-scripts', '--store-dir', path.join(directory, 'store')],
        project,
      ),
  },
  yarn: {
    overrides: (standIn) => ({ resolutions: { pg: `file:${standIn}` } }),
    install: (project) =>
      run(
        tool('yarn'),
        ['install', '--ignore-scripts', '--no-progress', '--cache-folder', path.join(directory, 'cache')],
        project,
      ),
  },
};
const projectOf = (manager: string): string => path.join(directory, `project-${manager}`);

beforeAll(async () => {
  const needing = path.join(directory, 'needs-pg');
  mkdirSync(needing);
  for (const [name, text] of Object.entries(NEEDS_PG)) writeFileSync(path.join(needing, name), text);
  const standIn = await packFolder(path.join(root, 'packages', 'pg'), directory);
  const needs = await packFolder(needing, directory);
  const tools = path.join(directory, 'tools');
  mkdirSync(tools);
  writeFileSync(path.join(tools, 'package.json'), JSON.stringify({ private: true, dependencies: TOOLS }));
  await npm(['install', ...installOptions], tools);
  for (const [manager, { overrides, install }] of Object.entries(MANAGERS)) {
    const project = projectOf(manager);
    mkdirSync(project);
    const manifest = {
      private: true,
      dependencies: {
        'kingbase-native': `file:${world.tarball}`,
        pg: `file:${standIn}`,
        'needs-pg': `file:${needs}`,
        'pg-query-stream': '4.17.0',
      },
      ...overrides(standIn),
    };
    writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest));
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(path.join(project, name), text);
    await install(project);
  }
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const { host, port, user, database } = world.connection;
const kingbase = { clientLibrary: firstLibrary(world).path };
const config = JSON.stringify({ host, port, user, database, kingbase });

describe.each(Object.keys(MANAGERS))('what stands in for pg by its name, installed by %s', (manager) => {
  const project = projectOf(manager);
  const printedBy = async (program: keyof typeof PROGRAMS): Promise<unknown> =>
    JSON.parse(
      await run(process.execPath, [program, config], project, { PATH: '/usr/bin:/bin', HOME: project }),
    );

  it.each(['query.cjs', 'query.mjs', 'named.mjs'] as const)('is what %s imports', async (program) => {
    expect(await printedBy(program)).toEqual([{ city: '杭州' }]);
  });

  it('is what a package gets that asks for another version, by an override', async () => {
    expect(await printedBy('dependency.cjs')).toEqual([{ city: '杭州' }]);
  });

  it('is the one module, whoever imports it', async () => {
    expect(await printedBy('same.cjs')).toBe(true);
  });

  it('has the inner modules that pg-query-stream wants', async () => {
    expect(await printedBy('stream.cjs')).toBe(500_500);
  });
});
