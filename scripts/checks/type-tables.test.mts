import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

it('the tables of types in the documents are those of lib/types/families', () => {
  const run = (): string =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/type-tables.mts', '--check'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  expect(run).not.toThrow();
});
