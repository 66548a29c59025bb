import { isRangeError } from '../base/is-error.js';
import { types as is } from 'node:util';
import { KingbaseError, UsageError } from '../errors/index.js';
import { quoteElement } from './array-text.js';
import { formatDate } from './calendar.js';
import type { SerializedValue } from './type-options.js';

/** An object with a method of this name is sent as what the method returns. */
export const KINGBASE_VALUE = Symbol.for('kingbase.value');

/** PostgreSQL's limit on an array's dimensions (MAXDIM); it also ends an array that contains itself. */
const MAX_DIMENSIONS = 6;
/** How many times an object's own value may be such an object again. */
const MAX_INDIRECTION = 8;

/** @param what completes "Parameter $1 …"; never holds the value itself, which may be a secret */
export function badParameter(index: number, what: string, cause?: unknown, hint?: string): UsageError {
  return new UsageError('KB_BAD_PARAMETER', `Parameter $${index + 1} ${what}`, {
    parameterIndex: index,
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What a program's value threw when it was read: a getter, a Proxy. What says itself what is wrong, or has no memory, stays. */
export function unreadable(thrown: unknown, index: number): unknown {
  if (thrown instanceof KingbaseError || isRangeError(thrown)) return thrown;
  return badParameter(index, 'could not be read: one of its properties threw.', thrown);
}

/** For a value that is sound but does not fit. */
export function tooLarge(index: number, what: string): UsageError {
  return new UsageError('KB_VALUE_TOO_LARGE', `Parameter $${index + 1} ${what}`, {
    parameterIndex: index,
    hint: 'Send it in parts: as a large object, or by copyFrom().',
  });
}

export function refuseFunction(value: unknown, index: number): UsageError {
  const what = typeof value === 'function' ? 'function' : 'symbol';
  return badParameter(index, `is a ${what}, which cannot be sent to the server.`);
}

export function numberText(value: number): string {
  // String(-0) is '0'; float8 has a negative zero.
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Follows `[Symbol.for('kingbase.value')]()` to a value that has none. */
export function ownValue(value: unknown, index: number): unknown {
  let current = value;
  for (let depth = 0; depth <= MAX_INDIRECTION; depth++) {
    if (!hasOwnValue(current)) return current;
    try {
      current = current[KINGBASE_VALUE]();
    } catch (error) {
      throw badParameter(index, `could not be read: its method [Symbol.for('kingbase.value')] threw.`, error);
    }
  }
  throw badParameter(
    index,
    `has a method [Symbol.for('kingbase.value')] that returns such an object again, more than ${MAX_INDIRECTION} times.`,
  );
}

export function hasOwnValue(value: unknown): value is { [KINGBASE_VALUE](): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { [KINGBASE_VALUE]?: unknown })[KINGBASE_VALUE] === 'function'
  );
}

/** The bytes of any of JavaScript's binary types (not copied), undefined for everything else. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return is.isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/**
 * The numbers of a typed array, which stand for an array of the server or of JSON where a parameter is one, and for their
 * bytes elsewhere. Undefined for bytes, which have no other meaning, and for everything else.
 */
export function numbersOf(value: unknown): readonly unknown[] | undefined {
  return isNumbers(value) ? Array.from<unknown>(value) : undefined;
}

export function isNumbers(value: unknown): value is ArrayLike<unknown> & object {
  return is.isTypedArray(value) && !is.isUint8Array(value);
}

/** The text that an object gives of itself for JSON, as decimals and URLs do; undefined where it gives something else. */
export function textOfItself(value: object): string | undefined {
  if (is.isDate(value) || is.isBoxedPrimitive(value)) return undefined;
  try {
    const { toJSON } = value as { toJSON?: unknown };
    const given: unknown = typeof toJSON === 'function' ? toJSON.call(value, '') : undefined;
    return typeof given === 'string' ? given : undefined;
  } catch {
    return undefined; // told when it is written
  }
}

/**
 * Text of an object that is neither an array nor binary and has no own value.
 *
 * @param isJson whether the parameter is json, which a text has to be quoted for
 */
export function objectText(value: object, index: number, isJson: boolean): string {
  if (is.isDate(value)) {
    if (Number.isNaN(value.getTime())) throw badParameter(index, 'is an invalid Date.');
    return formatDate(value);
  }
  if (is.isBoxedPrimitive(value)) {
    const inner: unknown = value.valueOf();
    if (typeof inner === 'symbol') throw refuseFunction(inner, index);
    return typeof inner === 'number' ? numberText(inner) : String(inner);
  }
  const refusal = whyNotJson(value);
  if (refusal !== undefined) throw badParameter(index, refusal);
  return (isJson ? undefined : textOfItself(value)) ?? jsonText(value, index);
}

const JSON_HINT =
  'JSON has no bigint, which is given as a string or a number, and no object that holds itself.';

export function jsonText(value: object, index: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw badParameter(index, 'cannot be written as JSON; see the cause.', cause, JSON_HINT);
  }
  if (text === undefined)
    throw badParameter(index, 'cannot be written as JSON: its toJSON returned nothing.');
  return text;
}

/** JSON.stringify makes `{}` of all of these, which would lose the value without a word. */
function whyNotJson(value: object): string | undefined {
  if (is.isPromise(value)) return 'is a Promise: did you forget await?';
  const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
  if (typeof toJSON === 'function') return undefined;
  if (typeof then === 'function') return `has a method 'then', as a Promise has: did you forget await?`;
  if (is.isMap(value)) return 'is a Map: pass Object.fromEntries(map) instead.';
  if (is.isSet(value)) return 'is a Set: pass [...set] instead.';
  if (is.isWeakMap(value) || is.isWeakSet(value) || value instanceof WeakRef) {
    return 'is a weak collection or reference, which cannot be sent to the server.';
  }
  if (is.isRegExp(value)) return 'is a RegExp: pass its source instead.';
  if (is.isNativeError(value)) return 'is an Error: pass its message or an object instead.';
  // Iterators of every kind, generators included.
  if (typeof (value as { next?: unknown }).next === 'function' && Symbol.iterator in value) {
    return 'is an iterator: pass [...iterator] instead.';
  }
  return undefined;
}

/** @throws UsageError where a caller's serializer threw or returned something else than it may */
export function serialized(
  serialize: (value: unknown) => SerializedValue,
  value: unknown,
  index: number,
): SerializedValue {
  let result: SerializedValue;
  try {
    result = serialize(value);
  } catch (cause) {
    throw badParameter(index, 'could not be written: the serializer of its type threw.', cause);
  }
  if (result === null || typeof result === 'string' || is.isUint8Array(result)) return result;
  throw badParameter(
    index,
    'could not be written: the serializer of its type must return a string, a Uint8Array or null.',
  );
}

/** How the elements of an array parameter are written. */
export interface ElementStyle {
  delimiter: string;
  serialize: ((value: unknown) => SerializedValue) | undefined;
  /** What the text of bytes begins with. */
  bytesPrefix: string;
  /** Elements are JSON: an inner array is one, and no further dimension. */
  isJson: boolean;
  /** Elements are bytes: those of a typed array, and not its numbers. */
  isBytes: boolean;
}

/** An array as PostgreSQL array text; null and undefined become NULL, inner arrays further dimensions. */
export function arrayText(
  values: readonly unknown[],
  style: ElementStyle,
  index: number,
  dimension = 1,
): string {
  if (dimension > MAX_DIMENSIONS) {
    throw badParameter(
      index,
      `is an array nested more than ${MAX_DIMENSIONS} deep, or one that contains itself.`,
    );
  }
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += style.delimiter;
    text += elementText(values[i], style, index, dimension);
  }
  return `${text}}`;
}

function elementText(element: unknown, style: ElementStyle, index: number, dimension: number): string {
  let value = element;
  if (value === null || value === undefined) return 'NULL';
  if (style.serialize === undefined) value = ownValue(value, index);
  const inner = Array.isArray(value) ? value : style.isBytes ? undefined : numbersOf(value);
  if (inner !== undefined && !style.isJson) return arrayText(inner, style, index, dimension + 1);
  if (inner !== undefined && style.serialize === undefined) return quoteElement(jsonText(inner, index));
  if (style.serialize !== undefined) value = serialized(style.serialize, value, index);
  switch (typeof value) {
    case 'string':
      return quoteElement(value);
    case 'number':
      return numberText(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
    case 'undefined': {
      if (value === null || value === undefined) return 'NULL';
      const bytes = bytesOf(value);
      return quoteElement(
        bytes === undefined ? objectText(value, index, style.isJson) : style.bytesPrefix + hex(bytes),
      );
    }
    default:
      throw refuseFunction(value, index);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
