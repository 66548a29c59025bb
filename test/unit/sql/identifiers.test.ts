import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/errors/index.js';
import { quoteIdentifier, quoteName, quoteQualified } from '../../../lib/sql/identifiers.js';
import { tokens } from '../../../lib/sql/lexer.js';
import { numRuns } from './arbitraries.js';

function failure(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('quoteIdentifier', () => {
  it.each([
    ['orders', '"orders"'],
    ['Select', '"Select"'],
    ['a.b', '"a.b"'],
    ['say "hi"', '"say ""hi"""'],
    ['订单', '"订单"'],
  ])('quotes %j', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });

  it('quotes each part for itself', () => {
    expect(quoteIdentifier('shop', 'sales.2024', 'Order')).toBe('"shop"."sales.2024"."Order"');
    expect(failure(() => quoteIdentifier()).code).toBe('KB_BAD_IDENTIFIER');
    expect(failure(() => quoteIdentifier('a', '')).code).toBe('KB_BAD_IDENTIFIER');
  });

  it('uses backquotes where they are asked for', () => {
    expect(quoteName('a`b"', '`')).toBe('`a``b"`');
  });

  it.each([
    ['', 'A name must not be empty.'],
    ['a\0b', 'A name must not contain a NUL character.'],
    [undefined, 'A name must be a string, not undefined.'],
    [null, 'A name must be a string, not null.'],
  ])('refuses %j', (name, message) => {
    expect(failure(() => quoteIdentifier(name as string))).toEqual({ code: 'KB_BAD_IDENTIFIER', message });
  });

  it('gives one token whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        fc.pre(!name.includes('\0'));
        const quoted = quoteIdentifier(name);
        expect([...tokens(quoted)]).toEqual([{ kind: 'quoted-name', start: 0, end: quoted.length }]);
      }),
      { numRuns },
    );
  });
});

describe('quoteQualified', () => {
  it.each<[name: string | string[], quoted: string]>([
    ['orders', '"orders"'],
    ['sales.orders', '"sales"."orders"'],
    ['shop.sales.orders', '"shop"."sales"."orders"'],
    [['orders'], '"orders"'],
    [['sales', 'orders.2024'], '"sales"."orders.2024"'],
  ])('quotes %j', (name, quoted) => {
    expect(quoteQualified(name)).toBe(quoted);
  });

  it('quotes each part for itself', () => {
    expect(quoteIdentifier('shop', 'sales.2024', 'Order')).toBe('"shop"."sales.2024"."Order"');
    expect(failure(() => quoteIdentifier()).code).toBe('KB_BAD_IDENTIFIER');
    expect(failure(() => quoteIdentifier('a', '')).code).toBe('KB_BAD_IDENTIFIER');
  });

  it('uses backquotes where they are asked for', () => {
    expect(quoteQualified('sales.orders', '`')).toBe('`sales`.`orders`');
  });

  it.each<[name: string | string[], message: string]>([
    ['', 'A name must not be empty.'],
    ['sales.', 'A name must not be empty.'],
    [[], 'A name must have at least one part.'],
    ['a.b.c.d', 'A name has at most 3 parts, but "a.b.c.d" has 4.'],
    [42 as unknown as string, 'A name must be a string or an array of strings, not a number.'],
    [['a', 42 as unknown as string], 'A name must be a string, not a number.'],
  ])('refuses %j', (name, message) => {
    expect(failure(() => quoteQualified(name))).toEqual({ code: 'KB_BAD_IDENTIFIER', message });
  });
});
