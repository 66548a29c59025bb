import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSink } from '../../../lib/encoding/byte-sink.js';
import { writeNumericNumber, writeNumericText } from '../../../lib/encoding/numeric.js';

/** What numeric_recv and numeric_out make of the bytes (PostgreSQL source, numeric.c). */
function read(sink: ByteSink): string {
  const { view, length } = sink;
  expect(view.getInt32(0)).toBe(length - 4);
  const count = view.getInt16(4);
  const weight = view.getInt16(6);
  const sign = view.getUint16(8);
  const scale = view.getInt16(10);
  expect(length).toBe(12 + count * 2);
  if (sign === 0xc000) return 'NaN';
  const group = (power: number): string => {
    const i = weight - power;
    const value = i >= 0 && i < count ? view.getInt16(12 + i * 2) : 0;
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(10_000);
    return String(value).padStart(4, '0');
  };
  // No group of zeros at either end.
  if (count > 0) {
    expect(view.getInt16(12)).toBeGreaterThan(0);
    expect(view.getInt16(12 + (count - 1) * 2)).toBeGreaterThan(0);
  }
  let whole = '';
  for (let power = Math.max(weight, 0); power >= 0; power--) whole += group(power);
  let fraction = '';
  for (let power = -1; fraction.length < scale; power--) fraction += group(power);
  // Digits that the scale would hide must not be there.
  expect(fraction.slice(scale)).toMatch(/^0*$/);
  return (
    (sign === 0x4000 ? '-' : '') +
    whole.replace(/^0+(?=\d)/, '') +
    (scale > 0 ? `.${fraction.slice(0, scale)}` : '')
  );
}

function ofText(text: string): string | undefined {
  const sink = new ByteSink();
  return writeNumericText(sink, text) ? read(sink) : undefined;
}

function ofNumber(value: number): string | undefined {
  const sink = new ByteSink();
  return writeNumericNumber(sink, value) ? read(sink) : undefined;
}

/** The same number in full. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  const shift = Number(exponent);
  const digits = (shift < 0 ? '0'.repeat(-shift) : '') + whole + fraction + '0'.repeat(Math.max(shift, 0));
  const point = (shift < 0 ? -shift : 0) + whole.length + shift;
  const scale = Math.max(fraction.length - shift, 0);
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, '') || '0';
  const text2 = before + (scale > 0 ? `.${digits.slice(point, point + scale)}` : '');
  return /[1-9]/.test(text2) ? sign + text2 : text2;
}

describe('text', () => {
  it.each([
    ['0', '0'],
    ['-0.00', '0.00'],
    ['1.50', '1.50'],
    ['00012.5', '12.5'],
    ['+7', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['9999', '9999'],
    ['10000', '10000'],
    ['100000000', '100000000'],
    ['0.0001', '0.0001'],
    ['0.00001', '0.00001'],
    ['-123456789012345678901234567890.000100', '-123456789012345678901234567890.000100'],
    ['1.5e3', '1500'],
    ['1e-7', '0.0000001'],
    ['NaN', 'NaN'],
  ])('%s', (text, expected) => {
    expect(ofText(text)).toBe(expected);
  });

  it.each(['', '-', '.', '1,5', ' 1', '1 ', 'Infinity', '1e', '1e9999', '0x10', '1_000', '1'.repeat(2000)])(
    'is left to the server: %s',
    (text) => {
      expect(ofText(text)).toBeUndefined();
    },
  );

  it('comes out as it went in', () => {
    const digits = (most: number): fc.Arbitrary<string> =>
      fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`));
    const text = fc
      .tuple(fc.boolean(), digits(25), fc.option(digits(25)))
      .map(
        ([negative, whole, fraction]) =>
          `${negative ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`,
      );
    fc.assert(
      fc.property(text, (given) => {
        expect(ofText(given)).toBe(decimal(given));
      }),
    );
  });
});

describe('number', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [1.005, '1.005'],
    [19.99, '19.99'],
    [-1234.5678, '-1234.5678'],
    [2 ** 53, '9007199254740992'],
    [1e21, '1000000000000000000000'],
    [5e-324, decimal('5e-324')],
    [Number.MAX_VALUE, decimal(String(Number.MAX_VALUE))],
    [NaN, 'NaN'],
  ])('%s', (value, expected) => {
    expect(ofNumber(value)).toBe(expected);
  });

  it('has no infinity', () => {
    expect([ofNumber(Infinity), ofNumber(-Infinity)]).toEqual([undefined, undefined]);
  });

  it('is its shortest decimal', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(ofNumber(value)).toBe(decimal(String(value)));
      }),
    );
    const money = fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(money, ([cents, scale]) => {
        const value = cents / 10 ** scale;
        expect(ofNumber(value)).toBe(decimal(String(value)));
      }),
    );
  });
});
