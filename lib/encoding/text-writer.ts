import { formatDate } from '../types/calendar.js';
import { hasOwnValue } from '../types/parameter-text.js';
import { SHORT_STRING } from './byte-sink.js';
import { isOrdinary, wallClockOf } from './clock.js';
import { RowWriter } from './row-writer.js';

export type TextMethod = 'value' | 'other';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

/** What the text format escapes (PostgreSQL manual, COPY, "Text Format"); NUL is refused. */
const SPECIAL = /[\\\n\r\t\0]/;
const SPECIALS = /[\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Writes rows in the text format of COPY: what each value is as a parameter, separated by tabs. */
export class TextWriter extends RowWriter {
  endRow(): void {
    this.reserve(1);
    this.bytes[this.length++] = NEWLINE;
  }

  value(value: unknown, column: number): void {
    if (column > 0) this.tab();
    if (typeof value === 'string') this.string(value, column);
    else if (typeof value === 'number' && (value | 0) === value && !Object.is(value, -0)) this.integer(value);
    else if (value instanceof Date && !hasOwnValue(value) && this.date(value)) return;
    else this.any(value, column);
  }

  /** A value of a column whose type has a serializer of the caller's. */
  other(value: unknown, column: number): void {
    if (column > 0) this.tab();
    this.any(value, column);
  }

  private any(value: unknown, column: number): void {
    const form = this.formOf(value, column);
    if (form === null) this.ascii('\\N');
    else if (typeof form === 'string') this.string(form, column);
    else this.string(this.textOf(form, value, column), column);
  }

  private tab(): void {
    this.reserve(1);
    this.bytes[this.length++] = TAB;
  }

  private string(value: string, column: number): void {
    const size = value.length;
    if (size <= SHORT_STRING) {
      this.reserve(size);
      if (this.plain(value)) return;
    }
    if (SPECIAL.test(value)) {
      this.refuseNul(value, column);
      this.length += this.utf8(
        value.replace(SPECIALS, (character) => ESCAPES[character] ?? character),
        0,
      );
    } else {
      this.length += this.utf8(value, 0);
    }
  }

  private plain(value: string): boolean {
    const { bytes, length } = this;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      // Control characters are rare, and so is the care for which of them need an escape.
      if (code < 0x20 || code >= 0x7f || code === BACKSLASH) return false;
      bytes[length + i] = code;
    }
    this.length += value.length;
    return true;
  }

  private ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) bytes[this.length++] = text.charCodeAt(i);
  }

  /** @param value within int32, not -0 */
  private integer(value: number): void {
    this.reserve(11);
    const { bytes } = this;
    let rest = value;
    if (value < 0) {
      bytes[this.length++] = 0x2d;
      rest = -value;
    }
    let count = 1;
    for (let limit = 10; rest >= limit; limit *= 10) count++;
    this.digits(rest, count);
  }

  private digits(value: number, count: number): void {
    const { bytes, length } = this;
    let rest = value;
    for (let at = length + count - 1; at >= length; at--) {
      const tens = (rest / 10) >>> 0;
      bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.length = length + count;
  }

  /** As `formatDate`, which costs several times as much; false for dates out of the ordinary. */
  private date(date: Date): boolean {
    const instant = date.getTime();
    if (!isOrdinary(instant)) {
      if (Number.isNaN(instant)) return false;
      this.ascii(formatDate(date));
      return true;
    }
    const wallClock = wallClockOf(date);
    const offset = (wallClock - instant) / 60_000;
    if (offset !== Math.floor(offset)) {
      this.ascii(formatDate(date));
      return true;
    }
    this.reserve(32);
    const days = Math.floor(wallClock / 86_400_000);
    this.civil(days);
    this.put(0x54);
    let rest = wallClock - days * 86_400_000;
    const hours = Math.floor(rest / 3_600_000);
    rest -= hours * 3_600_000;
    const minutes = Math.floor(rest / 60_000);
    rest -= minutes * 60_000;
    const seconds = Math.floor(rest / 1000);
    this.digits(hours, 2);
    this.put(0x3a);
    this.digits(minutes, 2);
    this.put(0x3a);
    this.digits(seconds, 2);
    this.put(0x2e);
    this.digits(rest - seconds * 1000, 3);
    const ahead = Math.abs(offset);
    this.put(offset < 0 ? 0x2d : 0x2b);
    this.digits(Math.floor(ahead / 60), 2);
    this.put(0x3a);
    this.digits(ahead % 60, 2);
    return true;
  }

  private put(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  /** Year, month and day (Hinnant, "chrono-compatible low-level date algorithms", civil_from_days). */
  private civil(daysSince1970: number): void {
    const z = daysSince1970 + 719_468;
    const era = Math.floor(z / 146_097);
    const dayOfEra = z - era * 146_097;
    const yearOfEra = Math.floor(
      (dayOfEra -
        Math.floor(dayOfEra / 1460) +
        Math.floor(dayOfEra / 36_524) -
        Math.floor(dayOfEra / 146_096)) /
        365,
    );
    const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
    const shifted = Math.floor((5 * dayOfYear + 2) / 153);
    const month = shifted < 10 ? shifted + 3 : shifted - 9;
    this.digits(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
    this.put(0x2d);
    this.digits(month, 2);
    this.put(0x2d);
    this.digits(dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1, 2);
  }
}
