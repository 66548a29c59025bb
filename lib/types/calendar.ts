/**
 * Wall-clock time: the reading of a clock, as milliseconds since 1970-01-01 00:00 counted as if it were UTC. This is
 * what a server's `timestamp` is, and what a JavaScript Date is not.
 */

const DAY = 86_400_000;

/**
 * Largest wall-clock time, either way, that is turned into a Date. A Date reaches 8.64e15 ms, less one day here so
 * that no time zone can push it out; what lies beyond stays text. The core keeps to the same limit.
 */
export const MAX_WALL_CLOCK = 8.64e15 - DAY;

/** Days since 1970-01-01 in the Gregorian calendar extended both ways (Hinnant, "chrono-compatible low-level date algorithms"). Year 0 is 1 BC; month from 1. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/**
 * How far local time is ahead of UTC at this instant, in milliseconds. `getTimezoneOffset` drops the seconds that
 * zones had in the 19th century, and some until 1972.
 */
export function offsetAt(date: Date): number {
  const days = daysFromCivil(date.getFullYear(), date.getMonth() + 1, date.getDate());
  const seconds = (date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds();
  return days * DAY + seconds * 1000 + date.getMilliseconds() - date.getTime();
}

// Most of the time line has a constant offset for months. It is cut into buckets of 2^31 ms (24.9 days), and what is
// known of a bucket is kept here: 1,024 of them cover 70 years.
const BUCKET = 2 ** 31;
const SLOTS = 1024;
const EMPTY = 0x7fffffff;
const buckets = new Int32Array(SLOTS).fill(EMPTY);
/** Offset throughout the bucket, NaN where it changes within. */
const offsets = new Float64Array(SLOTS);
/** What `getTimezoneOffset` says throughout the bucket. */
const minutes = new Int32Array(SLOTS);

/**
 * The instant at which a clock in the process's time zone shows this time, as `new Date(y, m, d, h, min, s, ms)`
 * has it: a time that a change of the clock skips is read with the offset from before, one that occurs twice is
 * its first occurrence. Years 0 to 99 are meant literally.
 *
 * @param wallClock at most {@link MAX_WALL_CLOCK} in size
 */
export function dateFromWallClock(wallClock: number): Date {
  const bucket = Math.floor(wallClock / BUCKET);
  const slot = bucket & (SLOTS - 1);
  if (buckets[slot] !== bucket) learnBucket(bucket, slot);
  const offset = offsets[slot] as number;
  if (!Number.isNaN(offset)) {
    const date = new Date(wallClock - offset);
    if (date.getTimezoneOffset() === minutes[slot]) return date;
    // Somebody assigned process.env.TZ.
    buckets.fill(EMPTY);
  }
  return dateFromComponents(wallClock);
}

function learnBucket(bucket: number, slot: number): void {
  // The instants that wall-clock times of this bucket can stand for: no zone was ever 16 hours from UTC. No zone
  // changed twice within 3 days either (tzdata 2025b), so that a sample a day finds every change.
  const start = bucket * BUCKET - 16 * 3_600_000;
  const end = (bucket + 1) * BUCKET + 16 * 3_600_000;
  const first = new Date(start);
  let offset = offsetAt(first);
  for (let instant = start + DAY; instant < end + DAY; instant += DAY) {
    if (offsetAt(new Date(instant)) !== offset) {
      offset = NaN;
      break;
    }
  }
  buckets[slot] = bucket;
  offsets[slot] = offset;
  minutes[slot] = first.getTimezoneOffset();
}

function dateFromComponents(wallClock: number): Date {
  const c = new Date(wallClock);
  const year = c.getUTCFullYear();
  const month = c.getUTCMonth();
  const day = c.getUTCDate();
  if (year < 0 || year > 99) {
    return new Date(
      year,
      month,
      day,
      c.getUTCHours(),
      c.getUTCMinutes(),
      c.getUTCSeconds(),
      c.getUTCMilliseconds(),
    );
  }
  // The constructor would read these years as 1900 to 1999.
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month, day);
  date.setHours(c.getUTCHours(), c.getUTCMinutes(), c.getUTCSeconds(), c.getUTCMilliseconds());
  return date;
}

/**
 * A Date as the server reads it for timestamptz, timestamp and date alike: local time with its offset from UTC, as
 * in `2024-02-29T23:59:58.123+08:00`. The first takes the instant, the other two take the reading of the clock and
 * skip the offset, so that a Date comes back as it went. (The `pg` driver writes the same.)
 *
 * @param date a valid Date
 */
export function formatDate(date: Date): string {
  const year = date.getFullYear();
  const millisecond = date.getMilliseconds();
  const offset = offsetAt(date) / 1000;
  const size = Math.abs(offset);
  const offsetSeconds = size % 60;
  return (
    `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
    `T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` +
    `.${millisecond < 100 ? '0' : ''}${two(millisecond)}` +
    `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}` +
    (offsetSeconds === 0 ? '' : `:${two(offsetSeconds)}`) +
    (year > 0 ? '' : ' BC')
  );
}

function two(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}
