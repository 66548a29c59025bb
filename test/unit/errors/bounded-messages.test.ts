import { describe, expect, it } from 'vitest';
import { badRow, badValue } from '../../../lib/encoding/row-error.js';
import { KingbaseError, isDatabaseError, open, quoteIdentifier, UsageError } from '../../../lib/index.js';
import { quoteQualified } from '../../../lib/sql/identifiers.js';
import { bindPlaceholders as bindParameters } from '../../../lib/sql/placeholders.js';

/** As a request can have it: long, and steering a terminal. */
const GIVEN = `\x1b[2J\u202e${'x'.repeat(100_000)}`;

const db = open({ host: 'never.used' });

const CALLS: Readonly<Record<string, () => unknown>> = {
  'the name of an option': () => open({ [GIVEN]: 1 }),
  'the name of an option of the pool': () => open({ pool: { [GIVEN]: 1 } }),
  'a value of sslmode': () => open({ sslmode: GIVEN }),
  'a type that is none': () => db.query('SELECT 1', [], { types: { [GIVEN]: 'text' } }),
  'a type without functions': () => db.query('SELECT 1', [], { types: { [GIVEN]: {} } }),
  'a type with another member': () => db.query('SELECT 1', [], { types: { t: { [GIVEN]: 1 } } }),
  'a type whose function is none': () =>
    db.query('SELECT 1', [], { types: { [GIVEN]: { parse: 1 } } as never }),
  'an option of a call': () => db.query('SELECT 1', [], { [GIVEN]: 1 } as never),
  'a parameter': () => bindParameters(`SELECT :${'x'.repeat(100_000)}`, { [GIVEN]: 1 }),
  'a parameter too many': () => bindParameters('SELECT 1', { [GIVEN]: 1 }),
  'an event': () => db.on(GIVEN as 'notice', () => undefined),
  'a condition': () => isDatabaseError(undefined, GIVEN as 'unique_violation'),
  'a name': () => quoteQualified(['a', 'b', 'c', GIVEN]),
  'an empty name': () => quoteIdentifier(GIVEN, ''),
  'a weight': () => open({ host: 'a', cluster: { weights: { [GIVEN]: 1 } } }),
  'a column': () => {
    throw badValue(new UsageError('KB_BAD_PARAMETER', 'Parameter $1 is wrong.'), 0, GIVEN, 1);
  },
  'a missing property': () => {
    throw badRow(0, `is wrong.`, GIVEN);
  },
};

describe('a message has a piece of what was given, and nothing that a terminal obeys', () => {
  it.each(Object.entries(CALLS))('%s', async (_, call) => {
    let refused: unknown;
    try {
      await call();
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(KingbaseError);
    const { message, hint = '' } = refused as KingbaseError;
    for (const text of [message, hint]) {
      expect(text.length).toBeLessThan(1_000);
      expect(text).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    }
  });
});
