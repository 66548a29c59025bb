import { tokens, type Token } from './lexer.js';

/** Begin what only reads, if nothing in it speaks against it. */
const BEGINNINGS: ReadonlySet<string> = new Set(['select', 'table', 'values', 'with']);

/**
 * Words that may stand for a write, a lock or a session's state, wherever they stand: a column of such a name costs no more
 * than that the primary is asked. `for` locks rows, `into` makes a table; a sequence's `nextval` is oracle mode's.
 */
const SUSPICIOUS: ReadonlySet<string> = new Set([
  ...['insert', 'update', 'delete', 'merge', 'replace', 'truncate', 'into', 'for', 'lock', 'call', 'execute'],
  ...['nextval', 'currval', 'lastval', 'setval', 'pg_temp', 'sys_temp', 'temp', 'temporary', 'prior', 'go'],
]);

/** Stand before a parenthesis, and no function can have such a name unless it is quoted or qualified. */
const NO_FUNCTION: ReadonlySet<string> = new Set([
  ...['in', 'and', 'or', 'not', 'exists', 'any', 'some', 'all', 'values', 'select', 'from', 'where', 'on'],
  ...[
    'using',
    'as',
    'union',
    'except',
    'intersect',
    'case',
    'when',
    'then',
    'else',
    'between',
    'limit',
    'offset',
  ],
  ...['having', 'distinct', 'row', 'array', 'lateral', 'coalesce', 'nullif', 'greatest', 'least', 'cast'],
  ...[
    'numeric',
    'decimal',
    'varchar',
    'char',
    'character',
    'timestamp',
    'time',
    'bit',
    'float',
    'with',
    'group',
    'order',
  ],
]);

/** The same for words that are key words only behind certain others. */
function isKeyWord(word: string, before: string): boolean {
  if (before === '.') return false;
  if (NO_FUNCTION.has(word)) return true;
  switch (word) {
    case 'over':
    case 'filter':
      return before === ')';
    case 'by':
      return before === 'order' || before === 'group' || before === 'partition';
    case 'join':
      // Behind a table or its name.
      return before === ')' || (/^[\w"$\u0080-\uffff]/.test(before) && !NO_FUNCTION.has(before));
    default:
      return false;
  }
}

/**
 * The names of the functions that a text calls, in lower case, where it is one statement that reads and changes nothing as
 * long as these do not; undefined for any other, and wherever there is a doubt. What the text calls without saying so (by a
 * view, an operator, a policy, in oracle mode a function without parentheses) does not show.
 */
export function functionsOfRead(sql: string): readonly string[] | undefined {
  const functions = new Set<string>();
  let first = true;
  let ended = false;
  /** The name of what a parenthesis would call, and the text of the token before. */
  let callable: string | undefined;
  let before = '';
  for (const token of tokens(sql)) {
    const { kind } = token;
    if (kind === 'space' || kind === 'comment') {
      // Hints, and what mysql runs of a comment.
      if (kind === 'comment' && /^\/\*[!+]/.test(sql.slice(token.start, token.start + 3))) return undefined;
      continue;
    }
    // A second statement.
    if (ended) return undefined;
    const text = textOf(sql, token);
    if (isDoubtful(kind, text)) return undefined;
    if (text === ';') {
      ended = true;
      continue;
    }
    if (first && text !== '(') {
      if (kind !== 'word' || !BEGINNINGS.has(text)) return undefined;
      first = false;
    }
    if (text === '(' && callable !== undefined) functions.add(callable);
    const isName = kind === 'quoted-name' || (kind === 'word' && !isKeyWord(text, before));
    callable = isName ? unquoted(kind, text) : undefined;
    before = text;
  }
  return first ? undefined : [...functions];
}

/**
 * The names that stand before a parenthesis in the queries of a text where a function's could, in lower case.
 *
 * @param several whether the text may have several statements; else it is not read further where it is no query
 */
export function functionsOfQueries(sql: string, several: boolean): ReadonlySet<string> {
  const functions = new Set<string>();
  let first = true;
  let skipping = false;
  let callable: string | undefined;
  let before = '';
  for (const token of tokens(sql)) {
    const { kind } = token;
    if (kind === 'space' || kind === 'comment') continue;
    const text = textOf(sql, token);
    if (text === ';') {
      first = true;
      continue;
    }
    if (first && text !== '(') {
      skipping = !BEGINNINGS.has(text);
      first = false;
      callable = undefined;
    }
    if (skipping) {
      if (several) continue;
      break;
    }
    if (text === '(' && callable !== undefined) functions.add(callable);
    const isName = kind === 'quoted-name' || (kind === 'word' && !isKeyWord(text, before));
    callable = isName ? unquoted(kind, text) : undefined;
    before = text;
  }
  return functions;
}

function textOf(sql: string, { kind, start, end }: Token): string {
  const text = sql.slice(start, end);
  return kind === 'word' ? text.toLowerCase() : text;
}

/** What another mode of the server may read in another way, so that more would be hidden in it than is seen here. */
function isDoubtful(kind: Token['kind'], text: string): boolean {
  switch (kind) {
    case 'word':
      return SUSPICIOUS.has(text);
    case 'string':
      return text.includes('\\') || !text.startsWith("'");
    case 'quoted-name':
      return !text.startsWith('"') || /[\\'`]/.test(text) || SUSPICIOUS.has(text.slice(1, -1).toLowerCase());
    case 'operator':
      return /[#`@]/.test(text);
    default:
      return text === ':=' || text === '\\';
  }
}

function unquoted(kind: Token['kind'], text: string): string {
  return (kind === 'quoted-name' ? text.slice(1, -1) : text).toLowerCase();
}
