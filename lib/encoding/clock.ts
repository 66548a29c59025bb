import { daysFromCivil, offsetAt } from '../types/calendar.js';

/** ms from 1970-01-01 to 2000-01-01, where the server's times begin. */
export const EPOCH = 946_684_800_000;
const DAY = 86_400_000;
/** 0001-01-01 and 10000-01-01. What lies beyond goes as text. */
const FIRST = -62_135_596_800_000;
const END = 253_402_300_800_000;
/** Until 1972 zones had offsets with seconds (Liberia was the last), which `getTimezoneOffset` drops. */
const WHOLE_MINUTES_FROM = 63_072_000_000 + 31 * DAY;

/** Whether the server writes the year in four digits, with a margin of a day for the offset from UTC. */
export function isOrdinary(instant: number): boolean {
  return instant >= FIRST + DAY && instant < END - DAY;
}

/** What a clock in the process's time zone shows, as ms since 1970-01-01 counted as if it were UTC. */
export function wallClockOf(date: Date): number {
  const instant = date.getTime();
  return instant >= WHOLE_MINUTES_FROM
    ? instant - date.getTimezoneOffset() * 60_000
    : instant + offsetAt(date);
}

/** A time of the form `2024-02-29 23:59:58.123456+08:00`, read by {@link readTime}. */
export interface ReadTime {
  /** The clock's reading, as ms since 1970-01-01 counted as if it were UTC. */
  wallClock: number;
  /** Microseconds within the millisecond. */
  micros: number;
  /** ms ahead of UTC; undefined where the text has no offset. */
  offset: number | undefined;
  /** Whether there is a time of day. */
  hasTime: boolean;
}

const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Reads the ISO 8601 forms which the server takes alike under every DateStyle (PostgreSQL manual, "Date/Time Input");
 * undefined for all others, and for what is no date, about which the server is to say its word.
 */
export function readTime(text: string): ReadTime | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  const y = Number(year);
  const m = Number(month);
  const d = Number(day);
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  if (
    y < 1 ||
    m < 1 ||
    m > 12 ||
    d < 1 ||
    d > (DAYS_OF_MONTH[m - 1] ?? 0) ||
    (m === 2 && d === 29 && !leap)
  ) {
    return undefined;
  }
  const seconds = Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0);
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined;
  const micros = Number(fraction.padEnd(6, '0'));
  const offset = zone === undefined ? undefined : offsetOf(zone);
  if (offset !== undefined && Math.abs(offset) >= 15 * 3_600_000) return undefined;
  return {
    wallClock: daysFromCivil(y, m, d) * DAY + seconds * 1000 + Math.floor(micros / 1000),
    micros: micros % 1000,
    offset,
    hasTime: hour !== undefined,
  };
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.length > 3 ? zone.slice(-2) : 0);
  // 60 minutes and more the server refuses.
  if (zone.length > 3 && Number(zone.slice(-2)) > 59) return Infinity;
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
