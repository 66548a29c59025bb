import { kindOf } from '../base/kind-of.js';
import { shown } from '../base/shown.js';
import { nearest } from '../errors/nearest.js';
import { UsageError } from '../errors/index.js';
import type { PlaceholderCache } from './placeholder-cache.js';
import { compilePlaceholders, type PlaceholderKind } from './placeholder-compiler.js';

export { compilePlaceholders, type CompiledStatement, type PlaceholderKind } from './placeholder-compiler.js';

/** Options of a statement's call that are easily given in the place of its parameters. */
const CALL_OPTIONS: ReadonlySet<string> = new Set(['signal', 'timeout', 'rowMode', 'types', 'traceContext']);

export interface BoundStatement {
  readonly sql: string;
  /** For `$1`, `$2`, … */
  readonly values: readonly unknown[];
}

/**
 * The text and the values to send for a statement and its parameters.
 *
 * - An array, and the text has `$n`: these are the server's own parameters and stay as they are.
 * - An array otherwise: each `?` is a placeholder, also next to operator characters (`?||?`, `-?`). An empty array
 *   gives no values, so that then, as without parameters, `?` is the server's operator.
 * - An object: `:name` is a placeholder; a name is what the server would take for an unquoted one, in the letter case
 *   of the property, which must be the object's own. The same name twice is the same parameter. A colon that directly
 *   follows a number, a literal, a quoted name, a parameter or `]`, or inside square brackets a word or `)`, belongs to
 *   what is before it, as in the slice `a[lower:upper]`. So the slice `a[:n]` has a placeholder, `a[: n]` a column.
 *   Properties that the text does not name are ignored, so that one object may serve several statements, but if it
 *   names none at all, the object was a mistake.
 * - `??` is the operator `?` in all of these, and without parameters, as in JDBC: `??|`, `@??`; `???` is the operator
 *   and a placeholder. A text without `??` and without placeholders is given back as it is.
 *
 * @param parameters an array, an object with properties of its own (no function, Map, Date and the like), or undefined
 * @throws UsageError `KB_BAD_PARAMETER`
 */
export function bindPlaceholders(
  sql: string,
  parameters: object | undefined,
  cache?: PlaceholderCache,
): BoundStatement {
  const kind = placeholderKind(parameters);
  const compiled = cache === undefined ? compilePlaceholders(sql, kind) : cache.get(sql, kind);
  if (parameters === undefined) return { sql: compiled.sql, values: [] };
  if (Array.isArray(parameters)) {
    const values: readonly unknown[] = parameters;
    if (compiled.count !== undefined && compiled.count !== values.length) {
      throw wrongCount(compiled.count, values.length);
    }
    return { sql: compiled.sql, values };
  }
  return { sql: compiled.sql, values: namedValues(compiled.names ?? [], parameters) };
}

function placeholderKind(parameters: object | undefined): PlaceholderKind {
  if (parameters === undefined) return 'none';
  if (Array.isArray(parameters)) return parameters.length === 0 ? 'none' : 'positional';
  // A Map, a Date or a Buffer is an object, too, but has no properties that could be meant.
  const kind = Object.prototype.toString.call(parameters).slice('[object '.length, -1);
  if (kind === 'Object') return 'named';
  throw badParameter(
    `The parameters are ${kindOf(parameters)}. They must be an array, with the values for ` +
      '$1, $2, … or for each ?, or an object, with a value for each :name.',
    kind === 'Map'
      ? 'Give Object.fromEntries(map).'
      : typeof parameters === 'function'
        ? 'No callback is taken: use the promise that the call gives.'
        : undefined,
  );
}

function namedValues(names: readonly string[], parameters: object): readonly unknown[] {
  if (names.length === 0) {
    const [unused] = Object.keys(parameters);
    if (unused === undefined) return [];
    throw badParameter(
      `The parameters are an object with "${shown(unused)}", but the statement has no named placeholder.`,
      Object.keys(parameters).every((key) => CALL_OPTIONS.has(key))
        ? 'Options stand behind the parameters: query(sql, [], { timeout: 5_000 }).'
        : 'Write a placeholder as :name, or give the parameters as an array.',
    );
  }
  const properties = parameters as Readonly<Record<string, unknown>>;
  return names.map((name) => {
    // Not what every object inherits, such as `constructor`.
    if (Object.hasOwn(properties, name)) return properties[name];
    const meant = nearest(name, Object.keys(properties));
    throw badParameter(
      `The statement has the placeholder :${shown(name)}, but the parameters have no "${shown(name)}".` +
        (meant === undefined ? '' : ` Did you mean "${shown(meant)}"?`),
      'A colon that is no placeholder, such as that of an array slice, has a space behind it.',
    );
  });
}

function wrongCount(placeholders: number, values: number): UsageError {
  return badParameter(
    `The statement has ${placeholders} ${placeholders === 1 ? 'placeholder' : 'placeholders'} (?), but ${values} ` +
      `${values === 1 ? 'value was' : 'values were'} given.`,
    placeholders === 0
      ? 'A ? in quotes or in a comment, and ??, are no placeholders.'
      : placeholders > values
        ? 'Write ?? for the operator ?.'
        : undefined,
  );
}

function badParameter(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_PARAMETER', message, hint === undefined ? {} : { hint });
}
