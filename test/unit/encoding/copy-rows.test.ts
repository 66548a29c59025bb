import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COPY_TRAILER, CopyRows, type CopyFormat } from '../../../lib/encoding/copy-rows.js';
import type { TableColumn } from '../../../lib/encoding/table.js';
import { Oid } from '../../../lib/types/oids.js';
import { TypeMap } from '../../../lib/types/type-map.js';
import { root, rows } from './rows.js';

const kinds = ['int4', 'text', 'bool', 'float8', 'int2'] as const;
const columns: TableColumn[] = kinds.map((kind, i) => ({
  name: `c${i}`,
  catalogueName: `c${i}`,
  typeName: kind,
  typeOid: Oid[kind],
  baseOid: Oid[kind],
  kind,
  array: undefined,
}));

function encode(format: CopyFormat, given: readonly unknown[], of = columns): Buffer {
  const copy = new CopyRows(of, format, new TypeMap(), true);
  copy.begin();
  expect(copy.write(given, 0, given.length, 0, Infinity)).toBe(given.length);
  if (format === 'binary') copy.put(COPY_TRAILER);
  return Buffer.from(copy.take());
}

describe('the binary format', () => {
  it('is that of the manual', () => {
    const bytes = encode('binary', [[1, 'é', true, -2, null]]);
    const hex = (...parts: string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
    expect(bytes).toEqual(
      hex(
        '5047434f50590aff0d0a00 00000000 00000000',
        '0005',
        '00000004 00000001',
        '00000002 c3a9',
        '00000001 01',
        '00000008 c000000000000000',
        'ffffffff',
        'ffff',
      ),
    );
  });

  it('stops before a row that it cannot hold, and drops nothing that came before', () => {
    const copy = new CopyRows(columns, 'binary', new TypeMap(), true);
    const given = [...rows(3), [2 ** 31, '', true, 0, 0], ...rows(1)];
    copy.begin();
    expect(copy.write(given, 0, given.length, 0, Infinity)).toBe(3);
    expect([copy.stopped, copy.stoppedBy]).toEqual([true, 'c0']);
    expect(Buffer.from(copy.take())).toEqual(encode('binary', rows(3)).subarray(0, -2));
  });

  it('writes no more rows than fill the buffer', () => {
    const copy = new CopyRows(columns, 'binary', new TypeMap(), true);
    const given = rows(1_000);
    copy.begin();
    const end = copy.write(given, 0, given.length, 0, 5_000);
    expect(end).toBeLessThan(200);
    expect(copy.length).toBeGreaterThanOrEqual(5_000);
    expect(copy.length).toBeLessThan(5_200);
  });

  it('is not spoiled by a row that is refused', () => {
    const copy = new CopyRows(columns, 'binary', new TypeMap(), true);
    const given = [...rows(2), [1, () => 1, true, 0, 0]];
    copy.begin();
    expect(() => copy.write(given, 0, 3, 40, Infinity)).toThrow('Column "c1" of row 42 is a function');
    expect(Buffer.from(copy.take())).toEqual(encode('binary', rows(2)).subarray(0, -2));
  });
});

it('the text format escapes what the manual says', () => {
  const given = [
    [1, 'a\tb\nc\rd\\e', false, 0.5, null],
    [-2147483648, '\\N', true, NaN, undefined],
    [0, '', null, -0, 7],
  ];
  expect(encode('text', given).toString()).toBe(
    '1\ta\\tb\\nc\\rd\\\\e\tfalse\t0.5\t\\N\n-2147483648\t\\\\N\ttrue\tNaN\t\\N\n0\t\t\\N\t-0\t7\n',
  );
});

describe.each(['binary', 'text'] as const)('%s', (format) => {
  it('is the same from objects, whatever their columns are called', () => {
    const names = ['__proto__', 'constructor', 'a"b\'c\\', '\u2028', '中文'];
    const named = columns.map((column, i) => ({ ...column, name: names[i] ?? '' }));
    const objects = rows(50).map((row) => {
      const object: Record<string, unknown> = {};
      for (const [i, name] of names.entries())
        Object.defineProperty(object, name, { value: row[i], enumerable: true });
      return object;
    });
    expect(encode(format, objects, named)).toEqual(encode(format, rows(50)));
  });

  it('is the same where no code may be generated', async () => {
    const program = `
      const { CopyRows, COPY_TRAILER } = require('${root}/dist/encoding/copy-rows.js');
      const { TypeMap } = require('${root}/dist/types/type-map.js');
      const rows = JSON.parse(process.argv[2]);
      for (const given of [rows, rows.map((row) => Object.fromEntries(row.map((value, i) => ['c' + i, value])))]) {
        const copy = new CopyRows(JSON.parse(process.argv[1]), '${format}', new TypeMap(), true);
        copy.begin();
        copy.write(given, 0, given.length, 0, Infinity);
        if ('${format}' === 'binary') copy.put(COPY_TRAILER);
        console.log(Buffer.from(copy.take()).toString('hex'));
      }`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--disallow-code-generation-from-strings',
      ...['-e', program, JSON.stringify(columns), JSON.stringify(rows(50))],
    ]);
    const expected = encode(format, rows(50)).toString('hex');
    expect(stdout.trim().split('\n')).toEqual([expected, expected]);
  });
});
