/**
 * PostgreSQL's text form of arrays, both ways (manual, "Arrays: Array Input and Output Syntax").
 */

/**
 * Parses array text such as `{1,NULL,"a b"}`, `{{1,2},{3,4}}` or `[0:1]={7,8}`; lower bounds are dropped.
 *
 * @param delimiter the element type's (`;` for box, else `,`)
 * @param element called for each element that is not NULL; without it elements are strings
 * @returns nested arrays, or the text itself where it is not an array's: a vendor's collection type may be
 *   written otherwise
 */
export function parseArray(text: string, delimiter: string, element?: (text: string) => unknown): unknown {
  let start = 0;
  if (text.startsWith('[')) {
    const bounds = /^(?:\[[+-]?\d+:[+-]?\d+\])+=/.exec(text);
    if (bounds === null) return text;
    start = bounds[0].length;
  }
  if (text[start] !== '{') return text;
  if (text.indexOf('{', start + 1) < 0 && text.indexOf('"', start) < 0 && text.indexOf('\\', start) < 0) {
    return parseFlat(text, start, delimiter, element);
  }
  return parseNested(text, start, delimiter, element);
}

function parseFlat(
  text: string,
  start: number,
  delimiter: string,
  element: ((text: string) => unknown) | undefined,
): unknown {
  if (text.indexOf('}') !== text.length - 1) return text;
  if (text.length === start + 2) return [];
  const values: unknown[] = text.slice(start + 1, -1).split(delimiter);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as string;
    if (value === '') return text;
    if (isNull(value)) values[i] = null;
    else if (element !== undefined) values[i] = element(value);
  }
  return values;
}

function parseNested(
  text: string,
  start: number,
  delimiter: string,
  element: ((text: string) => unknown) | undefined,
): unknown {
  // A stack instead of recursion: the depth comes from the text.
  const outer: unknown[][] = [];
  let current: unknown[] = [];
  let position = start + 1;
  for (;;) {
    // Before an element, or before the end of an empty array.
    const char = text[position];
    if (char === '{') {
      const inner: unknown[] = [];
      current.push(inner);
      outer.push(current);
      current = inner;
      position++;
      continue;
    }
    if (char !== '}' || current.length > 0) {
      let value: string;
      let isNullWord = false;
      if (char === '"') {
        const end = closingQuote(text, position + 1);
        if (end < 0) return text;
        value = unescape(text.slice(position + 1, end));
        position = end + 1;
      } else {
        const from = position;
        while (position < text.length && text[position] !== delimiter && text[position] !== '}') {
          position += text[position] === '\\' ? 2 : 1;
        }
        if (position === from) return text;
        const word = text.slice(from, position);
        isNullWord = isNull(word);
        value = unescape(word);
      }
      current.push(isNullWord ? null : element === undefined ? value : element(value));
    }
    // After an element: any number of closing braces, then a delimiter or the end.
    while (text[position] === '}') {
      position++;
      const parent = outer.pop();
      if (parent === undefined) return position === text.length ? current : text;
      current = parent;
    }
    if (text[position] !== delimiter) return text;
    position++;
  }
}

function isNull(word: string): boolean {
  return word.length === 4 && (word === 'NULL' || word.toUpperCase() === 'NULL');
}

function closingQuote(text: string, from: number): number {
  let position = from;
  while (position < text.length) {
    if (text[position] === '"') return position;
    position += text[position] === '\\' ? 2 : 1;
  }
  return -1;
}

function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text;
}

/** An element as array text: always quoted, so that neither `NULL` nor an empty string needs care. */
export function quoteElement(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}
