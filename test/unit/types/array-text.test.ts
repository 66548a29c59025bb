import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseArray, quoteElement } from '../../../lib/types/array-text.js';

/** array_out (src/backend/utils/adt/arrayfuncs.c): quotes only what needs it. */
function arrayOut(value: unknown, delimiter: string): string {
  if (Array.isArray(value)) return `{${value.map((v) => arrayOut(v, delimiter)).join(delimiter)}}`;
  if (value === null) return 'NULL';
  const text = value as string;
  const quote =
    text === '' || /[{}"\\\s]/.test(text) || text.includes(delimiter) || text.toUpperCase() === 'NULL';
  return quote ? `"${text.replace(/(["\\])/g, '\\$1')}"` : text;
}

const element = fc.option(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', ';', ' ', '\n', 'a', 'n', '国') }),
    fc.constantFrom('NULL', 'null', 'Null', 'NULLs', ''),
  ),
  { nil: null },
);
const array = fc.oneof(
  fc.array(element),
  fc.array(fc.array(element, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 4 }),
  fc.array(fc.array(fc.array(element, { minLength: 1, maxLength: 1 }), { minLength: 2, maxLength: 2 }), {
    minLength: 1,
    maxLength: 3,
  }),
);

describe('parseArray', () => {
  it('reads what the server writes', () => {
    fc.assert(
      fc.property(
        array,
        fc.constantFrom(',', ';'),
        fc.constantFrom('', '[0:2]=', '[-1:0][5:6]='),
        (value, d, bounds) => {
          expect(parseArray(bounds + arrayOut(value, d), d)).toEqual(value);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('converts elements but not NULL', () => {
    const length = (text: string): number => text.length;
    expect(parseArray('{a,NULL,"NULL","b,c"}', ',', length)).toEqual([1, null, 4, 3]);
    expect(parseArray('{a,bc,null}', ',', length)).toEqual([1, 2, null]);
    expect(parseArray('{{a,b},{c,NULL}}', ',', length)).toEqual([
      [1, 1],
      [1, null],
    ]);
  });

  it('reads unquoted escapes', () => {
    expect(parseArray('{a\\,b,\\"c}', ',')).toEqual(['a,b', '"c']);
  });

  it('reads empty arrays', () => {
    expect(parseArray('{}', ',')).toEqual([]);
    expect(parseArray('[1:0]={}', ',')).toEqual([]);
    expect(parseArray('{{},{}}', ',')).toEqual([[], []]);
  });

  it('survives depth', () => {
    const depth = 100_000;
    expect(Array.isArray(parseArray('{'.repeat(depth) + '}'.repeat(depth), ','))).toBe(true);
  });

  it.each([
    '',
    'a',
    '{',
    '{1',
    '{1,',
    '{1,}',
    '{,1}',
    '{,}',
    '{"a',
    '{"a"',
    '{"a"x}',
    '{"a\\',
    '{1}}',
    '{{1}',
    '{1}x',
    '[',
    '[1:2]',
    '[1:2]1',
    '[x]={1}',
    '{{1},}',
    '{1}{2}',
  ])('leaves %j as it is', (text) => {
    expect(parseArray(text, ',')).toBe(text);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', '[', ']', ':', '=', '1', 'a') }),
        (text) => {
          parseArray(text, ',');
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('quoteElement', () => {
  it('is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseArray(`{${quoteElement(text)}}`, ',')).toEqual([text]);
      }),
    );
  });
});
