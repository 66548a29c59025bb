// Types that are not known yet, and values that came as text for that reason and are converted when they are.
import { RowMode } from '../../addon/interface.js';
import type { TypeMap } from '../../types/type-map.js';
import type { ResultShape, StatementResult } from '../result-shape.js';

/** Whether it has values of types that are not known yet. */
export function hasUnknown(
  result: StatementResult | undefined,
): result is StatementResult & { rows: unknown[]; shape: ResultShape } {
  const { rows, shape } = result ?? {};
  return rows !== undefined && rows.length > 0 && shape !== undefined && shape.unknown.length > 0;
}

/** Converts, in place, the columns that came as text before their types were known. */
export function convertUnknown(rows: unknown[], shape: ResultShape, rowMode: RowMode, types: TypeMap): void {
  for (const { column, name, typeOid } of shape.unknown) {
    const convert = types.textConverterFor(typeOid);
    // In an object the last column of a name is the one that is there.
    const hidden =
      rowMode === RowMode.Object && shape.fields.findLastIndex((field) => field.name === name) !== column;
    if (convert === undefined || hidden) continue;
    const key = rowMode === RowMode.Object ? name : column;
    for (const row of rows as Record<string | number, unknown>[]) {
      const value = row[key];
      if (typeof value === 'string') row[key] = convert(value);
    }
  }
}

/** Of which type maps it is known that they know all of a statement's types, which can be tens of thousands. */
const knowing = new WeakMap<Uint32Array, TypeMap>();

/** Those that the type map does not know. */
export function unknownOf(oids: Uint32Array | undefined, types: TypeMap): readonly number[] {
  if (oids === undefined || knowing.get(oids) === types) return NONE;
  const unknown = [...new Set(oids)].filter((oid) => !types.isKnown(oid));
  if (unknown.length === 0) knowing.set(oids, types);
  return unknown;
}

const NONE: readonly number[] = [];
