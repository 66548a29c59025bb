import type { DiagnosticFields } from '../addon/interface.js';

/** What the program has had run: the text as it was sent, with `$1`, `$2`, … for placeholders, and the values for these. */
export interface Sent {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const JSON_TYPE = /\bjsonb?\b/i;

/** By the type's name, which stands in the message in every language. */
const BOOLEAN_FOR_A_NUMBER =
  /\b(?:tinyint|smallint|integer|bigint|numeric|real|double precision|money)\b.*["“”'](?:true|false)["“”']$/;

/** What to do, where the server says nothing of it, and what has gone wrong is certain. */
export function hintFor(
  { C: code, M: message = '', P: position }: DiagnosticFields,
  { sql, parameters }: Sent = { sql: '', parameters: [] },
): string | undefined {
  switch (code) {
    case 'XX000':
      return message.includes('jsonb version')
        ? 'A Buffer is sent in the binary form of the type. Give JSON as a string or an object.'
        : undefined;
    case '42601':
      return ofSyntax(sql, Number(position), parameters.length);
    case '08P01':
      return ofCount(message, parameters.length);
    case '22P02':
    case '22007':
      return ofValue(message, parameters);
    case '42P02':
      return /^\s*copy\b/i.test(sql)
        ? 'COPY takes no parameters: write numbers and texts into the statement, texts by a function that quotes them, or read the rows by rows().'
        : undefined;
    default:
      return undefined;
  }
}

/** @param position of the character where the server was at a loss, from 1 */
function ofSyntax(sql: string, position: number, given: number): string | undefined {
  if (/\bcopy\b[^;]*\bfrom\s+stdin\b/i.test(sql))
    return 'A script cannot hold the rows of COPY … FROM STDIN. Send them by copyFrom(), or write the dump with --inserts.';
  if (!(position >= 1)) return undefined;
  // The server counts characters, of which JavaScript has some as two.
  const characters = Array.from(sql);
  const before = characters.slice(0, position - 1).join('');
  const from = characters.slice(position - 1).join('');
  if (/^:[\p{L}_]/u.test(from) && !before.endsWith(':'))
    return 'A placeholder such as :name has its value in an object: query(sql, { name: value }).';
  if (/^\$\d/.test(from))
    return 'Only a value can be a parameter: a name is quoted by quoteIdentifier(), and a type is written behind it, as in $1::interval.';
  // An operator has a value on both sides.
  if (
    !/(?:^|[=<>,(+*/-]|\b(?:and|or|not|in|like|limit|offset|select|where|values|by|set)\b)\s*\?\s*$/i.test(
      before,
    )
  )
    return undefined;
  return given === 0
    ? 'A placeholder ? has its value in an array: query(sql, [value]).'
    : 'The placeholders of a statement are of one kind: $1, $2, … or ?.';
}

/** @param message of which server ever: it names the count that was given, and then the one that is needed */
function ofCount(message: string, given: number): string | undefined {
  const counts =
    message
      .replace(/"[^"]*"/g, '')
      .match(/\d+/g)
      ?.map(Number) ?? [];
  const [first, needed = 0] = counts;
  if (counts.length !== 2 || first !== given) return undefined;
  return given > needed
    ? 'The number of values differs from that of the placeholders ($1, $2, …). One that stands in quotes is text and no placeholder.'
    : 'The number of values differs from that of the placeholders ($1, $2, …).';
}

function ofValue(message: string, parameters: readonly unknown[]): string | undefined {
  if (BOOLEAN_FOR_A_NUMBER.test(message))
    return 'A boolean is sent as true or false. For a column of numbers give Number(value), which is 1 or 0.';
  if (JSON_TYPE.test(message)) {
    return parameters.some((value) => typeof value === 'string' || value instanceof Date)
      ? 'A string and a Date are taken for the text of JSON: give JSON.stringify(value) where one is to be a value in JSON.'
      : undefined;
  }
  const [, text = ''] = /"(\{.*\})"$/s.exec(message) ?? [];
  if (text === '' || /array|数组/i.test(message)) return undefined;
  if (/^\{"[^"]*":/.test(text))
    return 'An object is one value, which is sent as JSON: give one of its properties.';
  return parameters.some(Array.isArray)
    ? 'An array is one value: for a list write = ANY ($1) in place of IN ($1).'
    : undefined;
}
