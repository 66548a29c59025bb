// Longer than other files: a table of one writer for each kind of binary value, which are read side by side.
import type { BinaryKind } from '../types/families/family.js';
import { hasOwnValue } from '../types/parameter-text.js';
import type { TypeMap } from '../types/type-map.js';
import { SHORT_STRING } from './byte-sink.js';
import { EPOCH, isOrdinary, readTime, wallClockOf } from './clock.js';
import { writeNumericNumber, writeNumericText } from './numeric.js';
import { RowWriter, type WrittenColumn } from './row-writer.js';

const DAY = 86_400_000;
const EPOCH_DAYS = EPOCH / DAY;
const WORD = 2 ** 32;
/** Smallest normal float4. */
const LEAST_FLOAT4 = 1.1754943508222875e-38;

/** The writer's methods: those of the kinds that are worth one, and the one for every value of every kind. */
export type BinaryMethod = Exclude<BinaryKind, 'time'> | 'other';

export interface BinaryColumn extends WrittenColumn {
  readonly kind: BinaryKind;
}

/** @param plain whether the caller has no serializer of his own for the column's type */
export function binaryMethod(kind: BinaryKind, plain: boolean): BinaryMethod {
  return kind === 'time' || !plain ? 'other' : kind;
}

/**
 * Writes values as fields: their length as an int32 (-1 for NULL) and their binary form, as the rows of COPY's binary
 * format and the elements of binary arrays have them.
 *
 * A value becomes what the server would make of the text that the same value as a parameter is. Where that is not known
 * for certain (numbers out of range, texts in another than the plain form) the writer stops, and the row has to go as
 * text.
 */
export class BinaryWriter extends RowWriter {
  /** NULLs written. */
  nulls = 0;
  protected override readonly columns: readonly BinaryColumn[];

  /**
   * @param fieldCounts whether a row begins with the number of its fields
   * @param readsTimes whether the server reads texts of dates and times as ISO 8601, whatever its settings
   */
  constructor(
    columns: readonly BinaryColumn[],
    width: number,
    types: TypeMap,
    private readonly fieldCounts: boolean,
    private readonly readsTimes: boolean,
  ) {
    super(columns, width, types);
    this.columns = columns;
  }

  override beginRow(index: number): void {
    // Not by `super`, which V8 does not inline.
    const { length } = this;
    this.row = index;
    this.rowStart = length;
    if (!this.fieldCounts) return;
    this.reserve(2);
    this.view.setInt16(length, this.width);
    this.length = length + 2;
  }

  /** Goes on with a row that was begun at `start` elsewhere. */
  resume(index: number, start: number, length: number): void {
    this.row = index;
    this.rowStart = start;
    this.length = length;
  }

  endRow(): void {
    // Fields have their lengths.
  }

  int2(value: unknown, column: number): void {
    if (typeof value === 'number' && (value << 16) >> 16 === value) {
      this.reserve(6);
      this.view.setInt32(this.length, 2);
      this.view.setInt16(this.length + 4, value);
      this.length += 6;
    } else {
      this.other(value, column);
    }
  }

  int4(value: unknown, column: number): void {
    if (typeof value === 'number' && (value | 0) === value) {
      this.reserve(8);
      this.view.setInt32(this.length, 4);
      this.view.setInt32(this.length + 4, value);
      this.length += 8;
    } else {
      this.other(value, column);
    }
  }

  oid(value: unknown, column: number): void {
    if (typeof value === 'number' && value >>> 0 === value) {
      this.reserve(8);
      this.view.setInt32(this.length, 4);
      this.view.setUint32(this.length + 4, value);
      this.length += 8;
    } else {
      this.other(value, column);
    }
  }

