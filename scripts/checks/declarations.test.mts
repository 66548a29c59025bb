import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { faultsOf } from './declarations.mjs';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Inside of the checkout, where the compiler finds the types of Node.js. */
function declarations(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(import.meta.dirname, 'declarations-'));
  folders.push(folder);
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "commonjs" }');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return path.join(folder, 'index.d.ts');
}

// Each runs the compiler, which takes its time on a busy machine.
describe('what a user can see', { timeout: 120_000 }, () => {
  it('names what is exported, and nothing else', () => {
    const entry = declarations({
      'index.d.ts': `export { Statement } from './statement.js'; export type { Runner } from './runner.js';`,
      'statement.d.ts': `import type { Runner } from './runner.js';
        export declare class Statement { private readonly pool; private constructor(); run(): Runner; }`,
      'runner.d.ts': `export interface Runner { go(): Promise<void>; } export interface SessionPool { max: number }`,
    });
    expect(faultsOf(entry)).toEqual([]);
  });

  it.each([
    ['a parameter', 'run(pool: SessionPool): void;'],
    ['a result', 'run(): Promise<SessionPool | undefined>;'],
    ['a protected member', 'protected readonly runner: SessionPool;'],
    ['a bound', 'run<T extends SessionPool>(): T;'],
  ])('does not by %s name an internal type', (_what, member) => {
    const entry = declarations({
      'index.d.ts': `export { Statement } from './statement.js';`,
      'statement.d.ts': `import type { SessionPool } from './pool.js';
        export declare class Statement { private constructor(); ${member} }`,
      'pool.d.ts': 'export interface SessionPool { max: number }',
    });
    expect(faultsOf(entry)).toEqual(['Statement mentions SessionPool, which is not exported.']);
  });

  it('is sound without what is left out of it', () => {
    const entry = declarations({
      'index.d.ts': `export { Statement } from './statement.js'; export type { Runner } from './statement.js';`,
      'statement.d.ts': `export interface Runner { go(): void; }
        export declare class Statement implements Runner { private constructor(); }`,
    });
    expect(faultsOf(entry)).toEqual([expect.stringContaining("incorrectly implements interface 'Runner'")]);
  });

  it('makes no object of the package by itself', () => {
    const entry = declarations({ 'index.d.ts': 'export declare class Database { close(): void; }' });
    expect(faultsOf(entry)).toEqual(['Database can be made by "new Database(…)".']);
  });

  it('is what it was compiled to', () => {
    expect(faultsOf(path.join(import.meta.dirname, 'missing', 'index.d.ts'))).toHaveLength(1);
  });
});
