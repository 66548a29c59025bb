import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { run } from './support/npm.js';
import { firstLibrary } from './support/world.js';

const world = inject('world');
const tools = inject('tools');
const root = path.resolve(__dirname, '../..');
const projects: string[] = [];

afterAll(() => {
  for (const project of projects) rmSync(project, { recursive: true, force: true });
});

const compilers = [
  { version: '5.2', directory: path.join(tools, 'typescript-5.2') },
  { version: '6.0', directory: path.join(root, 'node_modules', 'typescript') },
  { version: '7.0', directory: path.join(tools, 'typescript-7') },
];

/** An extension says which module system a file is in, for the compiler and for Node. */
const ways = [
  { name: 'node16', module: 'node16', moduleResolution: 'node16', extensions: ['mts', 'cts'] },
  { name: 'bundler', module: 'esnext', moduleResolution: 'bundler', extensions: ['mts'] },
] as const;

/** A project with the installed package, the types of Node.js, and the program with each of the extensions. */
function makeProject(extensions: readonly string[], compilerOptions: object): string {
  const project = mkdtempSync(path.join(path.dirname(world.consumer), 'typescript-'));
  projects.push(project);
  cpSync(path.join(world.consumer, 'node_modules'), path.join(project, 'node_modules'), { recursive: true });
  mkdirSync(path.join(project, 'node_modules', '@types'));
  const nodeTypes = path.join('node_modules', '@types', 'node');
  symlinkSync(path.join(root, nodeTypes), path.join(project, nodeTypes));
  const files = extensions.map((extension) => `typed.${extension}`);
  for (const file of files) copyFileSync(path.join(world.consumer, 'typed.ts'), path.join(project, file));
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  return project;
}

it('the declarations say what comes back, narrow errors, and refuse what is misspelled', async () => {
  const project = makeProject([], { noEmit: true });
  const expectType = path.join('node_modules', 'expect-type');
  symlinkSync(path.join(root, expectType), path.join(project, expectType));
  copyFileSync(path.join(world.consumer, 'public-types.ts'), path.join(project, 'public-types.mts'));
  const compilerOptions = {
    ...{ module: 'node16', moduleResolution: 'node16', target: 'es2022', types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
  };
  writeFileSync(
    path.join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['public-types.mts'] }),
  );
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(await run(process.execPath, [compiler, '-p', project], project)).toBe('');
});

describe.each(compilers)('TypeScript $version', ({ version, directory }) => {
  it.each(ways)('moduleResolution $name', async ({ module, moduleResolution, extensions }) => {
    const { version: installed } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(installed.startsWith(`${version}.`)).toBe(true);

    const project = makeProject(extensions, {
      module,
      moduleResolution,
      target: 'es2022',
      lib: ['es2022'],
      strict: true,
      exactOptionalPropertyTypes: true,
      // The package's own declarations are to be correct as well.
      skipLibCheck: false,
    });
    expect(await run(process.execPath, [path.join(directory, 'bin', 'tsc'), '-p', project], project)).toBe(
      '',
    );

    const config = { ...world.connection, clientLibrary: firstLibrary(world).path };
    for (const extension of extensions) {
      const emitted = `typed.${extension.replace('t', 'j')}`;
      const printed = await run(process.execPath, [emitted, JSON.stringify(config)], project);
      expect(JSON.parse(printed)).toEqual({ people: '12000000', sum: 2, explained: true, duplicate: false });
    }
  });
});
