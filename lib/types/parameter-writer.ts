import {
  arrayText,
  badParameter,
  bytesOf,
  hasOwnValue,
  isNumbers,
  jsonText,
  numbersOf,
  numberText,
  objectText,
  ownValue,
  refuseFunction,
  serialized,
  textOfItself,
  tooLarge,
  unreadable,
} from './parameter-text.js';
import type { TypeMap } from './type-map.js';

const INITIAL_SIZE = 64 * 1024;
const TRIM_ABOVE = 1024 * 1024;
/** The server refuses messages above this (MaxAllocSize). */
const MAX_SIZE = 0x3fff_ffff;
/** Length, type OID, format; and one zero byte after the value. */
const HEADER = 9;
const RECORD = HEADER + 1;
/** Up to this length a loop over the characters beats the call into C++. */
const SHORT_STRING = 32;
/** From this length on, counting a string's bytes beats reserving three for each character. */
const LONG_STRING = 64 * 1024;

/**
 * A parameter in the server's binary form that is not copied: the bytes must stay as they are until the statement has
 * ended.
 */
export class LentBytes {
  constructor(readonly bytes: Uint8Array) {}
}

const NOTHING_LENT: readonly Uint8Array[] = Object.freeze([]);
/** Binary, and not in the buffer. */
const LENT = 3;

/**
 * Writes a statement's parameters in the layout that the core reads, into one buffer that is used again and again.
 *
 * One record per parameter, little-endian, without padding: int32 length (-1 for NULL), uint32 type OID (0: the
 * server infers it), uint8 format (0 text, 1 binary), then `length` bytes of value and one zero byte that the
 * length does not count (libpq wants text terminated). A NULL ends after the format, and so does, in format 3, a binary
 * value that is the next of `lent`.
 *
 * A write that throws leaves the records before it as they were.
 */
export class ParameterWriter {
  /** The records are in the first {@link length} bytes; replaced by a larger array when they do not fit. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_SIZE);
  private view = new DataView(this.bytes.buffer);
  /** Bytes used. */
  length = 0;
  /** Parameters written. */
  count = 0;
  /** Values that are not in {@link bytes}. */
  lent: readonly Uint8Array[] = NOTHING_LENT;

  reset(): void {
    this.length = 0;
    this.count = 0;
    this.lent = NOTHING_LENT;
  }

  /** Resets, and gives up the memory that an unusually large statement took. */
  trim(): void {
    this.reset();
    if (this.bytes.length > TRIM_ABOVE) this.replace(INITIAL_SIZE);
  }

  /**
   * @param typeOid the parameter's type as the server describes the statement, 0 where that is not known
   * @param index counted from 0, for errors
   * @throws UsageError `KB_BAD_PARAMETER`, with `parameterIndex`
   */
  write(value: unknown, typeOid: number, index: number, types: TypeMap): void {
    try {
      if (types.hasSerializers && typeOid !== 0 && value !== null && value !== undefined) {
        const serialize = types.serializerFor(typeOid);
        if (serialize !== undefined) {
          this.writeValue(serialized(serialize, value, index), typeOid, index, types);
          return;
        }
      }
      this.writeValue(value, typeOid, index, types);
    } catch (error) {
      throw unreadable(error, index);
    }
  }

  private writeValue(value: unknown, typeOid: number, index: number, types: TypeMap): void {
    switch (typeof value) {
      case 'string':
        this.writeString(value, typeOid, index);
        return;
      case 'number':
        if ((value | 0) === value && !Object.is(value, -0)) this.writeInteger(value, typeOid, index);
        else this.writeString(numberText(value), typeOid, index);
        return;
      case 'boolean':
        this.writeString(value ? 'true' : 'false', typeOid, index);
        return;
      case 'bigint':
        this.writeString(String(value), typeOid, index);
        return;
      case 'undefined':
        this.writeNull(typeOid, index);
        return;
      case 'object':
        if (value === null) this.writeNull(typeOid, index);
        else if (hasOwnValue(value)) this.writeValue(ownValue(value, index), typeOid, index, types);
        else this.writeObject(value, typeOid, index, types);
        return;
      default:
        throw refuseFunction(value, index);
    }
  }

  private writeObject(value: object, typeOid: number, index: number, types: TypeMap): void {
    const list = listText(value, typeOid, index, types);
    if (list !== undefined) {
      this.writeString(list, typeOid, index);
      return;
    }
    const bytes = bytesOf(value);
    if (bytes !== undefined) this.writeBytes(bytes, typeOid, index);
    else if (value instanceof LentBytes) this.writeLent(value.bytes, typeOid, index);
    else this.writeString(objectText(value, index, types.isJson(typeOid)), typeOid, index);
  }

  private writeLent(bytes: Uint8Array, typeOid: number, index: number): void {
    this.reserve(HEADER, index);
    this.view.setInt32(this.length, bytes.length, true);
    this.view.setUint32(this.length + 4, typeOid, true);
    this.bytes[this.length + 8] = LENT;
    this.length += HEADER;
    this.count++;
    this.lent = [...this.lent, bytes];
  }

