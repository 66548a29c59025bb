import { describe, expect, it } from 'vitest';
import { targets, withDatabase } from '../support/targets.js';

describe.each(targets())('$name', (target) => {
  it('runs a query with parameters', async () => {
    await withDatabase(target, async (db) => {
      const { rows, rowCount, command, fields } = await db.query(
        'SELECT $1::int4 AS number, $2::text AS text, $3::int4 IS NULL AS absent',
        [42, '中文', null],
      );
      expect(rows).toEqual([{ number: 42, text: '中文', absent: true }]);
      expect({ rowCount, command }).toEqual({ rowCount: 1, command: 'SELECT' });
      expect(fields.map(({ name, typeOid }) => [name, typeOid])).toEqual([
        ['number', 23],
        ['text', 25],
        ['absent', 16],
      ]);
    });
  });

  it('says which client library serves it', async () => {
    await withDatabase(target, async (db) => {
      expect(db.clientLibrary()).toMatchObject({
        flavour: target.flavour,
        path: target.config.clientLibrary,
      });
      await db.ping();
    });
  });
});
