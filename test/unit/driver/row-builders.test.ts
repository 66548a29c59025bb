import { describe, expect, it } from 'vitest';
import { RowMode } from '../../../lib/addon/interface.js';
import { ResultShape } from '../../../lib/driver/result-shape.js';
import { PackedCells } from '../../../lib/types/packed-rows.js';
import { TypeMap } from '../../../lib/types/type-map.js';
import type { TextParsers, TypeOptions } from '../../../lib/types/type-options.js';

const INT4 = 23;
const TEXT = 25;
const JSON_TYPE = 114;
const TIMESTAMPTZ = 1184;

function shapeOf(
  columns: [name: string, oid: number][],
  all: TextParsers,
  more: TypeOptions = {},
): ResultShape {
  const numbers = new Float64Array(columns.flatMap(([, oid]) => [oid, -1, -1, 0, 0, 0]));
  const names = columns.map(([name]) => name);
  return new ResultShape(names, numbers, 1, new TypeMap({ ...more, all }));
}

/** Rows of texts, as the core has them built one by one. */
function rowsOf(shape: ResultShape, ...texts: unknown[]): unknown[] {
  const rows: unknown[] = [];
  shape.appender(RowMode.Object, 1)(rows, ...texts);
  return rows;
}

describe('columns that functions of the program read', () => {
  it('are read by what there is when the rows of a result begin', () => {
    const parsers = new Map([[TEXT, (text: string): unknown => `1 ${text}`]]);
    const shape = shapeOf([['a', TEXT]], { parserOf: (oid) => parsers.get(oid) });
    const append = shape.appender(RowMode.Object, 1);
    const rows: unknown[] = [];
    append(rows, 'x');
    parsers.set(TEXT, (text) => `2 ${text}`);
    const later: unknown[] = [];
    append(later, 'y');
    append(rows, 'z');
    expect(rows).toEqual([{ a: '1 x' }, { a: '1 z' }]);
    expect(later).toEqual([{ a: '2 y' }]);
    parsers.delete(TEXT);
    expect(rowsOf(shape, 'x')).toEqual([{ a: 'x' }]);
  });

  it('are read so where rows come packed', () => {
    const parsers = new Map([[TEXT, (text: string): unknown => `1 ${text}`]]);
    const shape = shapeOf([['a', TEXT]], { parserOf: (oid) => parsers.get(oid) });
    const cells = new PackedCells();
    cells.kinds[0] = 5;
    cells.integers.set([0, 1]);
    const kept = shape.keptPackedAppender(RowMode.Array, cells);
    const rows: unknown[] = [];
    kept(rows, 1, 'x', '');
    parsers.set(TEXT, (text) => `2 ${text}`);
    const whole: unknown[] = [];
    shape.packedAppender(RowMode.Array, cells)(whole, 1, 'y', '');
    kept(rows, 1, 'z', '');
    expect(rows).toEqual([['1 x'], ['1 z']]);
    expect(whole).toEqual([['2 y']]);
  });

  it('of usual types are read by the core, and by their functions where they do not have the usual text', () => {
    const shape = shapeOf(
      [
        ['n', INT4],
        ['t', TIMESTAMPTZ],
      ],
      { parserOf: () => (text) => `<${text}>`, usual: [INT4, TIMESTAMPTZ] },
    );
    expect(rowsOf(shape, 5, 1000)).toEqual([{ n: 5, t: new Date(1000) }]);
    expect(rowsOf(shape, 'five', 'infinity')).toEqual([{ n: '<five>', t: '<infinity>' }]);
    expect(rowsOf(shape, null, null)).toEqual([{ n: null, t: null }]);
    const cells = new PackedCells();
    cells.kinds.set([8, 3]);
    cells.integers[0] = 5;
    cells.numbers[1] = 1000;
    const rows: unknown[] = [];
    shape.packedAppender(RowMode.Object, cells)(rows, 1, '', '');
    cells.kinds.set([5, 0]);
    cells.integers.set([0, 4]);
    shape.packedAppender(RowMode.Object, cells)(rows, 1, 'five', '');
    expect(rows).toEqual([
      { n: 5, t: new Date(1000) },
      { n: '<five>', t: null },
    ]);
  });

  it('are not read by them where a type has a parse of its own', () => {
    const asked: number[] = [];
    const parserOf = (oid: number): undefined => void asked.push(oid);
    const shape = shapeOf(
      [
        ['j', JSON_TYPE],
        ['t', TEXT],
      ],
      { parserOf },
      { json: { parse: (text) => `own ${text}` } },
    );
    expect(rowsOf(shape, '{}', 'x')).toEqual([{ j: 'own {}', t: 'x' }]);
    expect(asked).toEqual([TEXT]);
  });

  it('need no look-up of types', () => {
    const types = new TypeMap({ all: { parserOf: () => undefined } });
    expect(types.isKnown(123_456)).toBe(true);
  });

  it.each([
    [{ parserOf: 5 }, /types\.all\.parserOf must be a function/],
    [
      { parserOf: () => undefined, usual: [TEXT] },
      /types\.all\.usual has 25, but takes the OIDs 16, .* and 1184/,
    ],
    [{ parserof: () => undefined }, /member 'parserof'/],
  ])('are refused where %j is given', (all, message) => {
    expect(() => new TypeMap({ all } as never)).toThrow(message);
  });
});
