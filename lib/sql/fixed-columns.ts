import { tokens } from './lexer.js';

const QUERIES: ReadonlySet<string> = new Set([
  ...['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge'],
]);

/**
 * Whether a prepared statement of the text always gives the same columns: the server refuses to execute one whose columns
 * have changed (0A000). FETCH, EXECUTE, CALL and SHOW give those of what they name, which may be another thing each time.
 */
export function fixesColumns(sql: string): boolean {
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === 'space' || kind === 'comment' || sql[start] === '(') continue;
    return kind === 'word' && QUERIES.has(sql.slice(start, end).toLowerCase());
  }
  return false;
}
