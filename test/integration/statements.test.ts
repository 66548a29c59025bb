import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type ConnectionConfig, type Database } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';
import { lookAtPrepared, withConnection } from './with-connection.js';

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  /** A session that nobody has used. */
  const withSession = (
    use: (connection: Connection) => Promise<void>,
    overrides: Partial<ConnectionConfig> = {},
  ): Promise<void> => withDatabase(target, (own) => withConnection(own, use), overrides);

  describe('the statement cache', () => {
    it('prepares a statement when it comes the second time', async () => {
      await withSession(async (connection) => {
        const prepared = await lookAtPrepared(connection);
        const sql = 'SELECT $1::int4 AS cached';
        expect(await connection.queryRow(sql, [1])).toStrictEqual({ cached: 1 });
        expect(await prepared()).toStrictEqual([]);
        for (let i = 2; i <= 4; i++) {
          expect(await connection.queryRow(sql, [i])).toStrictEqual({ cached: i });
          expect(await prepared()).toStrictEqual([sql]);
        }
        // Row mode and types make no other statement of it.
        await connection.query(sql, [5], { rowMode: 'array', types: { int4: { parse: String } } });
        expect(await prepared()).toStrictEqual([sql]);
      });
    });

    it('prepares at once where the encoding of a parameter depends on its type', async () => {
      await withSession(async (connection) => {
        const prepared = await lookAtPrepared(connection);
        const sql = 'SELECT $1::json AS json, $2::int4[] AS array';
        for (let i = 0; i < 3; i++) {
          expect(
            await connection.queryRow(sql, [
              [1, i],
              [1, i],
            ]),
          ).toStrictEqual({ json: [1, i], array: [1, i] });
          expect(await prepared()).toStrictEqual([sql]);
        }
      });
    });

    it('closes what falls out of it on the server, the least recently used first', async () => {
      await withSession(
        async (connection) => {
          const prepared = await lookAtPrepared(connection);
          const run = async (...names: string[]): Promise<void> => {
            for (const name of names) {
              expect(await connection.queryRow(`SELECT '${name}' AS v`)).toStrictEqual({ v: name });
            }
          };
          const texts = (...names: string[]): string[] => names.map((name) => `SELECT '${name}' AS v`);
          await run('a', 'a', 'b', 'b');
          expect(await prepared()).toStrictEqual(texts('a', 'b'));
          await run('a', 'c');
          // b went, though c is not prepared yet.
          expect(await prepared()).toStrictEqual(texts('a'));
          await run('c', 'a', 'd', 'd');
          expect(await prepared()).toStrictEqual(texts('a', 'd'));
          for (let i = 0; i < 100; i++) await run(`many ${i}`, `many ${i}`);
          expect(await prepared()).toStrictEqual(texts('many 98', 'many 99'));
        },
        { statementCacheSize: 2 },
      );
    });

    it('waits with closing while the transaction has failed', async () => {
      await withSession(
        async (connection) => {
          const prepared = await lookAtPrepared(connection);
          await connection.query("SELECT 'a'");
          await connection.query("SELECT 'a'");
          await connection.exec('BEGIN');
          await expect(connection.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
          await expect(connection.query("SELECT 'b'")).rejects.toMatchObject({ code: '25P02' });
          await connection.exec('ROLLBACK');
          await connection.query('SELECT 1');
          expect(await prepared()).toStrictEqual([]);
        },
        { statementCacheSize: 1 },
      );
    });

    it('is off at size 0', async () => {
      await withSession(
        async (connection) => {
          const prepared = await lookAtPrepared(connection);
          for (let i = 0; i < 5; i++) {
            expect(await connection.queryRow('SELECT $1::int4 AS v', [i])).toStrictEqual({ v: i });
          }
          expect(await prepared()).toStrictEqual([]);
        },
        { statementCacheSize: 0 },
      );
    });

    it('size 0 writes parameters by their types all the same', async () => {
      await withSession(
        async (connection) => {
          const prepared = await lookAtPrepared(connection);
          const types = { money: { serialize: (value: unknown) => `$${String(value)}` } };
          for (let i = 0; i < 3; i++) {
            expect(
              await connection.queryRow(
                'SELECT $1::json AS json, $2::int4[] AS array, $3::money AS money',
                [[1, [i]], [i], 2],
                { types },
              ),
            ).toStrictEqual({ json: [1, [i]], array: [i], money: '$2.00' });
          }
          await connection.query('SELECT 1');
          expect(await prepared()).toStrictEqual([]);
        },
        { statementCacheSize: 0 },
      );
    });
  });

  describe('a plan that has become stale', () => {
    const table = `stale_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    const select = `SELECT * FROM ${table}`;

    async function withTable(
      use: (connection: Connection, prepared: () => Promise<string[]>) => Promise<void>,
    ): Promise<void> {
      await db.script(
        `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (a int4); INSERT INTO ${table} VALUES (1)`,
      );
      try {
        await withConnection(db, async (connection) => {
          const prepared = await lookAtPrepared(connection);
          for (let i = 0; i < 3; i++) expect(await connection.queryRow(select)).toStrictEqual({ a: 1 });
          await use(connection, async () => (await prepared()).filter((text) => text === select));
        });
      } finally {
        await db.exec(`DROP TABLE IF EXISTS ${table}`);
      }
    }

    const CHANGES: [name: string, script: string, row: Record<string, unknown>][] = [
      ['a new column', `ALTER TABLE ${table} ADD COLUMN b text DEFAULT 'new'`, { a: 1, b: 'new' }],
      ['another type', `ALTER TABLE ${table} ALTER COLUMN a TYPE text`, { a: '1' }],
      ['another name', `ALTER TABLE ${table} RENAME COLUMN a TO z`, { z: 1 }],
      [
        'a column less',
        `ALTER TABLE ${table} ADD COLUMN c int4 DEFAULT 3; ALTER TABLE ${table} DROP COLUMN a`,
        { c: 3 },
      ],
      ['another table', `DROP TABLE ${table}; CREATE TABLE ${table} AS SELECT 9::int8 AS n`, { n: 9n }],
    ];

    /** As a migration would: no session of the same database object learns of it. */
    const elsewhere = (script: string) => withDatabase(target, (other) => other.script(script));

    it.each(CHANGES)('is made again outside a transaction: %s', async (_name, script, row) => {
      await withTable(async (connection, prepared) => {
        await elsewhere(script);
        for (let i = 0; i < 3; i++) {
          expect(await connection.queryRow(select)).toStrictEqual(row);
          const arrays = await connection.query(select, [], { rowMode: 'array' });
          expect(arrays.rows).toStrictEqual([Object.values(row)]);
          expect(arrays.fields.map(({ name }) => name)).toStrictEqual(Object.keys(row));
        }
        expect(await prepared()).toHaveLength(1);
      });
    });

    it('is reported inside a transaction, and made again after it', async () => {
      await withTable(async (connection, prepared) => {
        await connection.exec('BEGIN');
        await elsewhere(`ALTER TABLE ${table} ADD COLUMN b int4 DEFAULT 2`);
        await expect(connection.query(select)).rejects.toMatchObject({
          name: 'DatabaseError',
          code: '0A000',
        });
        await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
        await connection.exec('ROLLBACK');
        for (let i = 0; i < 3; i++) expect(await connection.queryRow(select)).toStrictEqual({ a: 1, b: 2 });
        expect(await prepared()).toHaveLength(1);
      });
    });

    it('is made again for an explicitly prepared statement', async () => {
      await withTable(async (connection) => {
        const statement = await connection.prepare(select);
        expect(await statement.queryRow()).toStrictEqual({ a: 1 });
        await elsewhere(`ALTER TABLE ${table} ADD COLUMN b int4 DEFAULT 2`);
        expect(await statement.queryRow()).toStrictEqual({ a: 1, b: 2 });
        expect(await statement.queryRow()).toStrictEqual({ a: 1, b: 2 });
        await statement.close();
      });
    });

    it('an 0A000 that has another reason is reported', async () => {
      await withTable(async (connection) => {
        for (let i = 0; i < 3; i++) {
          await expect(
            connection.query(`SELECT a FROM ${table} GROUP BY a FOR UPDATE`),
          ).rejects.toMatchObject({
            code: '0A000',
          });
        }
        expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
      });
    });
  });

  describe('statements that the server has dropped', () => {
    const DROPS: [how: string, drop: (connection: Connection) => Promise<unknown>][] = [
      ['DISCARD ALL', (connection) => connection.exec('DISCARD ALL')],
      ['DEALLOCATE ALL', (connection) => connection.exec('DEALLOCATE ALL')],
      ['DISCARD ALL in a script', (connection) => connection.script('DISCARD ALL')],
      [
        'DEALLOCATE ALL among others',
        (connection) => connection.script('SELECT 1; DEALLOCATE ALL; SELECT 2'),
      ],
      [
        'DEALLOCATE ALL before a failure',
        (connection) => connection.script('DEALLOCATE ALL; SELECT 1/0').catch(() => undefined),
      ],
      [
        'DEALLOCATE ALL in a function',
        (connection) => connection.exec("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"),
      ],
    ];

    it.each(DROPS)('are prepared again after %s', async (_how, drop) => {
      await withConnection(db, async (connection) => {
        const sql = `SELECT $1::int4 AS again`;
        const typed = 'SELECT $1::jsonb AS list';
        const statement = await connection.prepare('SELECT $1::text AS explicit');
        for (let round = 0; round < 3; round++) {
          for (let i = 0; i < 3; i++) {
            expect(await connection.queryRow(sql, [i])).toStrictEqual({ again: i });
            expect(await connection.queryRow(typed, [[i]])).toStrictEqual({ list: [i] });
            expect(await statement.queryRow(['x'])).toStrictEqual({ explicit: 'x' });
          }
          await drop(connection);
        }
        // Whatever was prepared under the numbers that were free meanwhile, all are told apart.
        for (let i = 0; i < 6; i++) {
          for (const name of ['a', 'b', 'c', 'd']) {
            expect(await connection.queryRow(`SELECT '${name}' AS v`)).toStrictEqual({ v: name });
          }
        }
        expect(await statement.queryRow(['y'])).toStrictEqual({ explicit: 'y' });
        await statement.close();
      });
    });

    it('are nothing that an aborted call tells of', async () => {
      await withConnection(db, async (connection) => {
        const statement = await connection.prepare('SELECT $1::text AS v');
        await connection.exec("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$");
        const controller = new AbortController();
        const call = statement.query(['x'], { signal: controller.signal });
        // The server has answered, or will before a cancel request can reach it.
        controller.abort(new RangeError('enough'));
        await expect(call).rejects.toThrow('enough');
        expect(await statement.queryRow(['y'])).toStrictEqual({ v: 'y' });
        await statement.close();
      });
    });

    it('are prepared again inside a transaction, too, where the driver saw them go', async () => {
      await withConnection(db, async (connection) => {
        const sql = 'SELECT $1::int4 AS v';
        for (let i = 0; i < 3; i++) await connection.query(sql, [i]);
        await connection.exec('BEGIN');
        await connection.exec('DEALLOCATE ALL');
        expect(await connection.queryRow(sql, [1])).toStrictEqual({ v: 1 });
        await connection.exec('COMMIT');
      });
    });
  });

  describe('closing statements that the server has dropped unseen', () => {
    const dropAll = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$";

    it('closes the others all the same', async () => {
      await withSession(async (connection) => {
        const prepared = await lookAtPrepared(connection);
        const gone = await connection.prepare('SELECT 1 AS gone');
        const again = await connection.prepare('SELECT 1 AS again');
        await connection.exec(dropAll);
        expect(await again.queryRow()).toStrictEqual({ again: 1 });
        await Promise.all([gone.close(), again.close()]);
        await connection.query('SELECT 1');
        expect(await prepared()).toStrictEqual([]);
        for (const name of ['a', 'b', 'c', 'a', 'b', 'c']) {
          expect(await connection.queryRow(`SELECT '${name}' AS v`)).toStrictEqual({ v: name });
        }
      });
    });

    it('does not fail the transaction that is open', async () => {
      await withSession(
        async (connection) => {
          for (let i = 0; i < 2; i++) await connection.query("SELECT 'a'");
          await connection.script(dropAll);
          await connection.exec('BEGIN');
          // Drives the other one out of the cache.
          await connection.query("SELECT 'b'");
          expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
          expect(await connection.exec('COMMIT')).toMatchObject({ command: 'COMMIT' });
        },
        { statementCacheSize: 1 },
      );
    });
  });
});
