import { describe, expect, inject, it } from 'vitest';
import { outputOf } from '../support/run-program.js';

interface Output {
  generatesCode: boolean;
  results: Record<string, string>;
}

/** Column names that would do harm if they became code, or mean something to JavaScript. */
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a"b',
  "it's",
  '\\',
  '`${process.exit(3)}`',
  '"]:1});process.exit(4);({["',
  '*/process.exit(5)/*',
  '//',
  'line\nfeed',
  '\u2028\u2029',
  ' ',
  '1',
  '0',
  '列名',
  '😀',
  'same',
  'same',
];

describe.each(inject('libraries'))('rows with $name', ({ path }) => {
  const { host, port, user, database } = inject('server');
  const input = { config: { host, port, user, database, clientLibrary: path }, names: NAMES };

  it('are the same where code may not be generated from strings', async () => {
    const [usual, restricted] = await Promise.all([
      outputOf<Output>('rows', input),
      outputOf<Output>('rows', input, { nodeOptions: ['--disallow-code-generation-from-strings'] }),
    ]);
    expect([usual.generatesCode, restricted.generatesCode]).toEqual([true, false]);
    expect(restricted.results).toEqual(usual.results);

    // And they are what was asked for, in both.
    const { results } = usual;
    const values = NAMES.map((name, i): [string, number] => [name, i]);
    expect(JSON.parse(results['hostile array'] ?? '')).toEqual([values.map(([, value]) => value)]);
    const row = JSON.parse(results['first row'] ?? '') as [string, number][];
    expect(new Map(row)).toEqual(new Map(values));
    expect(results).toMatchObject({
      prototype: 'true',
      'own __proto__': 'true',
      'no columns array': '[[],[],[]]',
    });
    expect(results['large object 1']).toMatch(/^100000 /);
    expect(new Set([1, 2, 3].map((time) => results[`large object ${time}`])).size).toBe(1);
    expect(new Set([1, 2, 3].map((time) => results[`large array ${time}`])).size).toBe(1);
  });
});
