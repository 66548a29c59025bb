import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/errors/index.js';
import { tokens } from '../../../lib/sql/lexer.js';
import { PlaceholderCache } from '../../../lib/sql/placeholder-cache.js';
import { bindPlaceholders, compilePlaceholders } from '../../../lib/sql/placeholders.js';
import { numRuns, sqlText } from './arbitraries.js';

function failure(action: () => unknown): UsageError {
  try {
    action();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('positional placeholders', () => {
  it.each<[what: string, sql: string, rewritten: string]>([
    ['in order', 'INSERT INTO t VALUES (?, ?,?)', 'INSERT INTO t VALUES ($1, $2,$3)'],
    ['with casts', 'SELECT ?::int, ?::text[]', 'SELECT $1::int, $2::text[]'],
    ['beside operators', 'SELECT ?||?, -?, a>=?, ?@>?', 'SELECT $1||$2, -$3, a>=$4, $5@>$6'],
    ['in subscripts', 'SELECT a[?], a[?:?]', 'SELECT a[$1], a[$2:$3]'],
    ['beside comments', 'SELECT ?--?\n,?/*?*/', 'SELECT $1--?\n,$2/*?*/'],
    [
      'but not in literals',
      `SELECT '?', E'\\'?', $$?$$, $a$ ? $a$, U&'?', q'[?'?]', ?`,
      `SELECT '?', E'\\'?', $$?$$, $a$ ? $a$, U&'?', q'[?'?]', $1`,
    ],
    ['but not in names', 'SELECT "a?", `b?`, ?', 'SELECT "a?", `b?`, $1'],
    ['apart from words', 'SELECT?FROM t LIMIT?', 'SELECT $1 FROM t LIMIT $2'],
    ['apart from digits', 'SELECT 1?1', 'SELECT 1 $1 1'],
    ['apart from Chinese', '列?列', '列 $1 列'],
    ['apart from dollar signs', '$?$', '$ $1 $'],
    ['apart from quotes', `?'a'?"b"`, `$1 'a'$2"b"`],
    [
      'with the escaped operator',
      'a ?? ? AND b ??| ? AND c ??& ? AND d @?? ?',
      'a ? $1 AND b ?| $2 AND c ?& $3 AND d @? $4',
    ],
    ['with the escaped operator at once', 'a????', 'a??'],
    ['with the operator first of three', 'a???', 'a?$1'],
  ])('%s', (_what, sql, rewritten) => {
    const values = Array.from({ length: rewritten.match(/\$\d/g)?.length ?? 0 }, (_, index) => index);
    // A text without a placeholder is still one with parameters.
    const compiled = compilePlaceholders(sql, 'positional');
    expect(compiled).toEqual({ sql: rewritten, count: values.length });
    if (values.length > 0) expect(bindPlaceholders(sql, values)).toEqual({ sql: rewritten, values });
  });

  it.each<[what: string, sql: string, rewritten: string]>([
    ['leaves ? to the server in a text with $n', 'a ? $1 AND b ?| $2', 'a ? $1 AND b ?| $2'],
    ['whichever comes first', 'a @? $1 AND b ? $2', 'a @? $1 AND b ? $2'],
    ['unescapes ?? in a text with $n', 'a ?? $1 AND b ?? $2', 'a ? $1 AND b ? $2'],
    ['gives back a text without ?', 'a = $1 AND b = $2', 'a = $1 AND b = $2'],
  ])('%s', (_what, sql, rewritten) => {
    expect(bindPlaceholders(sql, [7, 8])).toEqual({ sql: rewritten, values: [7, 8] });
  });

  it('does not take $n in literals, names and comments for parameters', () => {
    expect(bindPlaceholders(`SELECT '$1', "$1", a$1 /*$1*/, ? --$1`, [7])).toEqual({
      sql: `SELECT '$1', "$1", a$1 /*$1*/, $1 --$1`,
      values: [7],
    });
  });

  it.each([undefined, []])('leaves ? to the server for the parameters %j', (parameters) => {
    const sql = `SELECT a ? 'b', a ?| c, '??'`;
    expect(bindPlaceholders(sql, parameters)).toEqual({ sql, values: [] });
    expect(bindPlaceholders(`SELECT a ?? '??'`, parameters)).toEqual({ sql: `SELECT a ? '??'`, values: [] });
  });

  it('passes the caller’s array on', () => {
    const values = [1, 2];
    expect(bindPlaceholders('SELECT ?, ?', values).values).toBe(values);
  });

  it.each<[sql: string, values: unknown[], message: string, hint: string | undefined]>([
    [
      'SELECT ?, ?',
      [1],
      'The statement has 2 placeholders (?), but 1 value was given.',
      'Write ?? for the operator ?.',
    ],
    ['SELECT ?', [1, 2], 'The statement has 1 placeholder (?), but 2 values were given.', undefined],
    ...[`SELECT '?'`, 'SELECT a ?? b'].map((sql): [string, unknown[], string, string] => [
      sql,
      [1],
      'The statement has 0 placeholders (?), but 1 value was given.',
      'A ? in quotes or in a comment, and ??, are no placeholders.',
    ]),
  ])('counts: %s', (sql, values, message, hint) => {
    const error = failure(() => bindPlaceholders(sql, values));
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({
      code: 'KB_BAD_PARAMETER',
      message,
      hint,
    });
  });
});

describe('named placeholders', () => {
  it.each<[what: string, sql: string, rewritten: string, names: string[]]>([
    ['in order', 'a = :a AND b = :b', 'a = $1 AND b = $2', ['a', 'b']],
    ['the same one twice', ':b, :a, :b', '$1, $2, $1', ['b', 'a']],
    ['in their letter case', ':a, :A', '$1, $2', ['a', 'A']],
    ['with digits, _ and Chinese', ':a1, :_b, :姓名, :é_1', '$1, $2, $3, $4', ['a1', '_b', '姓名', 'é_1']],
    ['with casts', ':a::int, b::text, :c::a.d', '$1::int, b::text, $2::a.d', ['a', 'c']],
    ['beside operators', 'a=:a,b>=:b OR -:c||:d', 'a=$1,b>=$2 OR -$3||$4', ['a', 'b', 'c', 'd']],
    [
      'but not in literals',
      `':a', E'\\':a', $$:a$$, $b$:a$b$, q'[:a]', :a`,
      `':a', E'\\':a', $$:a$$, $b$:a$b$, q'[:a]', $1`,
      ['a'],
    ],
    ['but not in names and comments', '":a", `:a` --:a\n/*:a*/:b', '":a", `:a` --:a\n/*:a*/$1', ['b']],
    ['but not in assignments', 'f(x := :a, y:=:b, z=>:c)', 'f(x := $1, y:=$2, z=>$3)', ['a', 'b', 'c']],
    ['but not digits', ':a, :1', '$1, :1', ['a']],
    ['but not with a space', ':a, : b', '$1, : b', ['a']],
    ['apart from words', 'LIMIT:a', 'LIMIT $1', ['a']],
    ['apart from dollar signs', '$:a', '$ $1', ['a']],
    ['with the server’s operator', 'a ? :b AND c ?| :d', 'a ? $1 AND c ?| $2', ['b', 'd']],
    ['with the escaped operator', 'a ?? :b', 'a ? $1', ['b']],

    ['not in slices of numbers', 'a[1:2] + :a', 'a[1:2] + $1', ['a']],
    [
      'not in slices of columns',
      'a[x:y], a[x.y:z], a["x":y], a[f(x):y], a[b[1]:y], :a',
      'a[x:y], a[x.y:z], a["x":y], a[f(x):y], a[b[1]:y], $1',
      ['a'],
    ],
    ['not in slices with casts', 'a[x::int:y], a[1:y::int], :a', 'a[x::int:y], a[1:y::int], $1', ['a']],
    ['not in open slices', 'a[1:], a[:2], a[:], a[: y], :a', 'a[1:], a[:2], a[:], a[: y], $1', ['a']],
    ['in slices, apart', 'a[:from : :to]', 'a[$1 : $2]', ['from', 'to']],
    [
      'in slices, together',
      'a[:from::int:y], a[:from:y], a[1: :to]',
      'a[$1::int:y], a[$1:y], a[1: $2]',
      ['from', 'to'],
    ],
    ['in subscripts', 'a[:i], ARRAY[:i,:j], a[(:i)+:j]', 'a[$1], ARRAY[$1,$2], a[($1)+$2]', ['i', 'j']],
    [
      'in expressions in brackets',
      'ARRAY[CASE WHEN :a THEN :b END]',
      'ARRAY[CASE WHEN $1 THEN $2 END]',
      ['a', 'b'],
    ],
    ['after a bracket that is none', '], ]:a, a[x:y], y:b', '], ]:a, a[x:y], y $1', ['b']],
    [
      'after a parenthesis',
      'SELECT DISTINCT ON (a) :a, f(b):c',
      'SELECT DISTINCT ON (a) $1, f(b)$2',
      ['a', 'c'],
    ],
    ['not right after a literal', `f('k':v, 1:v), :a`, `f('k':v, 1:v), $1`, ['a']],
  ])('%s', (_what, sql, rewritten, names) => {
    expect(compilePlaceholders(sql, 'named')).toEqual({ sql: rewritten, names, count: names.length });
    const parameters = Object.fromEntries(names.map((name, index) => [name, index]));
    expect(bindPlaceholders(sql, { ...parameters, unused: 1 })).toEqual({
      sql: rewritten,
      values: names.map((_, index) => index),
    });
  });

  it('takes undefined for a value', () => {
    expect(bindPlaceholders(':a', { a: undefined }).values).toEqual([undefined]);
  });

  it('takes any object', () => {
    class Order {
      readonly id = 7;
    }
    expect(bindPlaceholders(':id', new Order()).values).toEqual([7]);
    const bare: unknown = Object.assign(Object.create(null), { id: 8 });
    expect(bindPlaceholders(':id', bare as object).values).toEqual([8]);
    expect(bindPlaceholders(':constructor', { constructor: 9 }).values).toEqual([9]);
  });

  it('refuses an object that has values, but no properties for them', () => {
    const kinds: Record<string, object> = {
      Map: new Map([['a', 1]]),
      Set: new Set([1]),
      Date: new Date(0),
      RegExp: /a/,
      Promise: Promise.resolve({ a: 1 }),
      Uint8Array: Buffer.from('a'),
      'a function': () => undefined,
      function: async () => Promise.resolve(),
      Error: new Error('a'),
      String: new String('a'),
      Null: null as never,
    };
    for (const [kind, parameters] of Object.entries(kinds)) {
      for (const sql of ['SELECT :a', 'SELECT 1', 'SELECT ?']) {
        expect(() => bindPlaceholders(sql, parameters), kind).toThrow(
          expect.objectContaining({
            code: 'KB_BAD_PARAMETER',
            message: expect.stringContaining(kind === 'Null' ? 'are null' : kind) as string,
          }),
        );
      }
    }
  });

  it('names what is missing, and what may have been meant', () => {
    expect(failure(() => bindPlaceholders(':userId', { user_id: 1, name: 's3cret' }))).toMatchObject({
      code: 'KB_BAD_PARAMETER',
      message:
        'The statement has the placeholder :userId, but the parameters have no "userId". Did you mean "user_id"?',
    });
    expect(failure(() => bindPlaceholders('a[:n]', { a: 's3cret' }))).toMatchObject({
      message: 'The statement has the placeholder :n, but the parameters have no "n".',
      hint: 'A colon that is no placeholder, such as that of an array slice, has a space behind it.',
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'does not find the inherited %s',
    (name) => {
      expect(failure(() => bindPlaceholders(`:${name}`, { a: 1 })).message).toContain(`no "${name}"`);
    },
  );

  it('refuses an object where the text has $n', () => {
    for (const sql of ['SELECT $1', 'SELECT $1, :a', 'SELECT :a, $1']) {
      expect(failure(() => bindPlaceholders(sql, { a: 1 }))).toMatchObject({
        code: 'KB_BAD_PARAMETER',
        message: 'The statement has the parameter $1, but the parameters are an object.',
      });
    }
    expect(bindPlaceholders(`SELECT '$1', :a`, { a: 1 }).sql).toBe(`SELECT '$1', $1`);
  });

  it('refuses an object of which nothing is used', () => {
    expect(failure(() => bindPlaceholders('SELECT 1', { timeout: 5 }))).toMatchObject({
      code: 'KB_BAD_PARAMETER',
      message: 'The parameters are an object with "timeout", but the statement has no named placeholder.',
    });
    expect(bindPlaceholders('SELECT 1', {})).toEqual({ sql: 'SELECT 1', values: [] });
  });

  it.each([null, 1, 'a', true, () => 1])('refuses the parameters %s', (parameters) => {
    expect(failure(() => bindPlaceholders('SELECT 1', parameters as unknown as object)).code).toBe(
      'KB_BAD_PARAMETER',
    );
  });
});

/** The text’s tokens, operators taken apart, without white space; placeholders by `placeholder`. */
function parts(sql: string, placeholder: (parameter: string) => string[]): string[] {
  return [...tokens(sql)].flatMap(({ kind, start, end }) => {
    const text = sql.slice(start, end);
    if (kind === 'space') return [];
    if (kind === 'operator') return [...text];
    return kind === 'parameter' ? placeholder(text) : [text];
  });
}

/** The parts with each `??`, which only an operator can hold, replaced by what it stands for. */
function unescaped(sql: string, question: string): string[] {
  return [...tokens(sql)].flatMap(({ kind, start, end }) => {
    const text = sql.slice(start, end);
    if (kind === 'space') return [];
    if (kind !== 'operator') return [text];
    return (text.match(/\?\?|./gsu) ?? []).map((part) =>
      part === '??' ? '?' : part === '?' ? question : part,
    );
  });
}

describe('rewriting', () => {
  it('changes nothing but placeholders: ?', () => {
    fc.assert(
      fc.property(sqlText, (sql) => {
        const compiled = compilePlaceholders(sql, 'positional');
        if (compiled.count === undefined) {
          expect(parts(compiled.sql, (text) => [text])).toEqual(unescaped(sql, '?'));
        } else {
          const seen: string[] = [];
          const rewritten = parts(compiled.sql, (text) => {
            seen.push(text);
            return ['<placeholder>'];
          });
          expect(rewritten).toEqual(unescaped(sql, '<placeholder>'));
          expect(seen).toEqual(Array.from({ length: compiled.count }, (_, index) => `$${index + 1}`));
        }
      }),
      { numRuns },
    );
  });

  it('changes nothing but placeholders: :name', () => {
    fc.assert(
      fc.property(sqlText, (sql) => {
        fc.pre([...tokens(sql)].every(({ kind }) => kind !== 'parameter'));
        const { sql: rewritten, names = [] } = compilePlaceholders(sql, 'named');
        const named = parts(rewritten, (parameter) => [':', names[Number(parameter.slice(1)) - 1]!]);
        expect(named).toEqual(unescaped(sql, '?'));
      }),
      { numRuns },
    );
  });

  it('finds exactly the placeholders that were put in', () => {
    // Each with `@` where a placeholder is. All stand for themselves, side by side.
    const positional = fc.constantFrom(
      '@',
      '@::int',
      'a = @',
      `'?' || @`,
      `E'\\'?'`,
      '"?"',
      '`?`',
      '$q$ ? $1 $q$',
      '/* ? /* ? */ */',
      '-- ?\n',
      'f(@, @)',
      'a[@:@]',
      `q'{'?}'`,
      `U&'\\'`,
      `'?'''`,
      '1',
    );
    const named = fc.constantFrom(
      '@',
      '@::int',
      'x::text',
      'a[1:2]',
      'a[x:y]',
      'a[@:y]',
      `':x'`,
      '$$:x$$',
      '":x"',
      '-- :x\n',
      '/* :x */',
      'b := @',
      'a[@ : @]',
      'a[: x]',
      `E'\\':x'`,
      'a ? @',
    );
    const texts = (fragment: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.array(fragment, { maxLength: 20 }).map((fragments) => fragments.join(' '));
    const number = (text: string): string => {
      let count = 0;
      return text.replaceAll('@', () => `$${++count}`);
    };
    fc.assert(
      fc.property(texts(positional), texts(named), (questions, names) => {
        const question = questions.replaceAll('@', '?');
        const { sql, count } = compilePlaceholders(question, 'positional');
        expect(sql).toBe(number(questions));
        expect(count ?? 0).toBe(questions.split('@').length - 1);

        let last = 0;
        const name = names.replaceAll('@', () => `:p${++last}`);
        expect(compilePlaceholders(name, 'named')).toEqual({
          sql: number(names),
          names: Array.from({ length: last }, (_, index) => `p${index + 1}`),
          count: last,
        });
      }),
      { numRuns },
    );
  });

  it('throws nothing but UsageErrors', () => {
    const parameters = fc.oneof(
      fc.constant(undefined),
      fc.array(fc.anything()),
      fc.dictionary(fc.string(), fc.anything()),
    );
    fc.assert(
      fc.property(sqlText, parameters, (sql, given) => {
        try {
          const { sql: rewritten, values } = bindPlaceholders(sql, given);
          expect(typeof rewritten).toBe('string');
          expect(Array.isArray(values)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns },
    );
  });

  it('takes linear time', () => {
    const size = 1_000_000;
    expect(compilePlaceholders('? '.repeat(size / 2), 'positional').count).toBe(size / 2);
    expect(compilePlaceholders('??'.repeat(size / 2), 'positional').sql).toBe('?'.repeat(size / 2));
    expect(compilePlaceholders(`${'+ '.repeat(size / 2)}?`, 'positional').count).toBe(1);
    expect(compilePlaceholders(':a '.repeat(size / 3), 'named').names).toEqual(['a']);
    const distinct = Array.from({ length: size / 10 }, (_, index) => `:n${index}`).join(',');
    expect(compilePlaceholders(distinct, 'named').count).toBe(size / 10);
    expect(compilePlaceholders('['.repeat(size), 'named').count).toBe(0);
  });
});

describe('PlaceholderCache', () => {
  it('keeps what it has compiled', () => {
    const cache = new PlaceholderCache();
    const compiled = cache.get('SELECT ?', 'positional');
    expect(compiled).toEqual({ sql: 'SELECT $1', count: 1 });
    expect(cache.get('SELECT ?', 'positional')).toBe(compiled);
    expect(bindPlaceholders('SELECT ?', [1], cache)).toEqual({ sql: 'SELECT $1', values: [1] });
  });

  it('tells the kinds of placeholders apart', () => {
    const cache = new PlaceholderCache();
    const sql = 'SELECT ?? ? :a';
    expect(cache.get(sql, 'positional').sql).toBe('SELECT ? $1 :a');
    expect(cache.get(sql, 'named').sql).toBe('SELECT ? ? $1');
    expect(cache.get(sql, 'none').sql).toBe('SELECT ? ? :a');
  });

  it('keeps no failure', () => {
    const cache = new PlaceholderCache();
    expect(failure(() => cache.get('SELECT $1', 'named'))).not.toBe(
      failure(() => cache.get('SELECT $1', 'named')),
    );
  });

  const statement = (index: number): string => `SELECT ? + ${String(index).padStart(4, '0')}`;

  it('drops what has not been used, and keeps what has', () => {
    const cache = new PlaceholderCache(10);
    const used = cache.get(statement(0), 'positional');
    const unused = cache.get(statement(1), 'positional');
    for (let index = 2; index < 100; index++) {
      cache.get(statement(index), 'positional');
      expect(cache.get(statement(0), 'positional')).toBe(used);
    }
    expect(cache.get(statement(1), 'positional')).not.toBe(unused);
  });

  it('is bounded by the length of the texts', () => {
    const { length } = statement(0);
    const cache = new PlaceholderCache(1000, 10 * length);
    const first = cache.get(statement(0), 'positional');
    for (let index = 1; index <= 4; index++) cache.get(statement(index), 'positional');
    expect(cache.get(statement(0), 'positional')).toBe(first);
    for (let index = 5; index <= 15; index++) cache.get(statement(index), 'positional');
    expect(cache.get(statement(0), 'positional')).not.toBe(first);

    const long = `SELECT ?${' '.repeat(10 * length)}`;
    expect(cache.get(long, 'positional')).not.toBe(cache.get(long, 'positional'));
  });
});
