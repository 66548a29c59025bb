import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { isOrdinary, readTime, wallClockOf } from '../../../lib/encoding/clock.js';

const zone = process.env['TZ'];
process.env['TZ'] = 'Asia/Shanghai';
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

it.each([
  ['2024-02-29', { wallClock: Date.UTC(2024, 1, 29), micros: 0, offset: undefined, hasTime: false }],
  [
    '2024-02-29T12:34',
    { wallClock: Date.UTC(2024, 1, 29, 12, 34), micros: 0, offset: undefined, hasTime: true },
  ],
  [
    '2024-02-29 12:34:56.123456+08:30',
    {
      wallClock: Date.UTC(2024, 1, 29, 12, 34, 56, 123),
      micros: 456,
      offset: 8.5 * 3_600_000,
      hasTime: true,
    },
  ],
  [
    '1999-12-31 23:59:59.9Z',
    { wallClock: Date.UTC(1999, 11, 31, 23, 59, 59, 900), micros: 0, offset: 0, hasTime: true },
  ],
  [
    '2000-02-29 00:00:00-03',
    { wallClock: Date.UTC(2000, 1, 29), micros: 0, offset: -3 * 3_600_000, hasTime: true },
  ],
])('%s', (text, expected) => {
  expect(readTime(text)).toEqual(expected);
});

it.each([
  ...[
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-04-31',
    '0000-01-01',
    '2024-1-1',
    '20240229',
  ],
  ...['2024-02-29 24:00:00', '2024-02-29 23:60', '2024-02-29 23:59:60', '2024-02-29 12:00:00.1234567'],
  ...[
    '2024-02-29 12:00:00+16',
    '2024-02-29 12:00:00+08:60',
    '2024-02-29 12:00:00 +08',
    'infinity',
    '',
    '2024-02-29 BC',
  ],
])('the server is to read this itself: %s', (text) => {
  expect(readTime(text)).toBeUndefined();
});

it('reads what Date writes', () => {
  const ordinary = fc.date({ min: new Date('0001-01-03'), max: new Date('9999-12-29'), noInvalidDate: true });
  fc.assert(
    fc.property(ordinary, (date) => {
      expect(readTime(date.toISOString())).toMatchObject({ wallClock: date.getTime(), offset: 0 });
    }),
  );
});

it('the wall clock is what the local methods of Date say', () => {
  const ordinary = fc.date({ min: new Date('0001-01-03'), max: new Date('9999-12-29'), noInvalidDate: true });
  const modern = fc.date({ min: new Date('1900-01-01'), max: new Date('1995-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.oneof(ordinary, modern), (date) => {
      expect(isOrdinary(date.getTime())).toBe(true);
      const utc = new Date(wallClockOf(date));
      expect([utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate(), utc.getUTCHours()]).toEqual([
        date.getFullYear(),
        date.getMonth(),
        date.getDate(),
        date.getHours(),
      ]);
      expect([utc.getUTCMinutes(), utc.getUTCSeconds(), utc.getUTCMilliseconds()]).toEqual([
        date.getMinutes(),
        date.getSeconds(),
        date.getMilliseconds(),
      ]);
    }),
  );
});

it.each([NaN, Infinity, -Infinity, Date.UTC(10_000, 0), -62_167_219_200_000])(
  '%s is not ordinary',
  (instant) => {
    expect(isOrdinary(instant)).toBe(false);
  },
);
