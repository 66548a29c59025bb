/**
 * Tokens of SQL text, after PostgreSQL's own scanner (`src/backend/parser/scan.l`) with `standard_conforming_strings`
 * on, which is where KingbaseES comes from. Every character belongs to exactly one token, nothing ever throws, and an
 * unterminated string, name or comment runs to the end of the text: the server will complain about it. The time is
 * linear in the length of the text, whatever is in it.
 *
 * The text does not say which of KingbaseES's modes (pg, oracle, mysql, sqlserver) will read it, so what another mode
 * adds is understood wherever pg mode has no use for the same characters:
 * - oracle: `q'[…]'` and `nq'[…]'`, strings that end at the closing delimiter and a quote. In pg mode that would be a
 *   literal of a type named `q`.
 * - mysql: a name in backquotes. In pg mode a backquote may be part of an operator, but no operator there is has one; a
 *   backquote without a partner is taken for that. `"…"`, which is a string there unless `sql_mode` has ANSI_QUOTES, is
 *   delimited in the same way either way.
 * - all: the ideographic space U+3000, which KingbaseES takes for a space and PostgreSQL for a letter.
 *
 * Not understood, since pg mode means something else by it: `#` comments and backslashes in plain strings (mysql),
 * names in square brackets (sqlserver).
 */

export type TokenKind =
  | 'space'
  /** `-- …` without its line break, or a block comment with those nested in it. */
  | 'comment'
  /** A key word or an unquoted name. */
  | 'word'
  /** `"…"`, `U&"…"` or a name in backquotes. */
  | 'quoted-name'
  /** Any literal in quotes or dollar quotes, with its prefix. */
  | 'string'
  | 'number'
  /** `$1` */
  | 'parameter'
  | 'operator'
  /** One of `, ; ( ) [ ] . .. : :: :=`, or a single character that begins nothing else. */
  | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  /** Where it begins and where it ends in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** All tokens of the text, in order and without gaps. */
export function* tokens(sql: string): Generator<Token, void, undefined> {
  const scanner = new Scanner(sql);
  for (let start = 0; start < sql.length;) {
    const token = scanner.tokenAt(start);
    yield token;
    start = token.end;
  }
}

