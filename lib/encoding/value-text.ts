import { arrayParameterText } from '../types/parameter-writer.js';
import {
  bytesOf,
  hasOwnValue,
  numberText,
  objectText,
  ownValue,
  refuseFunction,
  serialized,
} from '../types/parameter-text.js';
import type { TypeMap } from '../types/type-map.js';

/**
 * What a statement's parameter of this type would be sent as: text, the server's binary form, or NULL.
 *
 * @throws UsageError `KB_BAD_PARAMETER` that speaks of `Parameter $1`
 */
export function parameterForm(value: unknown, typeOid: number, types: TypeMap): string | Uint8Array | null {
  if (value === null || value === undefined) return null;
  const serialize = types.serializerFor(typeOid);
  return plainForm(serialize === undefined ? value : serialized(serialize, value, 0), typeOid, types);
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
      if (Array.isArray(value)) return arrayParameterText(value, typeOid, 0, types);
      return bytesOf(value) ?? objectText(value, 0);
    default:
      throw refuseFunction(value, 0);
  }
}
