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

  it('are the same inside a transaction, first seen there or made there', async () => {
    await withDatabase(target, async (db) => {
      await db.script(setUp);
      await db
        .transaction(async (tx) => {
          const sql = `SELECT ARRAY['sad']::cat_mood[] AS moods`;
          expect((await tx.query(sql)).rows).toEqual([{ moods: ['sad'] }]);
          await tx.script(`CREATE TYPE cat_made AS ENUM ('one')`);
          const made = `SELECT ARRAY['one']::cat_made[] AS made`;
          expect((await tx.query(made)).rows).toEqual([{ made: ['one'] }]);
          for await (const row of tx.rows(made)) expect(row).toEqual({ made: ['one'] });
          await tx.rollback();
        })
        .catch(() => undefined);
    });
  });

  it('are known to parameters that are seen before any result', async () => {
    await withDatabase(
      target,
      async (db) => {
        await db.script(setUp);
        const { rows } = await db.query('SELECT $1::cat_mood::text AS mood, $2::cat_mood[]::text AS moods', [
          { like: 'glad' },
          [{ like: 'sad' }],
        ]);
        expect(rows).toEqual([{ mood: 'glad', moods: '{sad}' }]);
      },
      { types: { cat_mood: { serialize: (value) => (value as { like: string }).like } } },
    );
  });

  it('come as text where the server does not let its catalogue be read, and a transaction goes on', async () => {
    const database = 'no_catalogue';
    await withDatabase(target, async (db) => {
      await db.script(`DROP DATABASE IF EXISTS ${database}`);
      await db.script(`DROP ROLE IF EXISTS no_reader; CREATE ROLE no_reader LOGIN`);
      await db.script(`CREATE DATABASE ${database}`);
    });
    await withDatabase(
      target,
      (db) => db.script(`${setUp}; REVOKE SELECT ON pg_catalog.pg_type FROM PUBLIC`),
      {
        database,
      },
    );
    await withDatabase(
      target,
      async (db) => {
        const sql = `SELECT ARRAY['sad']::cat_mood[] AS moods`;
        await db.transaction(async (tx) => {
          expect((await tx.query(sql)).rows).toEqual([{ moods: '{sad}' }]);
          expect(await tx.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
        });
        expect((await db.query(sql)).rows).toEqual([{ moods: '{sad}' }]);
      },
      { database, user: 'no_reader' },
    );
  });
});
