import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { prepareValue } from '../../../lib/adapters/pg/values.js';

const { prepareValue: ofPg } = createRequire(__filename)('pg/lib/utils.js') as {
  prepareValue: (value: unknown) => unknown;
};

const HOLES: unknown[] = [1];
HOLES[2] = 2;

const VALUES: Record<string, unknown> = {
  numbers: [1, -1.5, 1e300, NaN, Infinity, -0, 10n, true, false],
  texts: ['', 'plain', 'with "quotes"', 'back\\slash', '\\"', '北京', 'null', '{}', 'a,b', '\n'],
  'nothing and holes': [null, undefined, HOLES],
  nested: [[1, 2], [[3], []], ['a"b']],
  objects: [{ a: 'x"y' }, { toPostgres: () => 'own "text"' }],
  bytes: [Buffer.from('ab'), new Uint8Array([1, 255])],
  dates: [
    new Date(0),
    new Date(1_700_000_000_123),
    new Date(Date.UTC(2024, 6, 1)),
    new Date(Date.UTC(-44, 2, 15)),
    new Date(Date.UTC(99, 11, 31, 23, 59, 59, 999)),
    new Date(Date.UTC(12_024, 0, 1)),
    new Date(NaN),
  ],
};

describe('a value of the pg module', () => {
  it.each(Object.entries(VALUES))('is written as by pg, alone and in an array: %s', (_kind, values) => {
    expect(prepareValue(values)).toEqual(ofPg(values));
    for (const value of values as unknown[]) expect(prepareValue(value)).toEqual(ofPg(value));
  });
});
