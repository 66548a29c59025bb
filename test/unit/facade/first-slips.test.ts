import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../lib/facade/calls/check-options.js';
import { DatabaseError, open, UsageError } from '../../../lib/index.js';
import { bindPlaceholders } from '../../../lib/sql/placeholders.js';
import { jsonText } from '../../../lib/types/parameter-text.js';

function refusalOf(call: () => unknown): UsageError {
  try {
    call();
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('The call was not refused.');
}

const holdsItself: { self?: object } = {};
holdsItself.self = holdsItself;

describe('what a newcomer writes by mistake is answered by what to write', () => {
  it.each<[string, () => unknown, string]>([
    ['a callback', () => bindPlaceholders('SELECT 1', () => undefined), 'No callback is taken'],
    [
      'options for parameters',
      () => bindPlaceholders('SELECT 1', { timeout: 5 }),
      'query(sql, [], { timeout',
    ],
    ['another object', () => bindPlaceholders('SELECT 1', { id: 5 }), 'Write a placeholder as :name'],
    ['a ? in quotes', () => bindPlaceholders("SELECT '?'", ['x']), 'in quotes or in a comment'],
    ['values one by one', () => checkOptions('a query', 2), 'query(sql, [a, b])'],
    ['a text behind a value', () => checkOptions('rows', 'x'), 'query(sql, [a, b])'],
    ['parameters for a COPY', () => checkOptions('copyTo', [1]), 'COPY takes no parameters'],
    [
      'an isolation level in capitals',
      () => checkOptions('begin', { isolation: 'SERIALIZABLE' }),
      '"serializable"',
    ],
    ['a row mode in the plural', () => checkOptions('a query', { rowMode: 'arrays' }), '"array"'],
    ['a bigint in JSON', () => jsonText({ a: 1n }, 0), 'JSON has no bigint'],
    ['a bigint by its name in SQL', () => open({ types: { bigint: 'number' } }), "Did you mean 'int8'?"],
    ['an object in itself', () => jsonText(holdsItself, 0), 'no object that holds itself'],
  ])('%s', (_, call, said) => {
    const error = refusalOf(call);
    expect(`${error.message} ${error.hint ?? ''}`).toContain(said);
    expect(error.explain('zh')).toMatch(/(?:提示：|是否)[^\n]*\p{Script=Han}/u);
  });

  it.each([
    ['url', 'a connection string as the first argument'],
    ['uri', 'a connection string as the first argument'],
    ['dsn', 'a connection string as the first argument'],
    ['hostname', '"host"'],
    ['connectionLimit', '"pool.max"'],
    ['poolSize', '"pool.max"'],
    ['pool_max', '"pool.max"'],
    ['idleTimeout', '"pool.idleTimeout"'],
    ['currentSchema', 'options: "-c search_path=…"'],
    ['useSSL', '"sslMode"'],
  ])('the option %s of other drivers', (name, meant) => {
    expect(refusalOf(() => open({ host: 'never.used', [name]: 'x' })).message).toContain(
      `did you mean ${meant}?`,
    );
  });
});

describe('explain', () => {
  it('names the row of a batch, and that rows are counted from 0', () => {
    const error = Object.assign(DatabaseError.fromFields({ C: '22P02', M: 'bad' }), {
      rowIndex: 1,
      column: 'id',
    });
    expect(error.explain('en')).toContain('Where: row 1, counted from 0, column id');
    expect(error.explain('zh')).toContain('位置：第 1 行（从 0 起计），列 id');
  });

  it('names line and column of a COPY, without the value', () => {
    const error = DatabaseError.fromFields({
      C: '22P02',
      M: 'bad',
      W: 'COPY city, line 2, column id: "secret"',
    });
    expect(error.explain('en')).toContain('Where: line 2 of the COPY, column id');
    expect(error.explain('zh')).toContain('位置：COPY 数据的第 2 行，列 id');
    expect(error.explain('en')).not.toContain('secret');
  });

  it('speaks of placeholders where the values do not fit them', () => {
    const error = refusalOf(() => bindPlaceholders('SELECT ?, ?', [1]));
    expect(error.explain('en')).toContain('The values do not fit the placeholders');
    expect(error.explain('zh')).toContain('给出的值与语句中的占位符不符');
  });
});
