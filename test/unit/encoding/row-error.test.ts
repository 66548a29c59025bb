import { describe, expect, it } from 'vitest';
import { copyPlace, isFaultOfRow, kindOfValue } from '../../../lib/encoding/row-error.js';
import { ConnectionError, DatabaseError, UsageError } from '../../../lib/errors/index.js';

function refused(where: string | undefined, C = '22P02'): DatabaseError {
  return DatabaseError.fromFields({ C, M: 'no', W: where });
}

describe('the place of an error of COPY', () => {
  const columns = ['id', 'a', 'a: b', 'line 7', '中文'];
  it.each([
    ['COPY town, line 5, column a: "x"', { row: 4, column: 'a' }],
    ['COPY town, line 5, column a', { row: 4, column: 'a' }],
    ['COPY town, line 5, column a: null input', { row: 4, column: 'a' }],
    ['COPY town, line 5, column a: b: "x"', { row: 4, column: 'a: b' }],
    ['COPY town, line 5, column line 7: "9"', { row: 4, column: 'line 7' }],
    ['COPY town, line 5, column 中文: "多\n行"', { row: 4, column: '中文' }],
    ['COPY town, line 5: "1\tx, column a: 3"', { row: 4, column: undefined }],
    ['COPY town, line 12345', { row: 12_344, column: undefined }],
    ['COPY town, line 5, column other: "x"', { row: 4, column: undefined }],
    // The server's own translations (zh_CN.po).
    ['COPY town, 行 5, 列 a: "x"', { row: 4, column: 'a' }],
    ['COPY town, 行 5', { row: 4, column: undefined }],
    ['PL/pgSQL function f() line 3 at RAISE\nCOPY town, line 5, column a: "x"', { row: 4, column: 'a' }],
    ['SQL statement "SELECT 1 FROM ONLY …"', undefined],
    [undefined, undefined],
  ])('%s', (where, expected) => {
    expect(copyPlace(refused(where), 'town', columns)).toEqual(expected);
  });

  it('is not misled by digits in the name of the table', () => {
    expect(copyPlace(refused('COPY t2, line 9'), 't2', [])).toEqual({ row: 8, column: undefined });
    expect(copyPlace(refused('COPY a b 3, line 9'), 'a b 3', [])).toEqual({ row: 8, column: undefined });
  });
});

describe('the fault of a row', () => {
  it.each(['22003', '23505', '23514', '21000', 'P0001', '54000', '44000'])('%s is', (code) => {
    expect(isFaultOfRow(refused(undefined, code))).toBe(true);
  });

  it.each(['42P01', '42501', '40001', '57014', '53100', '25P02', 'XX000'])('%s is not', (code) => {
    expect(isFaultOfRow(refused(undefined, code))).toBe(false);
  });

  it('no other error is, but that of a value that cannot be sent', () => {
    expect(isFaultOfRow(new UsageError('KB_BAD_OPTION', 'No option.'))).toBe(false);
    expect(
      isFaultOfRow(Object.assign(new UsageError('KB_BAD_PARAMETER', 'No value.'), { rowIndex: 0 })),
    ).toBe(true);
    expect(isFaultOfRow(new ConnectionError('KB_CONNECTION_LOST', 'Lost.'))).toBe(false);
    expect(isFaultOfRow(new Error('something'))).toBe(false);
  });
});

it('a value is told by its kind alone', () => {
  class Money {
    readonly cents = 1;
  }
  const values = [
    null,
    undefined,
    1,
    1n,
    'secret',
    true,
    Symbol('s'),
    () => 1,
    new Date(),
    Buffer.of(1),
    [1],
    {},
  ];
  expect([...values, new Money(), Object.create(null)].map(kindOfValue)).toEqual([
    ...['null', 'undefined', 'number', 'bigint', 'string', 'boolean', 'symbol', 'function', 'Date', 'Buffer'],
    ...['Array', 'Object', 'Money', 'Object'],
  ]);
});
