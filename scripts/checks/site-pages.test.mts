import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { placeOf, root } from '../../site/pages.mjs';

it('gives each document of the repository a place of its own on the site', () => {
  const listed = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' });
  const documents = listed.trimEnd().split('\n');
  const sharing = documents.filter((one) =>
    documents.some((other) => other !== one && placeOf(other) === placeOf(one)),
  );
  expect(documents).toContain('SECURITY.md');
  expect(sharing).toEqual([]);
});
