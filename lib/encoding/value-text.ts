import { listText } from '../types/parameter-writer.js';
import {
  bytesOf,
  hasOwnValue,
  numberText,
  objectText,
  ownValue,
  refuseFunction,
  serialized,
  unreadable,
} from '../types/parameter-text.js';
import type { Serializer, TypeMap } from '../types/type-map.js';

/** A column's type, and what is beneath it if it is a domain, else the same twice; 0 where it is not known. */
export interface ColumnType {
  readonly typeOid: number;
  readonly baseOid: number;
}

/** The caller's own way to write a column's values; undefined: the usual one. */
export function columnSerializer({ typeOid, baseOid }: ColumnType, types: TypeMap): Serializer | undefined {
  return types.serializerFor(typeOid) ?? types.serializerFor(baseOid);
}

/**
 * What a statement's parameter for a column would be sent as: text, the server's binary form, or NULL.
 *
 * @throws UsageError `KB_BAD_PARAMETER` that speaks of `Parameter $1`
 */
export function parameterForm(
  value: unknown,
  column: ColumnType,
  types: TypeMap,
): string | Uint8Array | null {
  if (value === null || value === undefined) return null;
  try {
    const serialize = columnSerializer(column, types);
    const form = serialize === undefined ? value : serialized(serialize, value, 0);
    return plainForm(form, column.baseOid, types);
  } catch (error) {
    throw unreadable(error, 0);
  }
}

function plainForm(value: unknown, typeOid: number, types: TypeMap): string | Uint8Array | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      return null;
    case 'object':
      if (value === null) return null;
      if (hasOwnValue(value)) return plainForm(ownValue(value, 0), typeOid, types);
      return (
        listText(value, typeOid, 0, types) ?? bytesOf(value) ?? objectText(value, 0, types.isJson(typeOid))
      );
    default:
      throw refuseFunction(value, 0);
  }
}
