import type { ByteSink } from './byte-sink.js';

/**
 * The binary form of numeric (PostgreSQL source, numeric_send): the number of digits in base 10,000, the power of the
 * first, the sign, the number of decimals to show, then the digits, each an int16.
 */
const HEADER = 8;
const NEGATIVE = 0x4000;
const NOT_A_NUMBER = 0xc000;

/** Longer texts are left to the server, which has limits of its own. */
const LONGEST_TEXT = 1000;
/** Up to here a number can be multiplied by 1,000 without a loss. */
const MOST_SMALL = 9_000_000_000_000;
const POWERS = [1, 10, 100, 1000, 10_000] as const;
const TENS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000] as const;

/** Writes length and value of a field; false, and nothing written, where the text has another form than this reads. */
export function writeNumericNumber(sink: ByteSink, value: number): boolean {
  const size = Math.abs(value);
  if (size < MOST_SMALL) {
    // A quotient of integers is rounded correctly, so the decimal is one that reads as this number; and the shortest,
    // since with at most 15 digits there is only one (IEEE 754 binary64).
    for (let scale = 0; scale <= 4; scale++) {
      const power = POWERS[scale] as number;
      const digits = Math.round(size * power);
      if (digits >= MOST_SMALL) break;
      if (digits / power === size) {
        writeSmall(sink, value < 0, digits, scale);
        return true;
      }
    }
  }
  return writeNumericText(sink, String(value));
}

/** Writes length and value of a field; false, and nothing written, where the text has another form than this reads. */
export function writeNumericText(sink: ByteSink, text: string): boolean {
  const { length } = text;
  let position = 0;
  const first = text.charCodeAt(0);
  if (first === 0x2d || first === 0x2b) position = 1;
  const start = position;
  // The first eight digits, which fit an integer, and those after them.
  let head = 0;
  let tail = 0;
  let count = 0;
  let point = -1;
  for (; position < length; position++) {
    const code = text.charCodeAt(position) - 0x30;
    if (code >= 0 && code <= 9) {
      if (count < 8) head = (head * 10 + code) | 0;
      else tail = tail * 10 + code;
      count++;
    } else if (code === 0x2e - 0x30 && point < 0) {
      point = position;
    } else {
      return text === 'NaN' ? writeNaN(sink) : writeExponent(sink, text);
    }
  }
  if (count === 0 || length > LONGEST_TEXT) return false;
  const scale = point < 0 ? 0 : length - point - 1;
  const negative = first === 0x2d;
  const digits = count <= 8 ? head : count <= 15 ? head * (TENS[count - 8] as number) + tail : 0;
  if (count <= 15 && digits < MOST_SMALL) {
    writeSmall(sink, negative, digits, scale);
  } else {
    const whole = point < 0 ? text.slice(start) : text.slice(start, point);
    writeLong(sink, negative, whole, point < 0 ? '' : text.slice(point + 1));
  }
  return true;
}

/** What `String` makes of very large and very small numbers. */
function writeExponent(sink: ByteSink, text: string): boolean {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?e([+-]?\d{1,3})$/i.exec(text);
  if (match === null || text.length > LONGEST_TEXT) return false;
  const [, sign = '', whole = '', fraction = '', exponent = ''] = match;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) writeLong(sink, sign === '-', '', '0'.repeat(-point) + digits);
  else if (point >= digits.length) writeLong(sink, sign === '-', digits.padEnd(point, '0'), '');
  else writeLong(sink, sign === '-', digits.slice(0, point), digits.slice(point));
  return true;
}

function writeNaN(sink: ByteSink): true {
  writeHeader(sink, 0, 0, NOT_A_NUMBER, 0);
  return true;
}

/** @param digits the number without its point, below {@link MOST_SMALL}; at most 15 of them, `scale` after the point */
function writeSmall(sink: ByteSink, negative: boolean, digits: number, scale: number): void {
  if (digits === 0) {
    writeHeader(sink, 0, 0, 0, scale);
    return;
  }
  const fractionGroups = (scale + 3) >> 2;
  let rest = digits * (POWERS[fractionGroups * 4 - scale] as number);
  // At most 16 decimal digits: two halves of two groups, in integers, since a remainder of doubles is a slow call.
  let high = Math.floor(rest / 100_000_000);
  rest -= high * 100_000_000;
  if (rest < 0) {
    // The quotient was rounded up.
    high--;
    rest += 100_000_000;
  }
  const low = rest | 0;
  const d3 = ((high | 0) / 10_000) | 0;
  const d2 = (high | 0) - d3 * 10_000;
  const d1 = (low / 10_000) | 0;
  const d0 = low - d1 * 10_000;
  const first = d3 > 0 ? 3 : d2 > 0 ? 2 : d1 > 0 ? 1 : 0;
  const last = d0 > 0 ? 0 : d1 > 0 ? 1 : d2 > 0 ? 2 : 3;
  const { length } = sink;
  writeHeader(sink, first - last + 1, first - fractionGroups, negative ? NEGATIVE : 0, scale);
  const { view } = sink;
  let at = length + 4 + HEADER;
  if (first === 3) {
    view.setInt16(at, d3);
    at += 2;
  }
  if (first >= 2 && last <= 2) {
    view.setInt16(at, d2);
    at += 2;
  }
  if (first >= 1 && last <= 1) {
    view.setInt16(at, d1);
    at += 2;
  }
  if (last === 0) view.setInt16(at, d0);
}

function writeLong(sink: ByteSink, negative: boolean, whole: string, fraction: string): void {
  const wholeGroups = Math.ceil(whole.length / 4);
  const fractionGroups = Math.ceil(fraction.length / 4);
  const digits = whole.padStart(wholeGroups * 4, '0') + fraction.padEnd(fractionGroups * 4, '0');
  const groups: number[] = [];
  for (let at = 0; at < digits.length; at += 4) groups.push(Number(digits.slice(at, at + 4)));
  let first = 0;
  while (groups[first] === 0) first++;
  let end = groups.length;
  while (end > first && groups[end - 1] === 0) end--;
  if (end === first) {
    writeHeader(sink, 0, 0, 0, fraction.length);
    return;
  }
  const start = sink.length + 4 + HEADER;
  writeHeader(sink, end - first, wholeGroups - first - 1, negative ? NEGATIVE : 0, fraction.length);
  for (let i = first; i < end; i++) sink.view.setInt16(start + (i - first) * 2, groups[i] as number);
}

/** Writes the field's length and all before the digits, and makes room for those. */
function writeHeader(sink: ByteSink, count: number, weight: number, sign: number, scale: number): void {
  const size = HEADER + count * 2;
  sink.reserve(4 + size);
  const { view, length } = sink;
  view.setInt32(length, size);
  view.setInt16(length + 4, count);
  view.setInt16(length + 6, weight);
  view.setUint16(length + 8, sign);
  view.setInt16(length + 10, scale);
  sink.length = length + 4 + size;
}
