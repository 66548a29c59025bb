import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../../..');

/** A code block of a Markdown document. */
export interface Block {
  /** Relative to the repository, such as `docs/pool.md`. */
  document: string;
  /** Of its first line of code. */
  line: number;
  /** '' where none is named. */
  language: string;
  code: string;
  /** From a comment before it, `<!-- not run: why -->`. */
  notRun: string | undefined;
  /** From a comment before it, `<!-- rejects with: KB_… -->`: the code of the error that it shows. */
  rejectsWith: string | undefined;
}

/** README and the pages of docs/, in English or in Chinese. */
export function documents(language: 'en' | 'zh-CN'): string[] {
  const pages = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const all = [
    ...readdirSync(root).filter((name) => /^README(?:\.zh-CN)?\.md$/.test(name)),
    ...pages.map((name) => `docs/${name}`),
  ];
  return all.filter((name) => name.endsWith('.zh-CN.md') === (language === 'zh-CN')).sort();
}

export function textOf(document: string): string {
  return readFileSync(path.join(root, document), 'utf8');
}

export function blocksOf(document: string): Block[] {
  const lines = textOf(document).split('\n');
  const blocks: Block[] = [];
  let open: Block | undefined;
  lines.forEach((line, index) => {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.code += `${line}\n`;
    } else if (open !== undefined) {
      blocks.push(open);
      open = undefined;
    } else {
      const before = lines.slice(0, index).findLast((each) => each !== '') ?? '';
      const notRun = /^<!-- not run: (\S.*\S) -->$/.exec(before)?.[1];
      const rejectsWith = /^<!-- rejects with: (\w+) -->$/.exec(before)?.[1];
      open = { document, line: index + 2, language: fence[1] ?? '', code: '', notRun, rejectsWith };
    }
  });
  if (open !== undefined) throw new Error(`${document}: the code block in line ${open.line - 1} has no end.`);
  return blocks;
}
