import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADO_NET } from '../../../lib/config/adonet.js';
import { JDBC } from '../../../lib/config/jdbc.js';
import { ODBC } from '../../../lib/config/odbc.js';
import type { ResolvedConfig } from '../../../lib/config/index.js';
import { UsageError } from '../../../lib/errors/index.js';
import { read } from './foreign-form.js';

function outcome(text: string): UsageError | ResolvedConfig {
  try {
    return read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as UsageError;
  }
}

const START = fc.constantFrom(
  '',
  'Driver=K;',
  'Driver={K};Server=h;',
  'Server=h;User Id=u;',
  'host=h;',
  'host=h ',
  'jdbc:kingbase8://h/d?user=u&',
  'jdbc:kingbase8:',
  'kingbase://h/d?',
  'kingbase://',
);
const PIECE = fc.constantFrom(
  ...[
    '=',
    ';',
    '"',
    "'",
    '{',
    '}',
    ' ',
    '\n',
    '\\',
    '&',
    '?',
    '/',
    '@',
    ':',
    ',',
    '[',
    ']',
    '%',
    '%41',
    '+',
    '\0',
  ],
  ...[
    'Password=',
    'Pwd=',
    'password=',
    'host=',
    'SSL Mode=',
    'pqopt=',
    'driver=',
    'port=',
    'ssl',
    'sslmode=',
  ],
);

describe('connection strings of any form', () => {
  it('are refused by a UsageError only', () => {
    const piece = fc.oneof(PIECE, fc.string());
    fc.assert(
      fc.property(START, fc.array(piece, { maxLength: 15 }), (start, pieces) => {
        outcome(start + pieces.join(''));
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused by a UsageError only, whatever a key is given', () => {
    const value = fc.oneof(fc.string(), fc.constantFrom('0', '1', '-1', 'true', 'false', '1e999', '{', "'"));
    for (const [form, start, between] of [
      [ADO_NET, 'Server=h;', ';'],
      [ODBC, 'Driver=K;', ';'],
      [JDBC, 'jdbc:kingbase8:?', '&'],
    ] as const) {
      const keys = Object.keys(form.keys);
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), value), { maxLength: 3 }), (pairs) => {
          outcome(start + pairs.map((pair) => pair.join('=')).join(between));
        }),
        { numRuns: 500 },
      );
    }
  });

  it.each([
    ['Server=h;Password=', ';Database=d'],
    ['Server=h;Password="', '";Database=d'],
    ["Password='", "';Server=h"],
    ['password=', ';host=h'],
    ['Driver=K;Pwd=', ';Server=h'],
    ['Driver=K;Pwd={', '};Server=h'],
    ['Driver=K;pqopt={password=', '};Server=h'],
    ['jdbc:kingbase8://h/d?password=', '&user=u'],
    ['jdbc:kingbase8://u:', '@h/d'],
    ['kingbase://u:', '@h/d'],
    ['kingbase://h/d?password=', '&user=u'],
    ['host=h password=', ' user=u'],
    ["host=h password='", "' user=u"],
  ])('never show the password of %s…%s, however it is written', (before, after) => {
    // Pieces of the password are told from the rest of a message by a character that occurs nowhere else.
    const piece = fc.oneof(PIECE, fc.string({ unit: fc.constantFrom('§', 'x', '1') }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const result = outcome(before + pieces.join('§') + after);
        if (result instanceof UsageError) {
          expect(`${result.message} ${result.hint ?? ''} ${result.stack ?? ''}`).not.toContain('§');
        }
      }),
      { numRuns: 500 },
    );
  });

  // A quadratic reader would need longer for these than a test may take.
  it('are read in linear time', () => {
    const texts: string[] = [];
    for (const start of ['', 'Driver=K;Pwd=', 'Server=h;Password=', 'host=', 'jdbc:kingbase8:?initParams=']) {
      for (const piece of [
        '=',
        ';',
        '"',
        "'",
        '{',
        '}',
        ' ',
        '\\',
        '&',
        ',',
        'a',
        'a=',
        'a;',
        ';a=',
        ', ',
        "'a ",
        '{a}};',
      ]) {
        texts.push(start + piece.repeat(300_000), `${start}${piece.repeat(300_000)}=§`);
      }
    }
    for (const start of ['kingbase://', 'kingbase://h?', 'jdbc:kingbase8://', "host='", 'Password="', 'a ']) {
      for (const piece of ['@', ':', '/', '[', '%', ',', '?', '&a=', ' ', '""', "''"]) {
        texts.push(start + piece.repeat(300_000));
      }
    }
    for (const text of texts) outcome(text);
  });
});
