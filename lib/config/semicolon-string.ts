/** One `key=value` of a connection string, as it stands there. */
export interface Pair {
  readonly key: string;
  readonly value: string;
  /** Such a value ends where it was meant to end. */
  readonly quoted: boolean;
}

const QUOTED = {
  /** ODBC (Microsoft's reference of SQLDriverConnect): `{…}`, in which `}` is doubled. */
  braces: /\{([^}]*(?:\}\}[^}]*)*)\}\s*(?=;|$)/y,
  /** ADO.NET (Microsoft, "Connection String Syntax"): `"…"` or `'…'`, in which the same quote is doubled. */
  quotes: /(?:"([^"]*(?:""[^"]*)*)"|'([^']*(?:''[^']*)*)')\s*(?=;|$)/y,
} as const;

export type Quoting = keyof typeof QUOTED;

/**
 * Splits `key=value;key=value`. Spaces around keys and around unquoted values do not count; an unquoted value runs to
 * the next `;` and may hold `=`. `complete` is false where the text cannot be read on; `pairs` are then those before.
 */
export function splitPairs(text: string, quoting: Quoting): { pairs: Pair[]; complete: boolean } {
  const pairs: Pair[] = [];
  const separators = /[\s;]*/y;
  const spaces = /\s*/y;
  let position = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = position;
    pattern.exec(text);
    position = pattern.lastIndex;
  };
  for (;;) {
    skip(separators);
    if (position === text.length) return { pairs, complete: true };
    const equals = text.indexOf('=', position);
    const key = equals < 0 ? '' : text.slice(position, equals).trim();
    if (key === '' || key.includes(';')) return { pairs, complete: false };
    position = equals + 1;
    skip(spaces);
    const first = text.charAt(position);
    if (quoting === 'braces' ? first === '{' : first === '"' || first === "'") {
      const pattern = QUOTED[quoting];
      pattern.lastIndex = position;
      const match = pattern.exec(text);
      if (match === null) return { pairs, complete: false };
      const close = first === '{' ? '}' : first;
      pairs.push({ key, value: (match[1] ?? match[2] ?? '').replaceAll(close + close, close), quoted: true });
      position = pattern.lastIndex;
    } else {
      const semicolon = text.indexOf(';', position);
      const end = semicolon < 0 ? text.length : semicolon;
      pairs.push({ key, value: text.slice(position, end).trim(), quoted: false });
      position = end;
    }
  }
}
