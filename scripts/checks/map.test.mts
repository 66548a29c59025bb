import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What the map names, with folders: `lib/pool/line.ts`, and `native/utf8` for a header and its source. */
function named(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8');
  const map = /\n## (?:Map|文件一览)\n([^]*?)\n## /.exec(text)?.[1] ?? '';
  let folder = '';
  return map.split('\n').flatMap((line) => {
    folder = /^### `(.+)`$/.exec(line)?.[1] ?? folder;
    const name = /^- `([^`]+)`(?:: \S.*\.|：\S.*。)$/.exec(line)?.[1];
    return name === undefined ? [] : [`${folder}/${name}`];
  });
}

/** Tracked and new files of `lib` and `native`. */
function present(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'lib', 'native'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return listed.split('\n').filter((file) => /\.(?:ts|mts|cc|h|inc)$/.test(file));
}

describe.each(['docs/architecture.md', 'docs/architecture.zh-CN.md'])('the map in %s', (page) => {
  const names = named(page);
  const files = present();
  const stem = (file: string): string => file.replace(/\.(?:cc|h)$/, '');

  it('names every file', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => !names.includes(file) && !names.includes(stem(file)))).toEqual([]);
  });

  it('names nothing that is not there, and nothing twice', () => {
    expect(
      names.filter((name) => !files.includes(name) && !files.some((file) => stem(file) === name)),
    ).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});
