import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isError, isRangeError } from '../../../lib/base/is-error.js';

describe('an error', () => {
  it.each(['Error', 'TypeError', 'RangeError'])('%s of whichever realm is one', (name) => {
    for (const error of [runInNewContext(`new ${name}('x')`), runInNewContext(`(${name})('x')`)]) {
      expect(error).not.toBeInstanceOf(Error);
      expect(isError(error)).toBe(true);
      expect(isRangeError(error)).toBe(name === 'RangeError');
    }
  });

  it('is nothing that only looks like one', () => {
    for (const value of [undefined, null, 'Error', { name: 'RangeError', message: 'x' }, () => undefined]) {
      expect(isError(value)).toBe(false);
      expect(isRangeError(value)).toBe(false);
    }
  });

  it('is one that a module of Node.js throws', () => {
    try {
      Buffer.alloc(1).readUInt32LE(0);
    } catch (error) {
      expect(isRangeError(error)).toBe(true);
      return;
    }
    throw new Error('It did not throw.');
  });
});