  private writeNull(typeOid: number, index: number): void {
    this.reserve(HEADER, index);
    this.finish(-1, typeOid, 0);
  }

  /** @param value within int32, not -0 */
  private writeInteger(value: number, typeOid: number, index: number): void {
    this.reserve(RECORD + 11, index);
    const bytes = this.bytes;
    const start = this.length + HEADER;
    let position = start;
    let rest = value;
    if (value < 0) {
      bytes[position++] = 0x2d;
      rest = -value;
    }
    position += digits(rest);
    const end = position;
    do {
      // An unsigned conversion, because Math.trunc would stay in floating point.
      const tens = (rest / 10) >>> 0;
      bytes[--position] = 0x30 + rest - tens * 10;
      rest = tens;
    } while (rest > 0);
    this.finish(end - start, typeOid, 0);
  }

  private writeString(value: string, typeOid: number, index: number): void {
    const length = value.length;
    if (length <= SHORT_STRING) {
      this.reserve(RECORD + length, index);
      const bytes = this.bytes;
      const start = this.length + HEADER;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        // NUL and everything that is not ASCII.
        if ((code - 1) >>> 0 >= 0x7f) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        this.finish(length, typeOid, 0);
        return;
      }
    }
    this.writeUtf8(value, typeOid, index);
  }

  private writeUtf8(value: string, typeOid: number, index: number): void {
    if (value.includes('\0')) {
      throw badParameter(index, 'contains the character U+0000, which the server cannot store in text.');
    }
    const most = value.length < LONG_STRING ? value.length * 3 : Buffer.byteLength(value);
    this.reserve(RECORD + most, index);
    // Lone surrogates become U+FFFD here.
    this.finish(this.bytes.write(value, this.length + HEADER), typeOid, 0);
  }

  private writeBytes(value: Uint8Array, typeOid: number, index: number): void {
    this.reserve(RECORD + value.length, index);
    this.bytes.set(value, this.length + HEADER);
    this.finish(value.length, typeOid, 1);
  }

  /** Writes the header before a value that is in place, and the zero byte after it. */
  private finish(length: number, typeOid: number, format: 0 | 1): void {
    const bytes = this.bytes;
    const start = this.length;
    this.view.setInt32(start, length, true);
    this.view.setUint32(start + 4, typeOid, true);
    bytes[start + 8] = format;
    if (length >= 0) {
      bytes[start + HEADER + length] = 0;
      this.length = start + RECORD + length;
    } else {
      this.length = start + HEADER;
    }
    this.count++;
  }

  private reserve(size: number, index: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    if (needed > MAX_SIZE) {
      throw tooLarge(
        index,
        'makes the parameters of this statement larger than 1 GiB, the most the server takes at once.',
      );
    }
    let capacity = this.bytes.length;
    while (capacity < needed) capacity *= 2;
    this.replace(capacity);
  }

  private replace(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

function digits(n: number): number {
  if (n < 10) return 1;
  if (n < 100) return 2;
  if (n < 1000) return 3;
  let count = 4;
  for (let limit = 10_000; n >= limit; limit *= 10) count++;
  return count;
}

/**
 * Text of an array, or of the numbers of a typed array where they stand for one, given for a parameter of this type.
 * Undefined for everything else.
 */
export function listText(value: object, typeOid: number, index: number, types: TypeMap): string | undefined {
  if (!Array.isArray(value) && !isNumbers(value)) return undefined;
  const isJson = types.isJson(typeOid);
  const element = types.elementType(typeOid);
  const numbers = isJson || element !== undefined ? numbersOf(value) : undefined;
  const list: readonly unknown[] | undefined = Array.isArray(value) ? value : numbers;
  if (list === undefined) return undefined;
  if (isJson) return jsonText(list, index);
  const style = {
    delimiter: element?.delimiter ?? ',',
    serialize: element === undefined ? undefined : types.serializerFor(element.oid),
    bytesPrefix: element === undefined ? '\\x' : types.bytesPrefix(element.oid),
    isJson: element !== undefined && types.isJson(element.oid),
    isBytes: element !== undefined && types.isBytes(element.oid),
  };
  return arrayText(list, style, index);
}

/**
 * Whether these parameters can be written only when the server has said what types it wants: an array is JSON for
 * a json parameter and an array literal for any other, so are the numbers of a typed array, a decimal is quoted in JSON
 * alone, and a serializer belongs to a type.
 */
export function needsParameterTypes(parameters: readonly unknown[], types: TypeMap): boolean {
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i];
    if (value === null || value === undefined) continue;
    if (types.hasSerializers || (typeof value === 'object' && dependsOnType(value))) return true;
  }
  return false;
}

function dependsOnType(value: object): boolean {
  try {
    if (Array.isArray(value) || hasOwnValue(value)) return true;
    if (ArrayBuffer.isView(value)) return isNumbers(value);
    return textOfItself(value) !== undefined;
  } catch {
    return false; // told when it is written
  }
}
