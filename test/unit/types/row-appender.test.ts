import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as appenders from '../../../lib/types/row-appender.js';

const { rowsPerCallFor } = appenders;
const source = readFileSync(join(__dirname, '../../../lib/types/row-appender.ts'), 'utf8');
const { outputText } = ts.transpileModule(source, {
  compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
});

/** The module as it is where code generation is forbidden. */
function withoutCodeGeneration(): typeof appenders {
  const exports = {};
  const forbidden = function (): never {
    throw new EvalError('Code generation from strings disallowed for this context');
  };
  const load = runInThisContext(`(function (exports, Function) {${outputText}\n})`) as (
    exports: object,
    Function: unknown,
  ) => void;
  load(exports, forbidden);
  return exports as typeof appenders;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '0',
    '?column?',
    '"',
    "'",
    '\\',
    '`${process.exit()}`',
    '"+process.exit()+"',
    '*/',
    '\n',
    '\u2028',
    '\ud800',
    '"]:0,["x',
    '',
  ),
);

describe.each([
  ['generated', appenders.createRowAppender],
  ['without code generation', withoutCodeGeneration().createRowAppender],
])('%s', (_, createRowAppender) => {
  it('makes rows of any column names', () => {
    fc.assert(
      fc.property(
        fc.array(hostile, { maxLength: 12 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('object', 'array'),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (names, rowsPerCall, mode, converted) => {
          const columns = names.map((name, i) => ({
            name,
            converter: converted[i] === true ? (v: unknown) => `<${String(v)}>` : undefined,
          }));
          const values = Array.from({ length: names.length * rowsPerCall }, (_, i) =>
            i % 5 === 3 ? null : i,
          );
          const rows: unknown[] = ['before'];
          createRowAppender(columns, mode, rowsPerCall)(rows, ...values);
          expect(rows).toHaveLength(1 + rowsPerCall);
          for (let r = 0; r < rowsPerCall; r++) {
            const expected = values
              .slice(r * names.length, (r + 1) * names.length)
              .map((v, i) => (converted[i] === true && v !== null ? `<${v}>` : v));
            const row = rows[r + 1] as object;
            if (mode === 'array') {
              expect(row).toEqual(expected);
              continue;
            }
            expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
            // A Map, as an object, keeps the place of the first and the value of the last; integers go first in an object.
            const entries = [...new Map(names.map((name, i) => [name, expected[i]]))];
            expect(new Map(Object.entries(row))).toEqual(new Map(entries));
            expect(Object.keys(row).filter((k) => !/^\d+$/.test(k))).toEqual(
              entries.map(([k]) => k).filter((k) => !/^\d+$/.test(k)),
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['object', 'array'] as const)('makes %ss of 1,664 columns', (mode) => {
    const columns = Array.from({ length: 1664 }, (_, i) => ({
      name: `c${i}`,
      converter: i % 7 === 0 ? (v: unknown) => -(v as number) : undefined,
    }));
    const values = columns.map((_, i) => i + 1);
    const rows: unknown[] = [];
    createRowAppender(columns, mode, 1)(rows, ...values);
    createRowAppender(columns, mode, 3)(rows, ...values, ...values, ...values);
    const expected = values.map((v, i) => (i % 7 === 0 ? -v : v));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(Object.values(row as object)).toEqual(expected);
  });

  it('makes rows of no columns', () => {
    const rows: unknown[] = [];
    createRowAppender([], 'object', 2)(rows);
    createRowAppender([], 'array', 1)(rows);
    expect(rows).toEqual([{}, {}, []]);
  });

  it('gives rows that do not share state', () => {
    const append = createRowAppender([{ name: '__proto__' }, { name: 'a' }], 'object', 2);
    const rows: { a: number }[] = [];
    append(rows, 1, 2, 3, 4);
    (rows[0] as { a: number }).a = 9;
    append(rows, 5, 6, 7, 8);
    expect(rows.map((row) => row.a)).toEqual([9, 4, 6, 8]);
    expect(Object.getOwnPropertyDescriptor(rows[1], '__proto__')).toMatchObject({ value: 3, writable: true });
  });
});

it('works under --disallow-code-generation-from-strings', () => {
  const script = `${outputText}
    try { new Function(''); throw new Error('code generation is on'); } catch (e) { if (!(e instanceof EvalError)) throw e; }
    const rows = [];
    exports.createRowAppender([{ name: '__proto__' }, { name: 'a', converter: String }], 'object', 2)(rows, 1, 2, 3, null);
    exports.createRowAppender([{ name: 'a' }, { name: 'a' }], 'array', 1)(rows, 5, 6);
    console.log(JSON.stringify(rows));`;
  const output = execFileSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--eval', script],
    {
      encoding: 'utf8',
    },
  );
  expect(output.trim()).toBe('[{"__proto__":1,"a":"2"},{"__proto__":3,"a":null},[5,6]]');
});

describe('rowsPerCallFor', () => {
  it.each([
    [0, 8],
    [1, 8],
    [8, 8],
    [9, 7],
    [20, 3],
    [32, 2],
    [33, 1],
    [1664, 1],
  ])('%i columns', (columns, rows) => {
    expect(rowsPerCallFor(columns)).toBe(rows);
  });
});
