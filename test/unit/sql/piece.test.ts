import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sqlTag, type RunsSql } from '../../../lib/facade/sql-tag/tag.js';
import { statementOf, type SqlPiece } from '../../../lib/sql/piece.js';

const nobody = new Proxy({} as RunsSql, {
  get: () => {
    throw new Error('nothing is to be run');
  },
});
const sql = sqlTag(nobody);
const refusal = (code: string): unknown => expect.objectContaining({ name: 'UsageError', code });

function same(piece: SqlPiece, text: string, values: unknown[]): void {
  expect(statementOf(piece)).toStrictEqual({ text, values });
}

describe('templates', () => {
  it('have their values as parameters', () => {
    same(sql`SELECT 1`, 'SELECT 1', []);
    same(sql`SELECT ${1}, ${'a'}::text WHERE ${null}`, 'SELECT $1, $2::text WHERE $3', [1, 'a', null]);
  });

  it('take pieces in', () => {
    const filter = sql`a = ${1} AND ${sql`b = ${2}`}`;
    same(
      sql`SELECT ${0} WHERE ${filter} OR c = ${3}`,
      'SELECT $1 WHERE a = $2 AND b = $3 OR c = $4',
      [0, 1, 2, 3],
    );
    same(sql`SELECT * FROM ${sql.id('a"b', 'c')} ${sql.empty}`, 'SELECT * FROM "a""b"."c" ', []);
    same(sql`x IN (${sql.list([1, sql`now()`, 3])})`, 'x IN ($1, now(), $2)', [1, 3]);
    same(
      sql`VALUES ${sql.values([
        [1, 'a'],
        [2, sql`DEFAULT`],
      ])}`,
      'VALUES ($1, $2), ($3, DEFAULT)',
      [1, 'a', 2],
    );
    same(sql`${sql.join([sql`a`, sql`b = ${1}`], sql` AND `)}`, 'a AND b = $1', [1]);
    same(sql`[${sql.join([])}]`, '[]', []);
    same(sql`SELECT ${sql.unsafe('a, b')}`, 'SELECT a, b', []);
  });

  it('refuse a value where SQL takes none', () => {
    for (const piece of [
      sql`SELECT '${1}'`,
      sql`SELECT "${1}"`,
      sql`SELECT 1 -- ${1}`,
      sql`SELECT /* ${1} */ 1`,
      sql`SELECT $$ ${1} $$`,
      sql`SELECT $1, ${1}`,
      sql`SELECT $1`,
      sql`SELECT $1, '${1}'`,
      sql`SELECT a${1}`,
      sql`SELECT ${1}1`,
      sql`SELECT ${sql.unsafe("'")}${1}${sql.unsafe("'")}`,
    ]) {
      expect(() => statementOf(piece)).toThrow(refusal('KB_BAD_STATEMENT'));
    }
  });

  it('refuse what makes no piece', () => {
    const odd = sql as unknown as (text: string) => unknown;
    expect(() => odd('SELECT 1')).toThrow(refusal('KB_BAD_STATEMENT'));
    expect(() => sql.list([])).toThrow(refusal('KB_BAD_PARAMETER'));
    expect(() => sql.values([])).toThrow(refusal('KB_BAD_PARAMETER'));
    expect(() => sql.values([[1], [1, 2]])).toThrow(refusal('KB_BAD_PARAMETER'));
    // @ts-expect-error it is not what the type asks for
    expect(() => sql.join([1], ', ')).toThrow(refusal('KB_BAD_PARAMETER'));
    // @ts-expect-error it is not what the type asks for
    expect(() => sql.unsafe(1)).toThrow(refusal('KB_BAD_PARAMETER'));
    expect(() => sql.id('')).toThrow(refusal('KB_BAD_IDENTIFIER'));
  });

  it('make the text of a template once', () => {
    const template = (value: number): SqlPiece => sql`SELECT ${value}`;
    expect(template(1).strings).toBe(template(2).strings);
    expect(statementOf(template(1)).values).toStrictEqual([1]);
    expect(statementOf(template(2)).values).toStrictEqual([2]);
  });

  it('never have a value in their text', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.constant({ strings: ['x'], values: [] }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        const { text, values: sent } = statementOf(sql`SELECT ${sql.list(values)} WHERE ${values[0]}`);
        expect(text).toBe(
          `SELECT ${values.map((_, i) => `$${i + 1}`).join(', ')} WHERE $${values.length + 1}`,
        );
        expect(sent).toStrictEqual([...values, values[0]]);
      }),
    );
  });
});
