import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../lib/addon/interface.js';
import { createPackedAppender, PackedCells } from '../../../lib/types/packed-rows.js';

/** A value as the core lays it down: its kind, and what its cell and the texts get. */
type Put = (cells: PackedCells, cell: number, text: { ascii: string; utf16: string }) => void;

const kind =
  (number: number, lay: (cells: PackedCells, cell: number) => void = () => undefined): Put =>
  (cells, cell) => {
    cells.kinds[cell] = number;
    lay(cells, cell);
  };

const string =
  (number: number, which: 'ascii' | 'utf16', value: string): Put =>
  (cells, cell, text) => {
    cells.kinds[cell] = number;
    cells.integers[cell * 2] = text[which].length;
    text[which] += value;
    cells.integers[cell * 2 + 1] = text[which].length;
  };

/** Every kind of cell, with the value that it stands for. */
const packed: fc.Arbitrary<{ value: unknown; put: Put }> = fc.oneof(
  fc.constant({ value: null, put: kind(0) }),
  fc.constant({ value: false, put: kind(1) }),
  fc.constant({ value: true, put: kind(2) }),
  fc.double().map((value) => ({ value, put: kind(3, (cells, cell) => (cells.numbers[cell] = value)) })),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => ({ value, put: kind(4, (cells, cell) => (cells.bigints[cell] = value)) })),
  fc.string({ unit: 'grapheme-ascii' }).map((value) => ({ value, put: string(5, 'ascii', value) })),
  fc.string({ unit: 'grapheme' }).map((value) => ({ value, put: string(6, 'utf16', value) })),
  fc.integer().map((value) => ({ value, put: kind(8, (cells, cell) => (cells.integers[cell * 2] = value)) })),
);

const decoders = [
  Decoder.Text,
  Decoder.Integer,
  Decoder.BigInt,
  Decoder.SafeInteger,
  Decoder.Float,
  Decoder.Boolean,
  Decoder.Instant,
  Decoder.WallClock,
  Decoder.Bytes,
];

const column = fc.record({
  name: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a', 'constructor', '"', '\\', '\u2028')),
  decoder: fc.constantFrom(...decoders),
  converter: fc.constantFrom(undefined, (value: unknown) => ({ converted: value })),
});

/** Rows of some columns, in which any value can be of any kind, whatever its column's decoder. */
const table = fc.array(column, { minLength: 1, maxLength: 12 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(fc.array(packed, { minLength: columns.length, maxLength: columns.length }), {
      maxLength: 9,
    }),
  }),
);

describe('a packed appender', () => {
  it.each(['object', 'array'] as const)('makes an %s of each row, of any kinds of values', (mode) => {
    fc.assert(
      fc.property(table, ({ columns, rows }) => {
        const cells = new PackedCells();
        const text = { ascii: '', utf16: '' };
        rows.flat().forEach(({ put }, cell) => {
          put(cells, cell, text);
        });
        const made: unknown[] = ['before'];
        createPackedAppender(columns, mode, cells)(made, rows.length, text.ascii, text.utf16);
        const expected = rows.map((row) =>
          row.map(({ value }, i) => {
            const converter = columns[i]?.converter;
            return converter === undefined || value === null ? value : converter(value);
          }),
        );
        if (mode === 'array') {
          expect(made).toStrictEqual(['before', ...expected]);
          return;
        }
        const entries = expected.map((row) => new Map(columns.map(({ name }, i) => [name, row[i]] as const)));
        expect(made.slice(1).map((row) => new Map(Object.entries(row as object)))).toEqual(entries);
        for (const row of made.slice(1)) expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['object', 'array'] as const)('calls a converter of texts for nothing else, in an %s', (mode) => {
    const converter = (value: unknown): unknown => (typeof value === 'string' ? `<${value}>` : value);
    const columns = decoders.map((decoder, i) => ({ name: `c${i}`, decoder, converter, textOnly: true }));
    const cells = new PackedCells();
    const integers = columns.map(({ decoder }) => decoder !== Decoder.Text && decoder !== Decoder.Bytes);
    const rows: unknown[] = [];
    const append = createPackedAppender(
      columns.filter((_, i) => integers[i]),
      mode,
      cells,
    );
    const values: [kind: number, value: unknown][] = [
      [0, null],
      [1, false],
      [2, true],
      [3, 1.5],
      [4, 1n],
      [5, '<x>'],
      [8, 7],
    ];
    for (const [kindOfAll] of values) {
      for (let cell = 0; cell < columns.length; cell++) {
        cells.kinds[cell] = kindOfAll;
        if (kindOfAll === 3) cells.numbers[cell] = 1.5;
        else if (kindOfAll === 4) cells.bigints[cell] = 1n;
        else cells.integers.set(kindOfAll === 8 ? [7, 0] : [0, 1], cell * 2);
      }
      append(rows, 1, 'x', '');
    }
    expect(rows.map((row) => [...new Set(Object.values(row as Record<string, unknown>))])).toEqual(
      values.map(([, value]) => [value]),
    );
  });

  it.each(['object', 'array'] as const)('makes %ss of 1,664 columns', (mode) => {
    const columns = Array.from({ length: 1664 }, (_, i) => ({
      name: `c${i}`,
      decoder: Decoder.Integer,
      converter: i % 7 === 0 ? (value: unknown) => -(value as number) : undefined,
    }));
    const cells = new PackedCells();
    columns.forEach((_, i) => {
      cells.kinds[i] = 8;
      cells.integers[i * 2] = i + 1;
    });
    const rows: unknown[] = [];
    createPackedAppender(columns, mode, cells)(rows, 1, '', '');
    expect(Object.values(rows[0] as object)).toEqual(columns.map((_, i) => (i % 7 === 0 ? -i - 1 : i + 1)));
  });

  it('leaves the rows before one whose converter throws', () => {
    const cells = new PackedCells();
    cells.kinds.fill(8, 0, 3);
    [1, 2, 3].forEach((value, i) => (cells.integers[i * 2] = value));
    const converter = (value: unknown): unknown => {
      if (value === 2) throw new Error('not 2');
      return value;
    };
    const rows: unknown[] = [];
    const append = createPackedAppender(
      [{ name: 'a', decoder: Decoder.Integer, converter }],
      'object',
      cells,
    );
    expect(() => {
      append(rows, 3, '', '');
    }).toThrow('not 2');
    expect(rows).toEqual([{ a: 1 }]);
  });
});
