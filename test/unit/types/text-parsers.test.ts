import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Decoder } from '../../../lib/addon/interface.js';
import { textParser } from '../../../lib/types/text-parsers.js';

const parse = (decoder: Decoder, text: string): unknown => textParser(decoder)?.(text);

describe('numbers', () => {
  it.each([
    [Decoder.Integer, '-32768', -32768],
    [Decoder.Integer, '4294967295', 4294967295],
    [Decoder.Integer, '1.5', '1.5'],
    [Decoder.Integer, '', ''],
    [Decoder.BigInt, '-9223372036854775808', -(2n ** 63n)],
    [Decoder.BigInt, 'x', 'x'],
    [Decoder.SafeInteger, '9007199254740991', 9007199254740991],
    [Decoder.SafeInteger, '-9007199254740992', -9007199254740992n],
    [Decoder.Float, '-1.5e-300', -1.5e-300],
    [Decoder.Float, '.5', 0.5],
    [Decoder.Float, '-0', -0],
    [Decoder.Float, 'NaN', NaN],
    [Decoder.Float, 'Infinity', Infinity],
    [Decoder.Float, '-Infinity', -Infinity],
    [Decoder.Float, '0x10', '0x10'],
    [Decoder.Float, '', ''],
    [Decoder.Boolean, 't', true],
    [Decoder.Boolean, 'f', false],
    [Decoder.Boolean, 'true', 'true'],
  ])('%i: %s', (decoder, text, value) => {
    expect(parse(decoder, text)).toBe(value);
  });

  it('reads every double', () => {
    fc.assert(
      fc.property(fc.double(), (n) => {
        expect(parse(Decoder.Float, Object.is(n, -0) ? '-0' : String(n))).toBe(n);
      }),
    );
  });
});

describe('times', () => {
  it.each([
    ['2024-02-29 12:00:00+00', '2024-02-29T12:00:00.000Z'],
    ['2024-02-29 12:00:00.9999+08', '2024-02-29T04:00:00.999Z'],
    ['2024-02-29 12:00:00.12+05:30', '2024-02-29T06:30:00.120Z'],
    ['1800-01-01 00:00:00-00:01:15', '1800-01-01T00:01:15.000Z'],
    ['1969-12-31 23:59:59.999999+00', '1969-12-31T23:59:59.999Z'],
    ['0044-03-15 00:00:00+00 BC', '-000043-03-15T00:00:00.000Z'],
    ['0050-01-01 00:00:00+00', '0050-01-01T00:00:00.000Z'],
    ['12345-01-01 00:00:00+00', '+012345-01-01T00:00:00.000Z'],
  ])('instant %s', (text, iso) => {
    expect(parse(Decoder.Instant, text)).toBe(Date.parse(iso));
  });

  it.each([
    ['2024-02-29 12:00:00.000999', '2024-02-29T12:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0001-12-31 BC', '0000-12-31T00:00:00.000Z'],
  ])('wall clock %s', (text, iso) => {
    expect(parse(Decoder.WallClock, text)).toBe(Date.parse(iso));
  });

  it.each([
    [Decoder.Instant, 'infinity'],
    [Decoder.Instant, '-infinity'],
    [Decoder.Instant, '2024-02-29 12:00:00'],
    [Decoder.Instant, 'Thu Feb 29 12:00:00 2024 CST'],
    [Decoder.Instant, '294276-12-31 23:59:59+00'],
    [Decoder.WallClock, '29/02/2024'],
    [Decoder.WallClock, '294276-12-31 23:59:59'],
    [Decoder.WallClock, '275760-09-13 00:00:00'],
    [Decoder.WallClock, '2024-02-29 12:00:00+00'],
  ])('%i leaves %s', (decoder, text) => {
    expect(parse(decoder, text)).toBe(text);
  });

  it('reads every instant', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), noInvalidDate: true }), (date) => {
        const text = date.toISOString().replace(/^\+0*/, '').replace('T', ' ').replace('Z', '+00');
        expect(parse(Decoder.Instant, text)).toBe(date.getTime());
      }),
    );
  });
});

describe('bytes', () => {
  it('reads hex and escape form', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(parse(Decoder.Bytes, `\\x${buffer.toString('hex')}`)).toEqual(buffer);
        const escaped = Array.from(bytes, (b) =>
          b === 0x5c
            ? '\\\\'
            : b < 0x20 || b > 0x7e
              ? `\\${b.toString(8).padStart(3, '0')}`
              : String.fromCharCode(b),
        ).join('');
        expect(parse(Decoder.Bytes, escaped)).toEqual(buffer);
      }),
    );
  });

  it.each(['\\x0', '\\xzz', '\\9', 'a\\', '国'])('leaves %s', (text) => {
    expect(parse(Decoder.Bytes, text)).toBe(text);
  });
});
