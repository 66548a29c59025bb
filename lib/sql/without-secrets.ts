import { tokens } from './lexer.js';

/** A word of a statement that sets, or is compared with, a password; a URL with one. */
const MAY_HOLD_SECRET = /passw|pwd|identified|secret|credential|:\/\/[^\s'"@]*@/i;

/** Behind these a name in double quotes is a string in some of the server's modes, and so is a bare word. */
const NAMES_SECRET = /^(?:password|passwd|pwd)$/i;

/** The end of a string that the lexer takes for its end and the server, in mysql mode, does not. */
const ESCAPED_QUOTE = /\\['"]/;

/**
 * The text of a statement for traces, logs and the terminal: where it speaks of a password, its literals are `'…'`, as `ALTER
 * ROLE a PASSWORD '…'`. All of them, since what names the one that is meant differs between modes, extensions and functions. A
 * text that speaks of none is given back as it is.
 */
export function withoutSecrets(sql: string): string {
  if (!MAY_HOLD_SECRET.test(sql)) return sql;
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
    else if (kind === 'comment' && MAY_HOLD_SECRET.test(text)) shown += '/* … */';
    else shown += text;
    // `PASSWORD = "…"`, `PASSWORD("…")`
    if (text !== '=' && text !== '(') [before, last] = [last, text];
  }
  return shown;
}
