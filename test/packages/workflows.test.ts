import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, it } from 'vitest';

const directory = path.resolve(__dirname, '../../.github/workflows');
const validator = path.join(inject('tools'), '@action-validator', 'cli', 'cli.mjs');

/** They cannot be run here, but they can be read. */
describe.each(readdirSync(directory))('the workflow %s', (name) => {
  const file = path.join(directory, name);

  it('has the form that GitHub expects', () => {
    expect(() => execFileSync(process.execPath, [validator, file], { stdio: 'pipe' })).not.toThrow();
  });

  it('names its actions by exact versions', () => {
    const used = [...readFileSync(file, 'utf8').matchAll(/uses: (\S+)/g)].map(([, action = '']) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/[a-z-]+@v\d+\.\d+\.\d+$/);
  });

  it('calls npm scripts and files that exist', () => {
    const root = path.resolve(directory, '../..');
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const text = readFileSync(file, 'utf8');
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
    for (const [, script = ''] of text.matchAll(/((?:scripts\/|\.ci\/)[\w./-]+)/g)) {
      expect(() => readFileSync(path.join(root, script)), script).not.toThrow();
    }
  });
});
