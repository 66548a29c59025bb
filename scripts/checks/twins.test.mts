import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const CHINESE = '.zh-CN.md';

const folders = ['.', 'docs', 'examples'];
const twins = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(CHINESE))
    .map((name) => path.join(folder, name)),
);

const pages = folders.flatMap((folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

/** Its links to other files, with target and anchor. */
function linksOf(page: string): RegExpExecArray[] {
  const text = readFileSync(path.join(root, page), 'utf8').replace(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
}

interface Page {
  /** Level and, for code in them, the code: what does not depend on the language. */
  headings: string[];
  /** With language; of output, which is in the language of the page, the language only. */
  blocks: string[];
  /** Per table the number of columns and the code of each row's first cell. */
  tables: string[][];
}

const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

function pageOf(file: string): Page {
  const page: Page = { headings: [], blocks: [], tables: [] };
  let block: string[] | undefined;
  let table: string[] | undefined;
  for (const line of readFileSync(path.join(root, file), 'utf8').split('\n')) {
    if (line.startsWith('```')) {
      if (block === undefined) block = [line];
      else {
        page.blocks.push(block[0] === '```' ? '```' : block.join('\n'));
        block = undefined;
      }
    } else if (block !== undefined) block.push(line);
    else if (/^#+ /.test(line))
      page.headings.push(`${/^#+/.exec(line)?.[0] ?? ''} ${codeIn(line).sort().join(' ')}`);
    else if (line.startsWith('|')) {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      if (table === undefined) page.tables.push((table = [`${cells.length} columns`]));
      // The line of names, and that below it, have none.
      else if (!/^\|[\s:|-]+$/.test(line))
        table.push(
          codeIn(cells[0] ?? '')
            .sort()
            .join(' '),
        );
    } else table = undefined;
  }
  return page;
}

it('has every page of docs/ in Chinese', () => {
  const english = pages.filter((page) => page.startsWith('docs/') && !page.endsWith(CHINESE));
  const missing = english.filter((page) => !twins.includes(page.replace(/\.md$/, CHINESE)));
  expect(missing).toEqual([]);
});

it.each(['docs/index.md', 'docs/index.zh-CN.md'])('%s names every page', (index) => {
  const named = linksOf(index).map(([, target = '']) => path.join('docs', target));
  const wanted = pages.filter(
    (page) =>
      page.startsWith('docs/') && page.endsWith(CHINESE) === index.endsWith(CHINESE) && page !== index,
  );
  expect(wanted.filter((page) => !named.includes(page))).toEqual([]);
});

describe.each(twins)('%s', (chinese) => {
  const english = chinese.replace(CHINESE, '.md');

  it('leads to Chinese pages', () => {
    const elsewhere = linksOf(chinese).map(([, target = '']) => path.join(path.dirname(chinese), target));
    // The page itself in English is what its first line leads to.
    const wrong = elsewhere.filter(
      (page) => !page.endsWith(CHINESE) && page !== english && twins.includes(page.replace(/\.md$/, CHINESE)),
    );
    expect(wrong).toEqual([]);
  });

  it('has the headings, the code and the tables of the English page', () => {
    expect(existsSync(path.join(root, english))).toBe(true);
    const [there, here] = [pageOf(english), pageOf(chinese)];
    expect(here.headings).toEqual(there.headings);
    expect(here.blocks).toEqual(there.blocks);
    expect(here.tables).toEqual(there.tables);
  });
});

/** The names that GitHub gives the headings of a page. */
function anchorsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^```[^]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(pages)('%s has no dead link', (page) => {
  const dead = linksOf(page).filter(([, target = '', anchor]) => {
    const file = target === '' ? path.join(root, page) : path.resolve(root, path.dirname(page), target);
    if (!existsSync(file)) return true;
    return (
      anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(decodeURIComponent(anchor))
    );
  });
  expect(dead.map(([link]) => link)).toEqual([]);
});
