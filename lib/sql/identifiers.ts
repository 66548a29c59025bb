import { kindOf } from '../base/kind-of.js';
import { shown } from '../base/shown.js';
import { UsageError } from '../errors/index.js';

/**
 * What encloses a quoted name. A server in mysql mode without ANSI_QUOTES in its `sql_mode` takes `"…"` for a string
 * and needs backquotes.
 */
export type IdentifierQuote = '"' | '`';

/** More parts than database, schema and table are no name of a table. */
const MOST_PARTS = 3;

/**
 * A name as it is written in SQL text, exactly as it stands: the server neither folds its letter case nor takes it for
 * a key word. Several parts become a qualified name: `quoteIdentifier('public', 'order')` is `"public"."order"`. A dot in
 * a part belongs to the name. The server cuts a part off after 63 bytes.
 *
 * The quotes are those of standard SQL. A KingbaseES in mysql mode takes them for a string's unless its `sql_mode` has
 * ANSI_QUOTES.
 *
 * @throws UsageError `KB_BAD_IDENTIFIER` for no part, an empty one, and one with a NUL character, which SQL cannot express
 */
export function quoteIdentifier(...parts: readonly string[]): string {
  if (parts.length === 0) throw badIdentifier('A name must have at least one part.');
  return parts.map((part) => quoteName(part)).join('.');
}

/** One name in the quotes that the server takes. Throws as `quoteIdentifier`. */
export function quoteName(name: string, quote: IdentifierQuote = '"'): string {
  if (typeof name !== 'string') throw badIdentifier(`A name must be a string, not ${kindOf(name)}.`);
  if (name === '') throw badIdentifier('A name must not be empty.');
  if (name.includes('\0')) throw badIdentifier('A name must not contain a NUL character.');
  return quote + name.replaceAll(quote, quote + quote) + quote;
}

/**
 * The quoted name of a table or of anything else in a schema. In a string, dots separate the parts; a name that
 * contains a dot itself is given in an array of the parts: `['public', 'sales.2024']`.
 *
 * @param name `'table'`, `'schema.table'`, `'database.schema.table'`, or the same as an array
 * @throws UsageError `KB_BAD_IDENTIFIER`
 */
export function quoteQualified(name: string | readonly string[], quote?: IdentifierQuote): string {
  if (typeof name !== 'string' && !Array.isArray(name)) {
    throw badIdentifier(`A name must be a string or an array of strings, not ${kindOf(name)}.`);
  }
  const parts: readonly string[] = typeof name === 'string' ? name.split('.') : name;
  if (parts.length === 0) throw badIdentifier('A name must have at least one part.');
  const quoted = parts.map((part) => quoteName(part, quote)).join('.');
  if (parts.length > MOST_PARTS) {
    throw badIdentifier(
      `A name has at most ${MOST_PARTS} parts, but "${shown(parts.join('.'))}" has ${parts.length}.`,
      'Give a name that contains a dot in an array: [schema, table].',
    );
  }
  return quoted;
}

function badIdentifier(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_IDENTIFIER', message, hint === undefined ? {} : { hint });
}
