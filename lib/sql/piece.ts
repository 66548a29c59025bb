import { UsageError } from '../errors/index.js';
import { quoteIdentifier } from './identifiers.js';
import { tokens } from './lexer.js';

/** SQL text with values between its strings, of which there is one more. Values never become part of the text. */
export class SqlPiece {
  /** @internal */
  constructor(
    /** @internal */
    readonly strings: readonly string[],
    /** @internal */
    readonly values: readonly unknown[],
  ) {}
}

/** A text with `$1`, `$2`, … and the values for them. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

export const EMPTY = new SqlPiece([''], []);
const COMMA = new SqlPiece([', '], []);

/** The texts of templates that have been checked, by the array of strings, which is the same each time one is evaluated. */
const checked = new WeakMap<readonly string[], string>();

/** @throws UsageError `KB_BAD_STATEMENT` for a value where SQL takes none, such as inside a literal */
export function statementOf(piece: SqlPiece): Statement {
  const { strings, values } = piece;
  let text = checked.get(strings);
  if (text === undefined) {
    text = textOf(strings);
    checked.set(strings, text);
  }
  return { text, values };
}

/** Each value must be a parameter of the server, and there must be no others. */
function textOf([first = '', ...others]: readonly string[]): string {
  let text = first;
  const places: number[] = [];
  others.forEach((string, i) => {
    places.push(text.length);
    text += `$${i + 1}${string}`;
  });
  let next = 0;
  for (const { kind, start, end } of tokens(text)) {
    if (kind !== 'parameter') continue;
    const isValue = start === places[next] && text.slice(start, end) === `$${next + 1}`;
    if (!isValue) throw badPlace(next < places.length ? insideOf(next) : 'The text has a $n of its own.');
    next++;
  }
  if (next < places.length) throw badPlace(insideOf(next));
  return text;
}

function insideOf(index: number): string {
  return `The value number ${index + 1} stands inside of a literal, a name or a comment, or beside a digit, or behind a $n of the text's own.`;
}

function badPlace(message: string): UsageError {
  return new UsageError('KB_BAD_STATEMENT', message, {
    hint: "Write the value without quotes around it; for a name use sql.id(name), for a pattern ${'%' + text + '%'}.",
  });
}

/** What a template means: pieces in it become part of it, whatever else stands in it is a value. */
export function pieceOf(
  strings: readonly string[],
  values: readonly unknown[],
): readonly [string[], unknown[]] {
  const texts = [strings[0] ?? ''];
  const all: unknown[] = [];
  values.forEach((value, i) => {
    append(texts, all, value);
    addText(texts, strings[i + 1]);
  });
  return [texts, all];
}

function append(texts: string[], values: unknown[], value: unknown): void {
  if (!(value instanceof SqlPiece)) {
    values.push(value);
    texts.push('');
    return;
  }
  addText(texts, value.strings[0]);
  texts.push(...value.strings.slice(1));
  values.push(...value.values);
}

/** To the last of the texts, of which there is always one. */
function addText(texts: string[], text = ''): void {
  texts.push((texts.pop() ?? '') + text);
}

/** A quoted name; several parts are a qualified one. */
export function id(...parts: readonly string[]): SqlPiece {
  return new SqlPiece([quoteIdentifier(...parts)], []);
}

/** Values with commas between them, as for `IN (…)`. */
export function list(values: readonly unknown[]): SqlPiece {
  if (!Array.isArray(values) || values.length === 0) {
    throw badPieces(
      'sql.list() needs an array with at least one value.',
      'For any number of values write = ANY (${array}).',
    );
  }
  return join(values, COMMA);
}

/** Rows in parentheses with commas between them, as after VALUES. */
export function rowsOfValues(rows: readonly (readonly unknown[])[]): SqlPiece {
  const given: unknown = rows;
  const width = Array.isArray(given) ? (rows[0]?.length ?? 0) : 0;
  if (width === 0 || !rows.every((row) => Array.isArray(row) && row.length === width)) {
    throw badPieces(
      'sql.values() needs at least one row, and rows that are arrays of the same length.',
      'For many rows use batchInsert().',
    );
  }
  return join(
    rows.map((row) => new SqlPiece(...pieceOf(['(', ')'], [join(row, COMMA)]))),
    COMMA,
  );
}

/** What stands between the pieces is a piece itself; `, ` unless it is said. */
export function join(pieces: readonly unknown[], separator: SqlPiece = COMMA): SqlPiece {
  if (!Array.isArray(pieces)) throw badPieces('sql.join() needs an array.', 'Give the pieces in an array.');
  if (!(separator instanceof SqlPiece)) {
    throw badPieces(
      'The separator of sql.join() must be a piece of SQL.',
      'Write it as a template: sql` AND `.',
    );
  }
  const texts = [''];
  const values: unknown[] = [];
  pieces.forEach((piece, i) => {
    if (i > 0) append(texts, values, separator);
    append(texts, values, piece);
  });
  return new SqlPiece(texts, values);
}

/** Text as it stands. What a user of the program has typed must never become part of it. */
export function unsafe(text: string): SqlPiece {
  if (typeof text !== 'string') throw badPieces('sql.unsafe() needs a string.', 'Write a value as ${value}.');
  return new SqlPiece([text], []);
}

function badPieces(message: string, hint: string): UsageError {
  return new UsageError('KB_BAD_PARAMETER', message, { hint });
}
