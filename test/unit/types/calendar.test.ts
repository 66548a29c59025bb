import { afterAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  MAX_WALL_CLOCK,
  dateFromWallClock,
  daysFromCivil,
  formatDate,
  offsetAt,
} from '../../../lib/types/calendar.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ZONES = [
  'UTC',
  'Asia/Shanghai', // summer time 1986-1991, seconds until 1901
  'Europe/Berlin',
  'America/St_Johns', // half hours, changes at 00:01
  'America/Sao_Paulo', // changes at midnight
  'Australia/Lord_Howe', // half an hour of summer time
  'Pacific/Apia', // skipped 2011-12-30
  'America/Juneau', // repeated a day in 1867
  'Africa/Monrovia', // 44.5 minutes until 1972
  'Africa/Accra', // less than a minute until 1915
];

const original = process.env['TZ'];
const useZone = (zone: string): void => {
  process.env['TZ'] = zone;
};
afterAll(() => {
  if (original === undefined) delete process.env['TZ'];
  else process.env['TZ'] = original;
});

/** What the language itself makes of a wall-clock time. */
function byConstructor(wallClock: number): Date {
  const c = new Date(wallClock);
  const year = c.getUTCFullYear();
  const time = [c.getUTCHours(), c.getUTCMinutes(), c.getUTCSeconds(), c.getUTCMilliseconds()] as const;
  if (year < 0 || year > 99) return new Date(year, c.getUTCMonth(), c.getUTCDate(), ...time);
  const date = new Date(2000, 0, 1, ...time);
  date.setFullYear(year, c.getUTCMonth(), c.getUTCDate());
  return date;
}

function changesOfOffset(): number[] {
  const changes: number[] = [];
  let last = offsetAt(new Date(Date.UTC(1840, 0, 1)));
  for (let day = Date.UTC(1840, 0, 1); day < Date.UTC(2040, 0, 1); day += DAY) {
    const offset = offsetAt(new Date(day));
    if (offset !== last) changes.push(day);
    last = offset;
  }
  return changes;
}

describe('daysFromCivil', () => {
  it('agrees with Date.UTC', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const d = new Date(days * DAY);
        expect(daysFromCivil(d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate())).toBe(days);
      }),
    );
  });
});

describe.each(ZONES)('in %s', (zone) => {
  it('reads wall-clock times as the Date constructor does', () => {
    useZone(zone);
    expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: Date.UTC(1800, 0, 1), max: Date.UTC(2100, 0, 1) }),
          fc.integer({ min: -MAX_WALL_CLOCK, max: MAX_WALL_CLOCK }),
          fc.integer({ min: -62_200_000_000_000, max: -59_000_000_000_000 }), // years 1 BC to 100
        ),
        (wallClock) => {
          expect(dateFromWallClock(wallClock).getTime()).toBe(byConstructor(wallClock).getTime());
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('does so around every change of the clock', () => {
    useZone(zone);
    const changes = changesOfOffset();
    expect(changes.length > 0).toBe(zone !== 'UTC');
    for (const change of changes) {
      for (let wallClock = change - 3 * DAY; wallClock < change + 3 * DAY; wallClock += HOUR / 4 - 1) {
        if (dateFromWallClock(wallClock).getTime() !== byConstructor(wallClock).getTime()) {
          expect.fail(`${zone}: ${new Date(wallClock).toISOString()}`);
        }
      }
    }
  });

  it('writes dates whose offset leads back to the instant', () => {
    useZone(zone);
    fc.assert(
      fc.property(
        fc.date({ min: new Date(-59_000_000_000_000), max: new Date(8.64e15 - DAY), noInvalidDate: true }),
        (date) => {
          const match = /^(\d{4,6})-(\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(
            formatDate(date),
          );
          const [, year, rest, sign, h, m, s] = match ?? [];
          const asUtc = Date.parse(`+${year?.padStart(6, '0')}-${rest}Z`);
          const offset = (Number(h) * 60 + Number(m)) * 60 + Number(s ?? 0);
          expect(asUtc - (sign === '-' ? -offset : offset) * 1000).toBe(date.getTime());
        },
      ),
      { numRuns: 500 },
    );
  });
});

it('notices a changed time zone', () => {
  const wallClock = Date.UTC(2024, 4, 1, 12);
  useZone('Asia/Shanghai');
  expect(dateFromWallClock(wallClock).toISOString()).toBe('2024-05-01T04:00:00.000Z');
  useZone('America/New_York');
  expect(dateFromWallClock(wallClock).toISOString()).toBe('2024-05-01T16:00:00.000Z');
  expect(dateFromWallClock(wallClock).toISOString()).toBe('2024-05-01T16:00:00.000Z');
});

describe('formatDate', () => {
  it.each([
    ['Asia/Shanghai', '2024-02-29T15:59:58.007Z', '2024-02-29T23:59:58.007+08:00'],
    ['Asia/Shanghai', '1900-01-01T00:00:00.120Z', '1900-01-01T08:05:43.120+08:05:43'],
    ['America/St_Johns', '2024-01-01T00:00:00.000Z', '2023-12-31T20:30:00.000-03:30'],
    ['Africa/Monrovia', '1960-01-01T00:00:00.000Z', '1959-12-31T23:15:30.000-00:44:30'],
    ['UTC', '+012345-06-07T08:09:10.011Z', '12345-06-07T08:09:10.011+00:00'],
    ['UTC', '0099-06-07T08:09:10.000Z', '0099-06-07T08:09:10.000+00:00'],
    ['UTC', '0000-02-29T00:00:00.000Z', '0001-02-29T00:00:00.000+00:00 BC'],
    ['UTC', '-000043-03-15T00:00:00.000Z', '0044-03-15T00:00:00.000+00:00 BC'],
  ])('%s: %s', (zone, instant, text) => {
    useZone(zone);
    expect(formatDate(new Date(instant))).toBe(text);
  });
});