  int8(value: unknown, column: number): void {
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      const high = Math.floor(value / WORD);
      this.eightBytes(high, value - high * WORD);
    } else if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) {
      this.reserve(12);
      this.view.setInt32(this.length, 8);
      this.view.setBigInt64(this.length + 4, value);
      this.length += 12;
    } else {
      this.other(value, column);
    }
  }

  private eightBytes(high: number, low: number): void {
    this.reserve(12);
    const { view, length } = this;
    view.setInt32(length, 8);
    view.setInt32(length + 4, high);
    view.setUint32(length + 8, low);
    this.length = length + 12;
  }

  float4(value: unknown, column: number): void {
    if (typeof value === 'number' && this.float4Number(value)) return;
    this.other(value, column);
  }

  private float4Number(value: number): boolean {
    const single = Math.fround(value);
    if (single !== value && value === value) {
      // Rounding the decimal and rounding the double that it reads as may differ where the latter lies half-way between
      // two float4; out of range the server has its own opinion.
      const size = Math.abs(single);
      if (size < LEAST_FLOAT4 || size === Infinity) return false;
      this.reserve(8);
      this.view.setFloat64(this.length, value);
      if ((this.view.getUint32(this.length + 4) & 0x1fff_ffff) === 0x1000_0000) return false;
    }
    this.reserve(8);
    this.view.setInt32(this.length, 4);
    this.view.setFloat32(this.length + 4, single);
    this.length += 8;
    return true;
  }

  float8(value: unknown, column: number): void {
    if (typeof value === 'number') {
      this.reserve(12);
      this.view.setInt32(this.length, 8);
      this.view.setFloat64(this.length + 4, value);
      this.length += 12;
    } else {
      this.other(value, column);
    }
  }

  bool(value: unknown, column: number): void {
    if (typeof value === 'boolean') this.oneByte(value);
    else this.other(value, column);
  }

  private oneByte(value: boolean): void {
    this.reserve(5);
    this.view.setInt32(this.length, 1);
    this.bytes[this.length + 4] = value ? 1 : 0;
    this.length += 5;
  }

  numeric(value: unknown, column: number): void {
    if (
      typeof value === 'string'
        ? writeNumericText(this, value)
        : typeof value === 'number' && writeNumericNumber(this, value)
    )
      return;
    this.other(value, column);
  }

  text(value: unknown, column: number): void {
    if (typeof value === 'string') this.string(value, column);
    else this.other(value, column);
  }

  private string(value: string, column: number): void {
    const size = value.length;
    if (size <= SHORT_STRING) {
      this.reserve(4 + size);
      if (this.shortAscii(value, this.length + 4)) {
        this.view.setInt32(this.length, size);
        this.length += 4 + size;
        return;
      }
    }
    this.refuseNul(value, column);
    const written = this.utf8(value, 4);
    this.view.setInt32(this.length, written);
    this.length += 4 + written;
  }

  jsonb(value: unknown, column: number): void {
    if (typeof value === 'string') this.jsonbText(value, column);
    else this.other(value, column);
  }

  private jsonbText(value: string, column: number): void {
    this.refuseNul(value, column);
    const written = this.utf8(value, 5);
    this.view.setInt32(this.length, written + 1);
    // The version of the format (PostgreSQL source, jsonb_recv).
    this.bytes[this.length + 4] = 1;
    this.length += 5 + written;
  }

  bytea(value: unknown, column: number): void {
    if (value instanceof Uint8Array && !hasOwnValue(value)) this.rawBytes(value);
    else this.other(value, column);
  }

  private rawBytes(value: Uint8Array): void {
    this.reserve(4 + value.length);
    this.view.setInt32(this.length, value.length);
    this.bytes.set(value, this.length + 4);
    this.length += 4 + value.length;
  }

  timestamptz(value: unknown, column: number): void {
    if (value instanceof Date && !hasOwnValue(value)) {
      const instant = value.getTime();
      if (isOrdinary(instant)) {
        this.micros(instant, 0);
        return;
      }
    }
    this.other(value, column);
  }

  timestamp(value: unknown, column: number): void {
    if (value instanceof Date && !hasOwnValue(value) && isOrdinary(value.getTime()))
      this.micros(wallClockOf(value), 0);
    else this.other(value, column);
  }

  date(value: unknown, column: number): void {
    if (value instanceof Date && !hasOwnValue(value) && isOrdinary(value.getTime()))
      this.days(wallClockOf(value));
    else this.other(value, column);
  }

  private days(wallClock: number): void {
    this.reserve(8);
    this.view.setInt32(this.length, 4);
    this.view.setInt32(this.length + 4, Math.floor(wallClock / DAY) - EPOCH_DAYS);
    this.length += 8;
  }

  /** Microseconds since 2000: more than a double holds, hence in two halves. */
  private micros(milliseconds: number, more: number): void {
    const since = milliseconds - EPOCH;
    const high = Math.floor(since / WORD);
    const low = (since - high * WORD) * 1000 + more;
    const carry = Math.floor(low / WORD);
    this.eightBytes(high * 1000 + carry, low - carry * WORD);
  }

  uuid(value: unknown, column: number): void {
    if (typeof value !== 'string' || !this.uuidText(value)) this.other(value, column);
  }

  /** Any value of any column, by way of what it is as a parameter. */
  other(value: unknown, column: number): void {
    const form = this.formOf(value, column);
    if (form === null) this.null();
    else if (typeof form !== 'string') this.rawBytes(form);
    else if (!this.fromText(form, column)) this.stop(column);
  }

  private null(): void {
    this.reserve(4);
    this.view.setInt32(this.length, -1);
    this.length += 4;
    this.nulls++;
  }

  /** Writes what the server would read from the text; false where that is not certain. */
  private fromText(text: string, column: number): boolean {
    switch (this.columns[column]?.kind) {
      case 'int2':
      case 'int4':
      case 'int8':
      case 'oid':
        return this.integerText(text, column);
      case 'float4':
      case 'float8':
        return this.floatText(text, column);
      case 'numeric':
        return writeNumericText(this, text);
      case 'bool':
        return this.boolText(text);
      case 'text':
        this.string(text, column);
        return true;
      case 'jsonb':
        this.jsonbText(text, column);
        return true;
      case 'uuid':
        return this.uuidText(text);
      case 'date':
      case 'time':
      case 'timestamp':
      case 'timestamptz':
        return this.readsTimes && this.timeText(text, column);
      default:
        return false;
    }
  }

  private integerText(text: string, column: number): boolean {
    if (!/^-?\d{1,19}$/.test(text)) return false;
    const value = Number(text);
    switch (this.columns[column]?.kind) {
      case 'int2':
        if ((value << 16) >> 16 !== value) return false;
        this.int2(value, column);
        return true;
      case 'int4':
        if ((value | 0) !== value) return false;
        this.int4(value, column);
        return true;
      case 'oid':
        if (value >>> 0 !== value) return false;
        this.oid(value, column);
        return true;
      default: {
        const exact = Number.isSafeInteger(value) ? value : BigInt(text);
        if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) !== exact) return false;
        this.int8(exact, column);
        return true;
      }
    }
  }

  private floatText(text: string, column: number): boolean {
    if (!/^-?\d{1,400}(?:\.\d{1,400})?$/.test(text)) return false;
    const value = Number(text);
    if (!Number.isFinite(value)) return false;
    if (this.columns[column]?.kind === 'float8') {
      this.float8(value, column);
      return true;
    }
    // Of a text with more digits than the double's the rounding may differ.
    return String(value) === text && this.float4Number(value);
  }

  private boolText(text: string): boolean {
    const value = text === 'true' || text === 't' || text === '1';
    if (!value && text !== 'false' && text !== 'f' && text !== '0') return false;
    this.oneByte(value);
    return true;
  }

  private uuidText(text: string): boolean {
    if (text.length !== 36) return false;
    this.reserve(20);
    const { bytes } = this;
    let at = this.length + 4;
    for (let i = 0; i < 36; i += 2) {
      if (i === 8 || i === 13 || i === 18 || i === 23) {
        if (text.charCodeAt(i) !== 0x2d) return false;
        i++;
      }
      const byte = (hexDigit(text.charCodeAt(i)) << 4) | hexDigit(text.charCodeAt(i + 1));
      if (byte < 0) return false;
      bytes[at++] = byte;
    }
    this.view.setInt32(this.length, 16);
    this.length += 20;
    return true;
  }

  private timeText(text: string, column: number): boolean {
    const time = readTime(this.columns[column]?.kind === 'time' ? `2000-01-01 ${text}` : text);
    if (time === undefined || !isOrdinary(time.wallClock)) return false;
    switch (this.columns[column]?.kind) {
      case 'date':
        this.days(time.wallClock);
        return true;
      case 'timestamp':
        this.micros(time.wallClock, time.micros);
        return true;
      case 'time':
        // With an offset the server wants a date, too.
        if (time.offset !== undefined) return false;
        this.micros(time.wallClock, time.micros);
        return true;
      default:
        // Without an offset it depends on the session's time zone.
        if (time.offset === undefined) return false;
        this.micros(time.wallClock - time.offset, time.micros);
        return true;
    }
  }
}

/** Negative for what is no digit. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
