import { describe, expect, it } from 'vitest';
import { nearest } from '../../../lib/errors/nearest.js';

/** Names that count how often they are read. */
function counted(names: readonly string[]): { names: Iterable<string>; taken: () => number } {
  let taken = 0;
  return {
    names: {
      *[Symbol.iterator]() {
        for (const name of names) {
          taken++;
          yield name;
        }
      },
    },
    taken: () => taken,
  };
}

describe('nearest', () => {
  it('finds what was most likely meant', () => {
    expect(nearest('sslmod', ['host', 'sslmode'])).toBe('sslmode');
    expect(nearest('SSL_Mode', ['host', 'sslmode'])).toBe('sslmode');
    expect(nearest('recieve', ['receive', 'send'])).toBe('receive');
    expect(nearest('passw', ['password'])).toBe('password');
    expect(nearest('xyz', ['password'])).toBeUndefined();
  });

  it('looks at a bounded number of names, whoever gives them', () => {
    const many = counted(Array.from({ length: 200_000 }, (_, index) => `key${index}`));
    nearest('customer', many.names);
    expect(many.taken()).toBeLessThan(1000);
  });

  it('does not read names that are too long to be meant', () => {
    const long = {
      length: 8_000_000,
      toLowerCase: (): never => {
        throw new Error('read');
      },
    };
    expect(nearest('customer', [long as unknown as string, 'costumer'])).toBe('costumer');
    expect(nearest('x'.repeat(1000), ['x'])).toBeUndefined();
  });
});
