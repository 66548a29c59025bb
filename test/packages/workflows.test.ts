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

  it('names its actions by commits and its images by digests, which nobody can move', () => {
    const text = readFileSync(file, 'utf8');
    const used = [...text.matchAll(/uses: (.+)/g)].map(([, action = '']) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) {
      expect(action).toMatch(/^actions\/[a-z-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
    }
    for (const [, image = ''] of text.matchAll(/container: (.+)/g)) {
      expect(image).toMatch(/^[a-z]+:[\w.-]+@sha256:[\da-f]{64}$/);
    }
  });

  it('leaves no token in the checkout', () => {
    const text = readFileSync(file, 'utf8');
    expect(text.split('persist-credentials: false')).toHaveLength(text.split('actions/checkout@').length);
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

describe('the release', () => {
  const text = readFileSync(path.join(directory, 'release.yml'), 'utf8');

  it('is compared with sums that do not lie beside it', () => {
    const publish = text.slice(text.indexOf('\n  publish:'));
    expect(publish).toContain('SUMS: ${{ needs.build.outputs.sums }}');
    expect(publish).not.toContain('SHA256SUMS');
  });
});
