import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { functionsOfRead } from '../../../lib/sql/reads.js';

describe('what surely only reads', () => {
  it.each<[string, string[]]>([
    ['SELECT 1', []],
    ['  select a, b from t where a = $1 order by b limit 5 ;', []],
    ['TABLE t', []],
    ['VALUES (1), (2)', []],
    ['(SELECT 1) UNION (SELECT 2)', []],
    ['WITH a AS (SELECT 1) SELECT * FROM a', []],
    ['SELECT count(*), lower (b) FROM t', ['count', 'lower']],
    ['SELECT s.f(1), "G"(2) FROM t', ['f', 'g']],
    ['SELECT \'delete; for update\' AS "a b" -- nothing', []],
    ['SELECT a FROM t WHERE a IN (1, 2) AND EXISTS (SELECT 1) AND b = ANY ($1)', []],
    ['SELECT f /* why */ (1)', ['f']],
    ['SELECT s.filter(1), s.in(2), over(3), join(4)', ['filter', 'in', 'over', 'join']],
    [
      'SELECT sum(a) FILTER (WHERE a > 0) OVER (PARTITION BY (b)) FROM t JOIN (SELECT 1) u ON (true)',
      ['sum'],
    ],
  ])('%s', (sql, functions) => {
    expect(functionsOfRead(sql)).toEqual(functions);
  });

  // As in the list of what the vendor's own splitting takes for reads and for writes.
  it.each([
    ...[
      '',
      ';',
      'INSERT INTO t VALUES (1)',
      'UPDATE t SET a = 1',
      'DELETE FROM t',
      'MERGE INTO t USING u ON true',
    ],
    ...[
      'REPLACE INTO t VALUES (1)',
      'SELECT * INTO n FROM t',
      'SELECT * FROM t FOR UPDATE',
      'SELECT 1 FOR SHARE',
    ],
    ...['SELECT * FROM t FOR NO KEY UPDATE', 'WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d'],
    ...['SELECT 1; DELETE FROM t', 'SELECT 1;;', 'CALL p()', 'DO $$ $$', 'EXPLAIN ANALYZE DELETE FROM t'],
    ...['PREPARE p AS SELECT 1', 'EXECUTE p', 'DECLARE c CURSOR FOR SELECT 1', 'FETCH c', 'COPY t TO STDOUT'],
    ...[
      'LOCK t',
      'CREATE TABLE t (a int)',
      'VACUUM',
      'ANALYZE',
      'LISTEN c',
      'NOTIFY c',
      'SAVEPOINT s',
      'DISCARD ALL',
    ],
    ...[
      'SET a = 1',
      'RESET a',
      'SHOW a',
      'BEGIN',
      'COMMIT',
      'SELECT s.nextval FROM dual',
      'SELECT s.CURRVAL',
    ],
    ...[
      'SELECT * FROM pg_temp.t',
      "SELECT E'\\'; DELETE FROM t --'",
      "SELECT 'a\\' ; delete from t -- '",
      'SELECT `a`',
    ],
    ...['SELECT # c\n1', 'SELECT /*! 1 */', 'SELECT @a := 1', 'SELECT a := 1', 'SELECT $$x$$'],
  ])('is not %s', (sql) => {
    expect(functionsOfRead(sql)).toBeUndefined();
  });

  const words = fc.constantFrom(
    ...[
      'select',
      'SELECT',
      '1',
      '(',
      ')',
      ',',
      ' ',
      '\n',
      '-- x\n',
      '/* y */',
      "'a'",
      '"b"',
      't',
      'from',
      'where',
      ';',
    ],
    ...[
      'with',
      'as',
      'f(',
      '$1',
      '=',
      '::int4',
      '"',
      "'",
      '\\',
      '$$',
      '`',
      '[',
      ']',
      '#',
      'union',
      'table',
      'values',
    ],
  );
  const writes = fc.constantFrom(
    'insert',
    'UPDATE',
    'delete',
    'into',
    'for',
    'Merge',
    'call',
    'lock',
    'nextval',
  );

  it('has no word that writes, wherever that stands', () => {
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 12 }),
        writes,
        fc.array(words, { maxLength: 12 }),
        (a, write, b) => {
          const [before, after] = [a.join(' '), b.join(' ')];
          // Nothing is open before it that it could be a part of: then its words are words.
          if (/['"`$\\]|--|\/\*/.test(before)) return;
          expect(functionsOfRead(`${before} ${write} ${after}`)).toBeUndefined();
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('is one statement', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (a) => {
        const before = a.join(' ');
        if (/['"`$\\]|--|\/\*/.test(before)) return;
        expect(functionsOfRead(`${before} ; select 2`)).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('names every function', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), fc.array(words, { maxLength: 8 }), (a, b) => {
        const before = a.join(' ');
        if (/['"`$\\]|--|\/\*/.test(before)) return;
        const functions = functionsOfRead(`select ${before} , writes_it ( 1 ) ${b.join(' ')}`);
        if (functions !== undefined) expect(functions).toContain('writes_it');
      }),
      { numRuns: 2_000 },
    );
  });
});