const SPACE = /[ \t\n\r\f\v\u3000]+/y;
const WORD = /[A-Za-z_\u0080-\u2fff\u3001-\uffff][A-Za-z0-9_$\u0080-\u2fff\u3001-\uffff]*/y;
/** `1..10` is two numbers with `..` in between. */
const NUMBER = /(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const PARAMETER = /\$\d+/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const BLOCK_COMMENT_MARK = /\/\*|\*\//g;
const LINE_BREAK = /[\n\r]/g;
const OPERATOR_CHARACTERS = '~!@#^&|?%+-*/<>=';
/** An operator with one of these may end in + or -, any other may not: `a=-1` holds two. */
const UNUSUAL_OPERATOR_CHARACTERS = '~!@#^&|?%';
const CLOSING_DELIMITERS: Readonly<Record<string, string>> = { '[': ']', '{': '}', '<': '>', '(': ')' };

class Scanner {
  /** What does not occur again further on; looking for it again and again would take quadratic time. */
  private readonly absent = new Set<string>();
  /** Up to here every sign is an operator of its own. */
  private signsUntil = 0;

  constructor(private readonly sql: string) {}

  tokenAt(start: number): Token {
    const { sql } = this;
    const next = sql.charAt(start + 1);
    switch (sql.charAt(start)) {
      case "'":
        return { kind: 'string', start, end: this.quotedEnd("'", start + 1) };
      case '"':
        return { kind: 'quoted-name', start, end: this.quotedEnd('"', start + 1) };
      case '`': {
        const closing = this.find('`', start + 1);
        if (closing < 0) return { kind: 'operator', start, end: start + 1 };
        return { kind: 'quoted-name', start, end: closing + 1 };
      }
      case '$':
        return this.dollar(start);
      case '-':
        if (next === '-') return { kind: 'comment', start, end: this.lineEnd(start + 2) };
        break;
      case '/':
        if (next === '*') return { kind: 'comment', start, end: this.blockCommentEnd(start) };
        break;
      case ':':
        return { kind: 'punctuation', start, end: start + (next === ':' || next === '=' ? 2 : 1) };
      case '.':
        if (next === '.') return { kind: 'punctuation', start, end: start + 2 };
        break;
    }
    let end = endOf(SPACE, sql, start);
    if (end > start) return { kind: 'space', start, end };
    end = endOf(WORD, sql, start);
    if (end > start) return this.word(start, end);
    end = endOf(NUMBER, sql, start);
    if (end > start) return { kind: 'number', start, end };
    end = this.operatorEnd(start);
    if (end > start) return { kind: 'operator', start, end };
    return { kind: 'punctuation', start, end: start + 1 };
  }

  /** A word, unless it is the prefix of what is quoted right behind it. */
  private word(start: number, end: number): Token {
    const { sql } = this;
    const prefix = end - start <= 2 ? sql.slice(start, end).toLowerCase() : '';
    if (sql[end] === "'") {
      switch (prefix) {
        case 'e':
          return { kind: 'string', start, end: this.escapeStringEnd(end + 1) };
        case 'b':
        case 'n':
        case 'x':
          return { kind: 'string', start, end: this.quotedEnd("'", end + 1) };
        case 'q':
        case 'nq': {
          const closed = this.delimitedStringEnd(end + 1);
          if (closed >= 0) return { kind: 'string', start, end: closed };
        }
      }
    } else if (prefix === 'u' && sql[end] === '&') {
      const quote = sql.charAt(end + 1);
      if (quote === "'") return { kind: 'string', start, end: this.quotedEnd(quote, end + 2) };
      if (quote === '"') return { kind: 'quoted-name', start, end: this.quotedEnd(quote, end + 2) };
    }
    return { kind: 'word', start, end };
  }

  private dollar(start: number): Token {
    const { sql } = this;
    const parameterEnd = endOf(PARAMETER, sql, start);
    if (parameterEnd > start) return { kind: 'parameter', start, end: parameterEnd };
    const tagEnd = endOf(DOLLAR_TAG, sql, start);
    if (tagEnd === start) return { kind: 'punctuation', start, end: start + 1 };
    const closing = sql.indexOf(sql.slice(start, tagEnd), tagEnd);
    return { kind: 'string', start, end: closing < 0 ? sql.length : closing + tagEnd - start };
  }

  /** The end of what ends at a quote that is not doubled, when it goes on at `from`. */
  private quotedEnd(quote: string, from: number): number {
    const { sql } = this;
    for (let at = from; ;) {
      const found = sql.indexOf(quote, at);
      if (found < 0) return sql.length;
      if (sql[found + 1] !== quote) return found + 1;
      at = found + 2;
    }
  }

  /** The same for `E'…'`, with backslashes; a part that follows on a later line has them as well, without an `E`. */
  private escapeStringEnd(from: number): number {
    const { sql } = this;
    for (let at = from; at < sql.length;) {
      const char = sql[at];
      if (char === '\\') at += 2;
      else if (char !== "'") at += 1;
      else if (sql[at + 1] === "'") at += 2;
      else {
        const nextPart = this.continuation(at + 1);
        if (nextPart < 0) return at + 1;
        at = nextPart;
      }
    }
    return sql.length;
  }

  /** Where a literal goes on that was closed before `from`: behind a quote on a later line; -1 if it does not. */
  private continuation(from: number): number {
    const { sql } = this;
    let broken = false;
    for (let at = from; ;) {
      const char = sql.charAt(at);
      if (char === '\n' || char === '\r') broken = true;
      if (char === "'") return broken ? at + 1 : -1;
      if (char === '-' && sql[at + 1] === '-') at = this.lineEnd(at + 2);
      else if (char !== '' && ' \t\n\r\f'.includes(char)) at += 1;
      else return -1;
    }
  }

  /** The end of a `q'…'` string whose delimiter is at `at`; -1 if it is none. */
  private delimitedStringEnd(at: number): number {
    const delimiter = this.sql.charAt(at);
    // Oracle takes letters of any script. With this many delimiters to look for, the time stays linear.
    if (!/[!-&(-~]/.test(delimiter)) return -1;
    const closing = this.find(`${CLOSING_DELIMITERS[delimiter] ?? delimiter}'`, at + 1);
    return closing < 0 ? -1 : closing + 2;
  }

  private lineEnd(from: number): number {
    LINE_BREAK.lastIndex = from;
    return LINE_BREAK.exec(this.sql)?.index ?? this.sql.length;
  }

  private blockCommentEnd(start: number): number {
    let depth = 0;
    BLOCK_COMMENT_MARK.lastIndex = start;
    for (let mark; (mark = BLOCK_COMMENT_MARK.exec(this.sql)) !== null;) {
      depth += mark[0] === '/*' ? 1 : -1;
      if (depth === 0) return BLOCK_COMMENT_MARK.lastIndex;
    }
    return this.sql.length;
  }

  private operatorEnd(start: number): number {
    const { sql } = this;
    if (start < this.signsUntil) return start + 1;
    let end = start;
    let unusual = false;
    for (; end < sql.length; end++) {
      const char = sql.charAt(end);
      if (!OPERATOR_CHARACTERS.includes(char)) break;
      const next = sql[end + 1];
      if ((char === '-' && next === '-') || (char === '/' && next === '*')) break;
      unusual ||= UNUSUAL_OPERATOR_CHARACTERS.includes(char);
    }
    if (!unusual) {
      this.signsUntil = end;
      while (end > start + 1 && '+-'.includes(sql.charAt(end - 1))) end--;
    }
    return end;
  }

  private find(searched: string, from: number): number {
    if (this.absent.has(searched)) return -1;
    const found = this.sql.indexOf(searched, from);
    if (found < 0) this.absent.add(searched);
    return found;
  }
}

function endOf(pattern: RegExp, sql: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(sql) ? pattern.lastIndex : start;
}
