/**
 * The site's pages, made of the repository's own documents: each page that docs/ leads to, in both languages. Links are made
 * to fit: to another page, or for a source file to a page that shows it.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');
export const pages = path.join(import.meta.dirname, '.pages');

const CHINESE = '.zh-CN.md';
const LINK = /(!?\[(?:[^\][]|\[[^\]]*\])*\]\()((?!https?:|#|mailto:)[^)#\s]+)(#[^)\s]*)?\)/g;
const IMAGE = /\.(?:svg|png)$/;
const HIDDEN = /^(?:node_modules|\..*)$/;

/** Anchors as GitHub makes them, which the documents' links are written for. */
export const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');

/**
 * The page's place on the site, without an ending: `/pool`, `/zh/pool`, `/project/security`, `/source/examples-session-mts`.
 * The repository's own documents have a folder, since SECURITY.md is not docs/security.md.
 */
export function placeOf(file: string): string {
  if (!file.endsWith('.md')) return `/source/${file.replace(/\/$/, '').replace(/[^\w-]+/g, '-')}`;
  const chinese = file.endsWith(CHINESE);
  const name = file.slice(0, -(chinese ? CHINESE : '.md').length);
  const place = name.includes('/') ? name.replace(/^docs\//, '') : `project/${name.toLowerCase()}`;
  return `${chinese ? '/zh' : ''}/${place}`;
}

/** A folder with a README of its own is that. */
function fileOf(target: string): string {
  const there = path.join(root, target);
  if (!existsSync(there)) throw new Error(`${target} is not there.`);
  if (!statSync(there).isDirectory()) return target;
  const readme = path.join(target, 'README.md');
  return existsSync(path.join(root, readme)) ? readme : target;
}

/** The text of a page with its links made to fit, and the files that they lead to. */
function rendered(file: string): { text: string; leadsTo: string[] } {
  const leadsTo: string[] = [];
  const original = readFileSync(path.join(root, file), 'utf8');
  const outsideOfCode = (text: string): string =>
    text
      // The site has a switch of its own.
      .replace(/^(?:English · \[中文\]|\[English\])\([^)]*\)(?: · 中文)?\n$/gm, '')
      .replace(/^<!-- not run: .*-->\n/gm, '')
      .replace(LINK, (_all, label: string, target: string, anchor = '') => {
        const found = fileOf(path.join(path.dirname(file), decodeURI(target)));
        leadsTo.push(found);
        if (IMAGE.test(found)) return `${label}/${found})`;
        return `${label}${placeOf(found)}${anchor as string})`;
      });
  const parts = original.split(/^(```[^]*?^```$)/m);
  return {
    text: parts.map((part) => (part.startsWith('```') ? part : outsideOfCode(part))).join(''),
    leadsTo,
  };
}

function sourcesIn(file: string): string[] {
  if (!statSync(path.join(root, file)).isDirectory()) return [file];
  return readdirSync(path.join(root, file), { withFileTypes: true })
    .filter(({ name }) => !HIDDEN.test(name))
    .flatMap((entry) => sourcesIn(path.join(file, entry.name)));
}

const LANGUAGES: Readonly<Record<string, string>> = {
  cjs: 'js',
  mjs: 'js',
  js: 'js',
  mts: 'ts',
  ts: 'ts',
  json: 'json',
  yaml: 'yaml',
  html: 'html',
};

/** A page that shows a file, or the files of a folder. */
function shown(file: string): string {
  const blocks = sourcesIn(file).map((each) => {
    const text = readFileSync(path.join(root, each), 'utf8');
    const language = LANGUAGES[path.extname(each).slice(1)] ?? 'text';
    return `## \`${each}\`\n\n\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\n`;
  });
  return `---\nsearch: false\n---\n\n# \`${file}\`\n\n${blocks.join('\n')}`;
}

/** Writes all pages, and gives their files in the repository. */
export function writePages(): string[] {
  rmSync(pages, { recursive: true, force: true });
  const waiting = ['docs/index.md', 'docs/index.zh-CN.md', 'CONTRIBUTING.md', 'SECURITY.md'];
  const written = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (written.has(file)) continue;
    written.add(file);
    if (IMAGE.test(file)) {
      const copy = path.join(pages, 'public', file);
      mkdirSync(path.dirname(copy), { recursive: true });
      cpSync(path.join(root, file), copy);
      continue;
    }
    const { text, leadsTo } = file.endsWith('.md') ? rendered(file) : { text: shown(file), leadsTo: [] };
    const page = path.join(pages, `${placeOf(file)}.md`);
    mkdirSync(path.dirname(page), { recursive: true });
    writeFileSync(page, text);
    waiting.push(...leadsTo);
  }
  return [...written];
}

/** The groups of an index page, for the sidebar. */
export function sidebarOf(index: string): { text: string; items: { text: string; link: string }[] }[] {
  return readFileSync(path.join(root, index), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.slice(0, section.indexOf('\n')),
      items: [...section.matchAll(/^- \[(.*)\]\((.*)\)$/gm)].map(([, text = '', target = '']) => ({
        text,
        link: placeOf(path.join('docs', target)),
      })),
    }));
}
