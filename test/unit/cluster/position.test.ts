import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { later, placeOf, positionText, reaches, readPosition } from '../../../lib/cluster/position.js';

const position = fc.record({
  timeline: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  place: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

describe('a position', () => {
  it('is the same after it has travelled as a word', () => {
    fc.assert(
      fc.property(position, (given) => {
        const word = positionText(given);
        expect(encodeURIComponent(word)).toBe(word);
        expect(readPosition(word)).toEqual(given);
      }),
    );
  });

  it('is read from what the server writes', () => {
    expect(placeOf('0/0')).toBe(0n);
    expect(placeOf('16/B374D848')).toBe(0x16_b374_d848n);
    expect(placeOf('FFFFFFFF/FFFFFFFF')).toBe(2n ** 64n - 1n);
  });

  it.each([undefined, '', '1', '1-', '-1', '1-0-0', '1-g', 'x', 5, '1-00000000000000000'])(
    'is not %j',
    (word) => {
      expect(() => readPosition(word)).toThrow(expect.objectContaining({ code: 'KB_BAD_OPTION' }) as Error);
    },
  );

  it('is reached by what is later than it and others', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const both = later(a, b);
        if (both === undefined) throw new Error('there is none');
        expect(reaches(both, a) && reaches(both, b)).toBe(true);
      }),
    );
  });
});
