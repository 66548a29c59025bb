import { describe, expect, it } from 'vitest';
import { targets, withDatabase } from '../support/targets.js';

// Types whose OIDs only the server's catalogue knows.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const setUp = `
    DROP TYPE IF EXISTS cat_mood CASCADE;
    CREATE TYPE cat_mood AS ENUM ('glad', '平静', 'sad');
    DROP DOMAIN IF EXISTS cat_even CASCADE;
    CREATE DOMAIN cat_even AS int8 CHECK (VALUE % 2 = 0)`;

  it('are looked up when first seen, so that the first result is right already', async () => {
    await withDatabase(target, async (db) => {
      await db.script(setUp);
      const sql = `SELECT ARRAY['glad', '平静']::cat_mood[] AS moods, 'sad'::cat_mood AS mood, 4::cat_even AS even`;
      const expected = [{ moods: ['glad', '平静'], mood: 'sad', even: 4n }];
      expect((await db.query(sql)).rows).toEqual(expected);
      expect((await db.query(sql)).rows).toEqual(expected);
      expect((await db.query(sql, [], { rowMode: 'array' })).rows).toEqual([[['glad', '平静'], 'sad', 4n]]);
    });
  });

  it('can be given by name', async () => {
    await withDatabase(
      target,
      async (db) => {
        await db.script(setUp);
        const sql = `SELECT 'glad'::cat_mood AS a, 'sad'::cat_mood AS a, ARRAY['sad', NULL]::cat_mood[] AS list`;
        expect((await db.query(sql)).rows).toEqual([{ a: 'SAD', list: ['SAD', null] }]);
        expect((await db.query(sql, [], { rowMode: 'array' })).rows).toEqual([
          ['GLAD', 'SAD', ['SAD', null]],
        ]);
      },
      { types: { cat_mood: { parse: (text: string) => text.toUpperCase() } } },
    );
  });

  it('are looked up inside a transaction only when that is known to be safe', async () => {
    await withDatabase(target, async (db) => {
      await db.script(setUp);
      const sql = `SELECT ARRAY['sad']::cat_mood[] AS moods`;
      await db.transaction(async (tx) => {
        expect((await tx.query(sql)).rows).toEqual([{ moods: '{sad}' }]);
      });
      expect((await db.query(sql)).rows).toEqual([{ moods: ['sad'] }]);
      await db.transaction(async (tx) => {
        expect((await tx.query(sql)).rows).toEqual([{ moods: ['sad'] }]);
      });
    });
  });
});
