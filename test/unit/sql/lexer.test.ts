import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokens, type TokenKind } from '../../../lib/sql/lexer.js';
import { numRuns, sqlText } from './arbitraries.js';

const SHORT: Readonly<Record<TokenKind, string>> = {
  space: '_',
  comment: 'c',
  word: 'w',
  'quoted-name': 'q',
  string: 's',
  number: 'n',
  parameter: 'p',
  operator: 'o',
  punctuation: '.',
};

/** `w SELECT`, `n 1`, … without the white space. */
function lexed(sql: string): string[] {
  return [...tokens(sql)]
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, start, end }) => `${SHORT[kind]} ${sql.slice(start, end)}`);
}

describe('tokens', () => {
  it.each<[what: string, sql: string, expected: string[]]>([
    ['nothing', '', []],
    ['words', 'Select _a a$1 表名 été', ['w Select', 'w _a', 'w a$1', 'w 表名', 'w été']],
    ['the ideographic space as a space', 'a\u3000b', ['w a', 'w b']],
    [
      'numbers',
      '1 1.5 .5 1. 1e10 1.5E-3 1..10',
      ['n 1', 'n 1.5', 'n .5', 'n 1.', 'n 1e10', 'n 1.5E-3', 'n 1', '. ..', 'n 10'],
    ],
    ['a number with a word behind it', '1and 1e 2e+', ['n 1', 'w and', 'n 1', 'w e', 'n 2', 'w e', 'o +']],
    ['parameters', '$1 $20 $', ['p $1', 'p $20', '. $']],
    ['a dollar sign in a name', 'a$1 $1a', ['w a$1', 'p $1', 'w a']],

    ['plain strings', `'a' '' 'it''s' '\\' 'x'`, [`s 'a'`, `s ''`, `s 'it''s'`, `s '\\'`, `s 'x'`]],
    [
      'escape strings',
      `E'a\\'b' e'\\\\' E'a''b' f'x'`,
      [`s E'a\\'b'`, `s e'\\\\'`, `s E'a''b'`, 'w f', `s 'x'`],
    ],
    ['an escape string after a number', `1E'\\''`, ['n 1', `s E'\\''`]],
    ['a word that ends in e', `like'\\'`, ['w like', `s '\\'`]],
    ['a continued escape string', `E'a'\n '\\'' x`, [`s E'a'\n '\\''`, 'w x']],
    ['one continued behind comments', `E'a' -- b'\n -- c\n'\\'' x`, [`s E'a' -- b'\n -- c\n'\\''`, 'w x']],
    ['one that is not continued on its own line', `E'a' '\\' x`, [`s E'a'`, `s '\\'`, 'w x']],
    ['one followed by an operator', `E'a'\n - '\\' x`, [`s E'a'`, 'o -', `s '\\'`, 'w x']],
    ['a continued plain string', `'a'\n'\\' x`, [`s 'a'`, `s '\\'`, 'w x']],
    [
      'other prefixes',
      `B'01' x'fF' N'\\' U&'\\' u&'a''b'`,
      [`s B'01'`, `s x'fF'`, `s N'\\'`, `s U&'\\'`, `s u&'a''b'`],
    ],
    ['a prefix that stands apart', `U & 'a' e 'b'`, ['w U', 'o &', `s 'a'`, 'w e', `s 'b'`]],
    ['dollar quotes', `$$a'b$$ $t$ $$ $u$ $t$ $é1$x$é1$`, [`s $$a'b$$`, 's $t$ $$ $u$ $t$', 's $é1$x$é1$']],
    ['a closing tag behind another one', '$a$ $b$a$ x', ['s $a$ $b$a$', 'w x']],
    ['what is no dollar quote', 'a$$b$$ $1$ $a b$', ['w a$$b$$', 'p $1', '. $', '. $', 'w a', 'w b$']],
    [
      'oracle strings',
      `q'[it's]' Q'{?}' nq'!a'b!' q'<'>'`,
      [`s q'[it's]'`, `s Q'{?}'`, `s nq'!a'b!'`, `s q'<'>'`],
    ],
    ['what is no oracle string', `q'' q' a ' q'[a'`, ['w q', `s ''`, 'w q', `s ' a '`, 'w q', `s '[a'`]],

    ['quoted names', `"a" "a""b" "it's" U&"\\"`, ['q "a"', 'q "a""b"', `q "it's"`, 'q U&"\\"']],
    ['names in backquotes', '`a` `a``b` =`c`', ['q `a`', 'q `a`', 'q `b`', 'o =', 'q `c`']],
    ['a backquote alone', 'a ` b', ['w a', 'o `', 'w b']],

    ['line comments', `a--b ' "\nc--d\re--`, ['w a', `c --b ' "`, 'w c', 'c --d', 'w e', 'c --']],
    ['block comments', `a/*b*/c/* /* ' */ */d`, ['w a', 'c /*b*/', 'w c', `c /* /* ' */ */`, 'w d']],
    ['a block comment that closes late', '/*/ a */b', ['c /*/ a */', 'w b']],
    ['many stars', '/***/a/****/', ['c /***/', 'w a', 'c /****/']],
    ['comments against operators', 'a+--b\n*/*c*/d', ['w a', 'o +', 'c --b', 'o *', 'c /*c*/', 'w d']],

    [
      'operators',
      'a->>b @> ?| ?& @? ?? #- <=> |/',
      ['w a', 'o ->>', 'w b', 'o @>', 'o ?|', 'o ?&', 'o @?', 'o ??', 'o #-', 'o <=>', 'o |/'],
    ],
    [
      'operators that end in a sign',
      'a=-1 a*-+-b @- +++ ++*',
      [
        'w a',
        'o =',
        'o -',
        'n 1',
        'w a',
        'o *',
        'o -',
        'o +',
        'o -',
        'w b',
        'o @-',
        'o +',
        'o +',
        'o +',
        'o ++*',
      ],
    ],
    [
      'casts, slices, assignments',
      'a::int[1:2] b:=c d=>e',
      ['w a', '. ::', 'w int', '. [', 'n 1', '. :', 'n 2', '. ]', 'w b', '. :=', 'w c', 'w d', 'o =>', 'w e'],
    ],
    ['three colons', 'a:::b', ['w a', '. ::', '. :', 'w b']],
    [
      'punctuation and strays',
      'a.b,(c);{\\\0',
      ['w a', '. .', 'w b', '. ,', '. (', 'w c', '. )', '. ;', '. {', '. \\', '. \0'],
    ],
  ])('knows %s', (_what, sql, expected) => {
    expect(lexed(sql)).toEqual(expected);
  });

  it.each([`'a`, `'a''`, `E'a\\'`, `E'a\\`, `B'1`, `U&'a`, '"a', 'U&"a', '$$a$', '$t$ $$', '/*a/* */'])(
    'lets the unterminated %s run to the end',
    (opening) => {
      expect(lexed(`${opening} ? b`)).toHaveLength(1);
    },
  );

  it('covers every text without gaps', () => {
    fc.assert(
      fc.property(sqlText, (sql) => {
        let end = 0;
        for (const token of tokens(sql)) {
          expect(token.start).toBe(end);
          expect(token.end).toBeGreaterThan(end);
          ({ end } = token);
        }
        expect(end).toBe(sql.length);
      }),
      { numRuns },
    );
  });

  // Quadratic time would be minutes for most of them.
  const million = (text: string): string => text.repeat(Math.ceil(1_000_000 / text.length));
  it.each([
    million('a'),
    million(' '),
    million('+'),
    million('+-'),
    million('?'),
    million('*-'),
    million('/**/+'),
    million('/*'),
    million('a--b '),
    million("'"),
    million("E'"),
    million("E'' "),
    million("E''-- a\n"),
    `E''${million('--')}`,
    `E''${million('\n')}`,
    `E''\n${million('-- \n')}`,
    million("q'["),
    million("q'(q'{q'<q'!q'aq'b"),
    million('`').slice(1),
    `${million("q'[")}\``,
    million('"a'),
    million('$'),
    million('$a'),
    million('$a$b'),
    `$${million('a')}`,
    `$${'a'.repeat(300_000)}$${million('a')}`,
    `$${'a'.repeat(300_000)}$${million(`${'a'.repeat(300_000)}$`)}`,
    million('1.'),
    million('1e'),
    million('1e+'),
    million(':'),
    million('a[:b]::c '),
    million('\ud800'),
    million('\u3000'),
  ])('takes linear time, case %#', (sql) => {
    let end = 0;
    for (const token of tokens(sql)) ({ end } = token);
    expect(end).toBe(sql.length);
  });
});
