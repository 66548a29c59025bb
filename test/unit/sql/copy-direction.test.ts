import { describe, expect, it } from 'vitest';
import { copyDirection } from '../../../lib/sql/copy-direction.js';

describe('copyDirection', () => {
  it.each([
    'COPY t FROM STDIN',
    'copy t (a, b) from stdin with (format csv)',
    '/* COPY x TO STDOUT */ COPY "to stdout" FROM STDIN;',
    'COPY t FROM STDOUT',
    'COPY stdin FROM STDIN',
  ])('%s: from', (sql) => {
    expect(copyDirection(sql)).toBe('from');
  });

  it.each([
    'COPY t TO STDOUT',
    'COPY (SELECT a FROM stdin) TO STDOUT (FORMAT binary)',
    "COPY (SELECT ')' FROM t) TO STDOUT",
    '\n-- out\ncopy t to stdin',
  ])('%s: to', (sql) => {
    expect(copyDirection(sql)).toBe('to');
  });

  it.each([
    '',
    'SELECT 1',
    "COPY t FROM '/tmp/stdin'",
    "COPY t TO PROGRAM 'cat'",
    'INSERT INTO copy SELECT * FROM stdin',
    '"copy" t FROM STDIN',
    '-- COPY t FROM STDIN',
    'EXPLAIN COPY t FROM STDIN',
    'COPY FROM',
  ])('%s: neither', (sql) => {
    expect(copyDirection(sql)).toBeUndefined();
  });
});
