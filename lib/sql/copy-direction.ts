import { tokens } from './lexer.js';

/**
 * Whether the statement is COPY with the client, and in which direction; undefined for any other. The server takes STDIN
 * and STDOUT for the same: the word before them decides.
 */
export function copyDirection(sql: string): 'from' | 'to' | undefined {
  let before = '';
  let depth = 0;
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === 'space' || kind === 'comment') continue;
    const text = end - start > 6 ? '' : sql.slice(start, end).toLowerCase();
    if (before === '' && text !== 'copy') return undefined;
    if (text === '(') depth++;
    else if (text === ')') depth--;
    const client = depth === 0 && kind === 'word' && (text === 'stdin' || text === 'stdout');
    if (client && (before === 'from' || before === 'to')) return before;
    before = kind === 'word' ? text || 'word' : kind;
  }
  return undefined;
}
