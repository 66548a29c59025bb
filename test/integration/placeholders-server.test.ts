import fc from 'fast-check';
import type { Database } from 'kingbase-native';
import { expect, it } from 'vitest';
import { bindPlaceholders } from '../../lib/sql/placeholders.js';
import { targets, withDatabase } from '../support/targets.js';

const [target] = targets();

/** What the server answers: the row, or its complaint. */
async function answer(db: Database, sql: string, values: readonly unknown[]): Promise<unknown> {
  try {
    return (await db.query(sql, values, { rowMode: 'array' })).rows;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : error;
  }
}

/** The text as an application writes it, its parameters, and the same with `$n` by hand. */
type Case = [sql: string, parameters: object | undefined, byHand: string, values: unknown[]];

const JSON_TEXT = '{"a":1,"b":2}';

const cases: Case[] = [
  ['SELECT ?::int, ?::text', [1, 'x'], 'SELECT $1::int, $2::text', [1, 'x']],
  [`SELECT '?', 'it''s ?', ?::int`, [1], `SELECT '?', 'it''s ?', $1::int`, [1]],
  [`SELECT E'\\'?', E'\\\\', ?::int`, [1], `SELECT E'\\'?', E'\\\\', $1::int`, [1]],
  [`SELECT '\\', ?::int, '\\'`, [1], `SELECT '\\', $1::int, '\\'`, [1]],
  [`SELECT E'a'\n  '\\'?', ?::int`, [1], `SELECT E'a'\n  '\\'?', $1::int`, [1]],
  [`SELECT E'a' -- b'?\n  '\\'?', ?::int`, [1], `SELECT E'a' -- b'?\n  '\\'?', $1::int`, [1]],
  [
    `SELECT U&'\\0041?', U&"x\\0041?" FROM (SELECT ?::int AS "xA?") t`,
    [1],
    `SELECT U&'\\0041?', U&"x\\0041?" FROM (SELECT $1::int AS "xA?") t`,
    [1],
  ],
  [`SELECT B'01', X'1F', N'?', ?::int`, [1], `SELECT B'01', X'1F', N'?', $1::int`, [1]],
  ['SELECT $$?$1$$, $t$ $$ ? $u$ $t$, ?::int', [1], 'SELECT $$?$1$$, $t$ $$ ? $u$ $t$, $1::int', [1]],
  ['SELECT $a$ $b$a$, ?::int', [1], 'SELECT $a$ $b$a$, $1::int', [1]],
  ['SELECT ?::int AS "a?""?", 1 AS a$1', [1], 'SELECT $1::int AS "a?""?", 1 AS a$1', [1]],
  [
    'SELECT 1 /* ? /* ? */ ? */ + ?::int -- ?\n + 1',
    [1],
    'SELECT 1 /* ? /* ? */ ? */ + $1::int -- ?\n + 1',
    [1],
  ],
  ['SELECT 1+--?\r?::int', [1], 'SELECT 1+--?\r$1::int', [1]],
  [
    'SELECT -?::int, @ -?::int, 2*-?::int, ?::text||?',
    [1, 2, 3, 'a', 'b'],
    'SELECT -$1::int, @ -$2::int, 2*-$3::int, $4::text||$5',
    [1, 2, 3, 'a', 'b'],
  ],
  ['SELECT?::int LIMIT?', [1, 1], 'SELECT $1::int LIMIT $2', [1, 1]],
  [
    'SELECT ?列, NOT?::bool OR?::bool',
    ['x', true, true],
    'SELECT $1 列, NOT $2::bool OR $3::bool',
    ['x', true, true],
  ],
  [
    'SELECT (ARRAY[1,2,3])[?:?], (ARRAY[1,2,3])[?]',
    [1, 2, 3],
    'SELECT (ARRAY[1,2,3])[$1:$2], (ARRAY[1,2,3])[$3]',
    [1, 2, 3],
  ],

  // The server's own operators.
  [`SELECT '${JSON_TEXT}'::jsonb ?? ?`, ['a'], `SELECT '${JSON_TEXT}'::jsonb ? $1`, ['a']],
  [
    `SELECT '${JSON_TEXT}'::jsonb ??| ?, '${JSON_TEXT}'::jsonb ??& ?`,
    [
      ['a', 'z'],
      ['a', 'z'],
    ],
    `SELECT '${JSON_TEXT}'::jsonb ?| $1, '${JSON_TEXT}'::jsonb ?& $2`,
    [
      ['a', 'z'],
      ['a', 'z'],
    ],
  ],
  [
    `SELECT ?::jsonb @?? '$.a', ?::jsonb @@ '$.a == 1'`,
    [JSON_TEXT, JSON_TEXT],
    `SELECT $1::jsonb @? '$.a', $2::jsonb @@ '$.a == 1'`,
    [JSON_TEXT, JSON_TEXT],
  ],
  [`SELECT '${JSON_TEXT}'::jsonb???`, ['a'], `SELECT '${JSON_TEXT}'::jsonb?$1`, ['a']],
  [
    `SELECT '${JSON_TEXT}'::jsonb ? $1, '${JSON_TEXT}'::jsonb ?? $1`,
    ['z'],
    `SELECT '${JSON_TEXT}'::jsonb ? $1, '${JSON_TEXT}'::jsonb ? $1`,
    ['z'],
  ],
  [`SELECT '${JSON_TEXT}'::jsonb ? 'a'`, undefined, `SELECT '${JSON_TEXT}'::jsonb ? 'a'`, []],
  [`SELECT '${JSON_TEXT}'::jsonb ?? 'z', '??'`, [], `SELECT '${JSON_TEXT}'::jsonb ? 'z', '??'`, []],
  [
    `SELECT ?- '((0,0),(1,0))'::lseg, '((0,0),(1,0))'::lseg ?-| '((0,0),(0,1))'`,
    undefined,
    `SELECT ?- '((0,0),(1,0))'::lseg, '((0,0),(1,0))'::lseg ?-| '((0,0),(0,1))'`,
    [],
  ],
  [
    `SELECT 5 # ?::int, '{"a":[7]}'::json #>> ?`,
    [2, ['a', '0']],
    `SELECT 5 # $1::int, '{"a":[7]}'::json #>> $2`,
    [2, ['a', '0']],
  ],

  ['SELECT :a::int, :b::text, :a', { a: 1, b: 'x' }, 'SELECT $1::int, $2::text, $1', [1, 'x']],
  [
    `SELECT ':a', E'\\':a', $$:a$$, ":a" FROM (SELECT :a::int AS ":a") t -- :a`,
    { a: 1 },
    `SELECT ':a', E'\\':a', $$:a$$, ":a" FROM (SELECT $1::int AS ":a") t -- :a`,
    [1],
  ],
  [
    'SELECT make_interval(days := :d, hours=>:h)::text',
    { d: 1, h: 2 },
    'SELECT make_interval(days := $1, hours=>$2)::text',
    [1, 2],
  ],
  ['SELECT :姓名::text AS 姓名', { 姓名: '王' }, 'SELECT $1::text AS 姓名', ['王']],
  [`SELECT :doc::jsonb ? :key`, { doc: JSON_TEXT, key: 'b' }, `SELECT $1::jsonb ? $2`, [JSON_TEXT, 'b']],
  ['SELECT 1 LIMIT:n', { n: 1 }, 'SELECT 1 LIMIT $1', [1]],
  [
    'SELECT a[1:2], a[x:y], a[x+0:y], a[(x):(y)], a[b[1]:y], a[x::int:y], a[:2], a[2:], a[:], a[: y], a[:x::int], a[:x::int : :y], a[:x : y], a[:x:y], a[x: :y] FROM (SELECT ARRAY[5,6,7,8] AS a, ARRAY[2] AS b, 2 AS x, 3 AS y) t',
    { x: 1, y: 4 },
    'SELECT a[1:2], a[x:y], a[x+0:y], a[(x):(y)], a[b[1]:y], a[x::int:y], a[:2], a[2:], a[:], a[: y], a[$1::int], a[$1::int : $2], a[$1 : y], a[$1:y], a[x: $2] FROM (SELECT ARRAY[5,6,7,8] AS a, ARRAY[2] AS b, 2 AS x, 3 AS y) t',
    [1, 4],
  ],
  [
    'SELECT ARRAY[CASE WHEN :a THEN :b::int ELSE :c END,:b]',
    { a: true, b: 1, c: 2 },
    'SELECT ARRAY[CASE WHEN $1 THEN $2::int ELSE $3 END,$2]',
    [true, 1, 2],
  ],
];

