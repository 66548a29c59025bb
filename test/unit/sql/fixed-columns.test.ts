import { describe, expect, it } from 'vitest';
import { fixesColumns } from '../../../lib/sql/fixed-columns.js';

describe('whether a text fixes its columns', () => {
  it.each([
    'SELECT 1',
    ' select 1',
    '/* a /* b */ */ -- c\nSELECT 1',
    '((SELECT 1) UNION SELECT 2)',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES (1)',
    'TABLE t',
    'INSERT INTO t VALUES (1) RETURNING *',
    'Update t SET a = 1 RETURNING a',
    'DELETE FROM t RETURNING a',
  ])('%j does', (sql) => {
    expect(fixesColumns(sql)).toBe(true);
  });
  it.each([
    'FETCH ALL FROM c',
    '/* SELECT */ FETCH c',
    'EXECUTE p',
    'CALL p()',
    'SHOW a',
    '"select"',
    '',
    '()',
    '-- SELECT',
  ])('%j does not', (sql) => {
    expect(fixesColumns(sql)).toBe(false);
  });
});
