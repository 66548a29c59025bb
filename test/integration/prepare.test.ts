import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type ConnectionConfig, type Database, type Statement } from 'kingbase-native';
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

  describe('prepare', () => {
    it('reports a mistake at once, with its position', async () => {
      await withConnection(db, async (connection) => {
        for (const queryable of [db, connection]) {
          await expect(queryable.prepare('SELECT * FORM pg_class')).rejects.toMatchObject({
            name: 'DatabaseError',
            code: '42601',
            condition: 'syntax_error',
            position: 10,
          });
          await expect(queryable.prepare(`SELECT '😀中文', 没有`)).rejects.toMatchObject({
            code: '42703',
            // In characters, as the server counts.
            position: 15,
          });
          await expect(queryable.prepare('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '42601' });
        }
        expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
      });
    });

    it('runs again and again with other parameters, in all ways', async () => {
      const statement = await db.prepare('SELECT i FROM generate_series(1, $1::int4) AS i');
      expect((await statement.query([2])).rows).toStrictEqual([{ i: 1 }, { i: 2 }]);
      expect((await statement.query([1], { rowMode: 'array' })).rows).toStrictEqual([[1]]);
      expect(await statement.queryRow([5])).toStrictEqual({ i: 1 });
      expect(await statement.queryRow([0])).toBeUndefined();
      expect(await statement.exec([7])).toStrictEqual({ rowsAffected: 7, command: 'SELECT' });
      await expect(statement.query([Symbol('no')])).rejects.toMatchObject({ code: 'KB_BAD_PARAMETER' });
      await expect(statement.query(['x'])).rejects.toMatchObject({ code: '22P02' });
      expect((await statement.query([1])).rows).toStrictEqual([{ i: 1 }]);
      await statement.close();
    });

    it('of a database works on every connection of it', async () => {
      await withDatabase(
        target,
        async (pooled) => {
          const statement = await pooled.prepare('SELECT pg_backend_pid() AS pid, $1::text AS v');
          const [first, second] = [await pooled.connect(), await pooled.connect()];
          const pids = [first.backendPid, second.backendPid];
          await first.release();
          expect(await statement.queryRow(['a'])).toStrictEqual({ pid: pids[0], v: 'a' });
          const third = await pooled.connect();
          expect(third.backendPid).toBe(pids[0]);
          await second.release();
          expect(await statement.queryRow(['b'])).toStrictEqual({ pid: pids[1], v: 'b' });
          await third.release();
          const rows = await Promise.all(
            Array.from({ length: 50 }, (_, i) => statement.queryRow<{ v: string }>([`${i}`])),
          );
          expect(rows.map((row) => row?.v)).toStrictEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
          await statement.close();
        },
        { pool: { max: 2 } },
      );
    });

    it('of a connection stays there', async () => {
      let statement: Statement | undefined;
      await withConnection(db, async (connection) => {
        await connection.exec('CREATE TEMP TABLE only_here (v int4)');
        statement = await connection.prepare('INSERT INTO only_here VALUES ($1)');
        expect(await statement.exec([1])).toStrictEqual({ rowsAffected: 1, command: 'INSERT' });
        await connection.exec('DROP TABLE only_here');
      });
      await expect(statement!.exec([2])).rejects.toMatchObject({
        name: 'UsageError',
        code: 'KB_CONNECTION_RELEASED',
      });
    });

    it('is closed on the server, and of no use afterwards', async () => {
      await withSession(async (connection) => {
        const prepared = await lookAtPrepared(connection);
        const statement = await connection.prepare('SELECT 1 AS closing');
        expect(await prepared()).toStrictEqual(['SELECT 1 AS closing']);
        await statement.close();
        await statement.close();
        await connection.query('SELECT 1');
        expect(await prepared()).toStrictEqual([]);
        for (const call of [() => statement.query(), () => statement.queryRow(), () => statement.exec()]) {
          await expect(call()).rejects.toMatchObject({ name: 'UsageError', code: 'KB_STATEMENT_CLOSED' });
        }
      });
    });

    it('lets what was called before it was closed end', async () => {
      await withSession(async (connection) => {
        const prepared = await lookAtPrepared(connection);
        const statement = await connection.prepare('SELECT $1::int4 AS v FROM pg_sleep(0.02)');
        const running = [statement.queryRow([1]), statement.queryRow([2])];
        await statement.close();
        expect(await Promise.all(running)).toStrictEqual([{ v: 1 }, { v: 2 }]);
        await connection.query('SELECT 1');
        expect(await prepared()).toStrictEqual([]);
        for (const name of ['a', 'b', 'c', 'a', 'b', 'c']) {
          expect(await connection.queryRow(`SELECT '${name}' AS v`)).toStrictEqual({ v: name });
        }
      });
    });

    it('may be closed while another connection is still preparing it', async () => {
      await withDatabase(
        target,
        async (pooled) => {
          const [first, second] = [await pooled.connect(), await pooled.connect()];
          await second.release();
          const statement = await pooled.prepare('SELECT 1 AS v');
          // Now `first` is the idle one, where the statement is not known yet.
          const third = await pooled.connect();
          await first.release();
          try {
            const running = statement.queryRow();
            await statement.close();
            expect(await running).toStrictEqual({ v: 1 });
            // Statements that get the number which it had must not meet it on the server.
            for (let i = 0; i < 3; i++) {
              for (const name of ['a', 'b', 'c']) {
                expect(await pooled.queryRow(`SELECT '${name}' AS v`)).toStrictEqual({ v: name });
              }
            }
          } finally {
            await third.release();
          }
        },
        { pool: { max: 2 } },
      );
    });
  });
});