it.each(cases)('the server takes %s as if written by hand', async (sql, parameters, byHand, values) => {
  await withDatabase(target!, async (db) => {
    const bound = bindPlaceholders(sql, parameters);
    expect(bound.values).toEqual(values);
    const expected = await answer(db, byHand, values);
    // A case that the server refuses would show nothing.
    expect(expected).toBeInstanceOf(Array);
    expect(await answer(db, bound.sql, bound.values)).toEqual(expected);
  });
});

it('reads literals, names and comments where the server does', { timeout: 120_000 }, async () => {
  const tricky = fc.constantFrom(
    ...Array.from(`'"$?:-/*\\`),
    ...["''", '""', '$$', '$a$', '--', '/*', '*/', "E'", 'a', ' ', '\n'],
  );
  const runs = Number(process.env['FUZZ_RUNS'] ?? 300);
  let accepted = 0;
  await withDatabase(target!, async (db) => {
    await fc.assert(
      // Where the server takes the text with a parameter behind whatever is random, the placeholder must be seen there,
      // and nothing else may be rewritten.
      fc.asyncProperty(fc.array(tricky, { maxLength: 8 }), async (parts) => {
        const body = parts.join('');
        for (const [opening, closing] of [
          ["'", "'"],
          ["E'", "'"],
          ['$$', '$$'],
          ['$a$', '$a$'],
          ['/*', '*/'],
          ['', ''],
        ]) {
          const start = `SELECT 7${opening === '/*' ? ' ' : ','}${opening!}${body}${closing!}\n`;
          const byHand = await answer(db, `${start}, $1::int4`, [42]);
          if (typeof byHand === 'string') continue;
          accepted += 1;
          const named = bindPlaceholders(`${start}, :end::int4`, { end: 42 });
          expect({ start, answer: await answer(db, named.sql, named.values) }).toEqual({
            start,
            answer: byHand,
          });
        }
      }),
      { numRuns: runs },
    );
  });
  expect(accepted).toBeGreaterThan(runs);
});
