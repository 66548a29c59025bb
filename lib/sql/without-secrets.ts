import { tokens } from './lexer.js';

/** A word of a statement that sets, or is compared with, a password. */
const SPEAKS_OF_SECRET = /passw|pwd|identified|secret|credential/i;

/** What stands together, up to an at sign, as a URL with a password does. Each is found once, however long it is. */
const STANDING_TOGETHER = /[^\s'"@]+@?/g;

/** Behind these a name in double quotes is a string in some of the server's modes, and so is a bare word. */
const NAMES_SECRET = /^(?:password|passwd|pwd)$/i;

/** The end of a string that the lexer takes for its end and the server, in mysql mode, does not. */
const ESCAPED_QUOTE = /\\['"]/;

function mayHoldSecret(text: string): boolean {
  if (SPEAKS_OF_SECRET.test(text)) return true;
  if (!text.includes('://')) return false;
  for (const [piece] of text.matchAll(STANDING_TOGETHER)) {
    if (piece.endsWith('@') && piece.includes('://')) return true;
  }
  return false;
}

/**
 * The text of a statement for traces, logs and the terminal: where it speaks of a password, its literals are `'…'`, as `ALTER
 * ROLE a PASSWORD '…'`. All of them, since what names the one that is meant differs between modes, extensions and functions. A
 * text that speaks of none is given back as it is.
 */
export function withoutSecrets(sql: string): string {
  if (!mayHoldSecret(sql)) return sql;
  if (ESCAPED_QUOTE.test(sql)) return `${sql.slice(0, sql.search(/['"$]/))}'…'`;
  let shown = '';
  let before = '';
  let last = '';
  for (const { kind, start, end } of tokens(sql)) {
    const text = sql.slice(start, end);
    if (kind === 'space') {
      shown += text;
      continue;
    }
    const behindBy = /^by$/i.test(last) && /^identified$/i.test(before);
    const behindName = kind === 'quoted-name' && NAMES_SECRET.test(last);
    if (kind === 'string' || behindBy || behindName) shown += "'…'";
    else if (kind === 'comment' && mayHoldSecret(text)) shown += '/* … */';
    else shown += text;
    // `PASSWORD = "…"`, `PASSWORD("…")`
    if (text !== '=' && text !== '(') [before, last] = [last, text];
  }
  return shown;
}
