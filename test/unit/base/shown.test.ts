import { describe, expect, it } from 'vitest';
import { shown } from '../../../lib/base/shown.js';

describe('shown', () => {
  it.each<[string, string]>([
    ['error', 'error'],
    ['表名 ü 𠮷', '表名 ü 𠮷'],
    ['a\x1b[31mred', 'a\\u001b[31mred'],
    ['two\nlines\r\tand\u2028more\u0085', 'two\\u000alines\\u000d\\u0009and\\u2028more\\u0085'],
    ['txt.\u202egnp', 'txt.\\u202egnp'],
    ['half \ud842', 'half \\ud842'],
    ['x'.repeat(65), `${'x'.repeat(63)}…`],
    [`${'x'.repeat(62)}𠮷𠮷`, `${'x'.repeat(62)}…`],
  ])('%j becomes %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('is bounded whatever is given', () => {
    expect(shown('\x1b'.repeat(10_000_000)).length).toBeLessThan(64 * 6);
  });
});
