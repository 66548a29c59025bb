import { displayWidth, padEnd, printable } from './terminal.js';

/** A value of a result in one of the text formats; undefined is NULL. */
export type Cell = string | undefined;

export interface Table {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A value as text: numbers and times as the server writes them, bytes as `\x…`, arrays and objects as JSON. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  return jsonOf(value);
}

/** JSON, in which a bigint is a number where that is exact, else a string, and bytes are `\x…`. */
export function jsonOf(value: unknown, indent?: number): string {
  const json = JSON.stringify(
    value,
    function (this: unknown, key, given: unknown) {
      // Buffer has a toJSON of its own, which has been called by now.
      const original = (this as Record<string, unknown>)[key];
      if (Buffer.isBuffer(original)) return `\\x${original.toString('hex')}`;
      if (typeof given !== 'bigint') return given;
      return Number.isSafeInteger(Number(given)) ? Number(given) : String(given);
    },
    indent,
  );
  // JSON.stringify escapes the control characters below U+0020 only. None of these stands outside of a string.
  return json.replace(
    /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For people: columns side by side. What would steer the terminal is shown as `\u…`. */
export function asTable({ names, rows }: Table, empty = ''): string {
  const shown = [names, ...rows].map((row) =>
    row.map((cell) => (cell === undefined ? empty : oneLine(cell))),
  );
  const widths = names.map((_, column) => Math.max(...shown.map((row) => displayWidth(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join(' | ')
      .trimEnd();
  const [head = [], ...body] = shown;
  return [line(head), widths.map((width) => '-'.repeat(width)).join('-+-'), ...body.map(line)].join('\n');
}

function oneLine(text: string): string {
  return printable(text.replace(/\r?\n/g, '↵'));
}

/** What a spreadsheet takes for the beginning of a formula, also full-width and behind a break (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** Begins as a formula may, and is none. */
const SIGNED_NUMBER = /^[+-](?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** For a file that is opened in a spreadsheet, which runs what looks like a formula: such a cell gets a `'` before it. */
export function withoutFormulas({ names, rows }: Table): Table {
  const plain = (cell: string): string =>
    FORMULA.test(cell) && !SIGNED_NUMBER.test(cell) ? `'${cell}` : cell;
  return {
    names: names.map(plain),
    rows: rows.map((row) => row.map((cell) => (cell === undefined ? undefined : plain(cell)))),
  };
}

/** RFC 4180, lines ended by \n as psql's --csv. NULL is nothing, an empty string is "". */
export function asCsv({ names, rows }: Table): string {
  const field = (cell: Cell): string => {
    if (cell === undefined) return '';
    return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell;
  };
  return [names, ...rows].map((row) => row.map(field).join(',')).join('\n');
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The text format of COPY (PostgreSQL manual), after a line of names: tabs between fields, NULL is \N. */
export function asTsv({ names, rows }: Table): string {
  const field = (cell: Cell): string =>
    cell === undefined ? '\\N' : cell.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
  return [names, ...rows].map((row) => row.map(field).join('\t')).join('\n');
}
