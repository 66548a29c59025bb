import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import * as codes from '../../../lib/errors/codes.js';
import { DatabaseError, isDatabaseError, KingbaseError, UsageError } from '../../../lib/errors/index.js';

const documented = readFileSync(path.resolve(__dirname, '../../../docs/errors.md'), 'utf8');

const all = [
  ...codes.CONNECTION_ERROR_CODES,
  ...codes.CLIENT_LIBRARY_ERROR_CODES,
  ...codes.POOL_ERROR_CODES,
  ...codes.USAGE_ERROR_CODES,
];

describe('the codes', () => {
  it('are each of one class', () => {
    expect(new Set(all).size).toBe(all.length);
  });

  it.each(all)('%s is documented', (code) => {
    expect(documented).toContain(`\`${code}\``);
  });
});

const duplicate = DatabaseError.fromFields({ C: '23505', M: 'twice' });

describe('isDatabaseError', () => {
  it('tells the errors of the server from others', () => {
    expect(isDatabaseError(duplicate)).toBe(true);
    const others = [
      undefined,
      null,
      'a',
      new Error('a'),
      { code: '23505' },
      new UsageError('KB_BAD_OPTION', 'a'),
    ];
    for (const other of [...others, new KingbaseError('KB_TIMEOUT', 'a')]) {
      expect(isDatabaseError(other)).toBe(false);
    }
  });

  it('asks for a condition', () => {
    expect(isDatabaseError(duplicate, 'unique_violation')).toBe(true);
    expect(isDatabaseError(duplicate, 'foreign_key_violation')).toBe(false);
    expect(isDatabaseError(DatabaseError.fromFields({ C: 'MY001' }))).toBe(true);
    expect(isDatabaseError(DatabaseError.fromFields({ C: 'MY001' }), 'internal_error')).toBe(false);
  });

  it.each([
    ['unique_voilation', /^There is no condition "unique_voilation"; did you mean "unique_violation"\?$/],
    ['23505', /^There is no condition "23505"; did you mean "unique_violation"\?$/],
    ['toString', /^There is no condition "toString"\.$/],
    ['\x1b[2J', /^There is no condition "\\u001b\[2J"\.$/],
    [23505, /^The name of a condition must be a string, not a number\.$/],
    [null, /^The name of a condition must be a string, not null\.$/],
  ])('refuses the condition %j, of whatever error it is asked', (condition, message) => {
    for (const error of [duplicate, new Error('x'), undefined]) {
      let refused: unknown;
      try {
        isDatabaseError(error, condition as 'unique_violation');
      } catch (thrown) {
        refused = thrown;
      }
      expect(refused).toBeInstanceOf(UsageError);
      expect(refused).toMatchObject({
        code: 'KB_BAD_PARAMETER',
        message: expect.stringMatching(message) as string,
      });
    }
  });

  it('knows those of another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('../../../lib/errors/index.js');
    const stranger = copy.DatabaseError.fromFields({ C: '23505' });
    expect(stranger).not.toBeInstanceOf(DatabaseError);
    expect(isDatabaseError(stranger, 'unique_violation')).toBe(true);
    expect(copy.isDatabaseError(duplicate, 'unique_violation')).toBe(true);
  });

  it('leaves no trace on the error', () => {
    expect(Object.keys(duplicate)).not.toContain('kingbase.DatabaseError');
    expect(Object.getOwnPropertySymbols(duplicate)).toEqual([]);
  });
});
