import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { withConnection } from './with-connection.js';

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  const withTable = (use: (connection: Connection) => Promise<void>): Promise<void> =>
    withConnection(db, async (connection) => {
      await connection.script(
        'DROP TABLE IF EXISTS pg_temp.t; CREATE TEMP TABLE t (v int4 PRIMARY KEY, w text)',
      );
      await use(connection);
    });

  it('exec says what was done, and to how many rows', async () => {
    await withTable(async (connection) => {
      const steps: [sql: string, rowsAffected: number, command: string][] = [
        ["INSERT INTO t SELECT i, 'x' FROM generate_series(1, 10) AS i", 10, 'INSERT'],
        ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 0, 'INSERT'],
        ["INSERT INTO t VALUES (11, 'y'), (12, 'y') RETURNING v", 2, 'INSERT'],
        ["UPDATE t SET w = 'z' WHERE v > 10", 2, 'UPDATE'],
        ['UPDATE t SET w = NULL WHERE false', 0, 'UPDATE'],
        ['DELETE FROM t WHERE v > 10', 2, 'DELETE'],
        ['SELECT * FROM t', 10, 'SELECT'],
        ['VALUES (1), (2), (3)', 3, 'SELECT'],
        ['WITH gone AS (DELETE FROM t WHERE v = 10 RETURNING v) SELECT * FROM gone', 1, 'SELECT'],
        ['CREATE TEMP TABLE u AS SELECT * FROM t', 9, 'SELECT'],
        ['CREATE INDEX ON u (v)', 0, 'CREATE INDEX'],
        ["COPY t TO '/dev/null'", 9, 'COPY'],
        ["COPY t FROM '/dev/null'", 0, 'COPY'],
        ['TRUNCATE u', 0, 'TRUNCATE TABLE'],
        ['DROP TABLE u', 0, 'DROP TABLE'],
        ["SET application_name TO 'x'", 0, 'SET'],
        ['SHOW application_name', 0, 'SHOW'],
        ['EXPLAIN SELECT 1', 0, 'EXPLAIN'],
        ['BEGIN', 0, 'BEGIN'],
        ['DECLARE c CURSOR FOR SELECT * FROM t', 0, 'DECLARE CURSOR'],
        ['FETCH 3 FROM c', 3, 'FETCH'],
        ['MOVE 2 FROM c', 2, 'MOVE'],
        ['COMMIT', 0, 'COMMIT'],
        ["DO $$ BEGIN RAISE NOTICE '5'; END $$", 0, 'DO'],
        ['RESET application_name', 0, 'RESET'],
      ];
      for (const [sql, rowsAffected, command] of steps) {
        expect(await connection.exec(sql), sql).toStrictEqual({ rowsAffected, command });
      }
    });
  });

  it('query counts rows returned, or changed where none are returned', async () => {
    await withTable(async (connection) => {
      const counts: [sql: string, rows: unknown[], rowCount: number, command: string][] = [
        ['INSERT INTO t SELECT generate_series(1, 5)', [], 5, 'INSERT'],
        ['INSERT INTO t VALUES (6), (7) RETURNING v', [{ v: 6 }, { v: 7 }], 2, 'INSERT'],
        ['DELETE FROM t WHERE v > 1', [], 6, 'DELETE'],
        ['SELECT v FROM t', [{ v: 1 }], 1, 'SELECT'],
        ['SHOW transaction_read_only', [{ transaction_read_only: 'off' }], 1, 'SHOW'],
        ['CREATE TEMP SEQUENCE s', [], 0, 'CREATE SEQUENCE'],
        ['DROP SEQUENCE s', [], 0, 'DROP SEQUENCE'],
      ];
      for (const [sql, rows, rowCount, command] of counts) {
        expect(await connection.query(sql), sql).toMatchObject({ rows, rowCount, command });
      }
    });
  });

  it.each(['', ' \n', ';', '-- nothing', '/* nothing */ ;'])('takes the empty statement %j', async (sql) => {
    for (let i = 0; i < 3; i++) {
      expect(await db.query(sql)).toStrictEqual({ rows: [], fields: [], rowCount: 0, command: '' });
      expect(await db.queryRow(sql)).toBeUndefined();
      expect(await db.exec(sql)).toStrictEqual({ rowsAffected: 0, command: '' });
      expect(await db.script(sql)).toStrictEqual([]);
    }
    expect(await db.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
  });

  it('refuses two statements in one query', async () => {
    for (let i = 0; i < 3; i++) {
      await expect(db.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '42601' });
    }
  });

  describe('script', () => {
    it('gives one result for each statement', async () => {
      await withTable(async (connection) => {
        expect(
          await connection.script(`INSERT INTO t VALUES (1, ';'), (2, '''; --');
            -- a comment; with a semicolon
            UPDATE t SET w = $$;$$ WHERE v = 1;; SELECT * FROM t /* ; */;
            CREATE TEMP TABLE u (); DROP TABLE u; DELETE FROM t`),
        ).toStrictEqual([
          { rowsAffected: 2, command: 'INSERT' },
          { rowsAffected: 1, command: 'UPDATE' },
          { rowsAffected: 2, command: 'SELECT' },
          { rowsAffected: 0, command: 'CREATE TABLE' },
          { rowsAffected: 0, command: 'DROP TABLE' },
          { rowsAffected: 2, command: 'DELETE' },
        ]);
      });
    });

    it('takes a hundred statements and many rows', async () => {
      const results = await db.script('SELECT FROM generate_series(1, 5000);'.repeat(100));
      expect(results).toStrictEqual(new Array(100).fill({ rowsAffected: 5000, command: 'SELECT' }));
    });

    it('is undone as a whole by an error in the middle', async () => {
      await withTable(async (connection) => {
        await expect(
          connection.script('INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)'),
        ).rejects.toMatchObject({ name: 'DatabaseError', code: '23505', table: 't', constraint: 't_pkey' });
        expect(await connection.query('SELECT v FROM t')).toMatchObject({ rows: [] });
        await expect(connection.script('SELECT 1; SELEC 2')).rejects.toMatchObject({
          code: '42601',
          position: 11,
        });
        expect(await connection.script('SELECT 1')).toHaveLength(1);
      });
    });

    it('may have transactions of its own', async () => {
      await withTable(async (connection) => {
        await expect(
          connection.script(`BEGIN; INSERT INTO t VALUES (1); COMMIT;
            INSERT INTO t VALUES (2); ROLLBACK; BEGIN; INSERT INTO t VALUES (3); SELECT 1/0; COMMIT`),
        ).rejects.toMatchObject({ code: '22012' });
        // The script ended inside the block that failed.
        await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
        expect(await connection.script('ROLLBACK')).toStrictEqual([{ rowsAffected: 0, command: 'ROLLBACK' }]);
        expect((await connection.query('SELECT v FROM t')).rows).toStrictEqual([{ v: 1 }]);
      });
    });

    it('goes on with the transaction that is open', async () => {
      await withTable(async (connection) => {
        await connection.exec('BEGIN');
        await connection.script('INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2)');
        await connection.script('ROLLBACK TO s');
        await connection.exec('COMMIT');
        expect((await connection.query('SELECT v FROM t')).rows).toStrictEqual([{ v: 1 }]);
      });
    });
  });

  describe('COPY as a statement', () => {
    const REFUSED = { name: 'UsageError', code: 'KB_COMMAND_REFUSED' };

    it.each(['query', 'exec', 'script'] as const)('from standard input is refused by %s', async (method) => {
      await withTable(async (connection) => {
        for (let i = 0; i < 3; i++) {
          await expect(connection[method]('COPY t FROM STDIN')).rejects.toMatchObject({
            ...REFUSED,
            message: expect.stringContaining('COPY FROM STDIN') as string,
          });
          expect(await connection.queryRow('SELECT count(*) AS n FROM t')).toStrictEqual({ n: 0n });
        }
      });
    });

    it.each(['query', 'exec', 'script'] as const)('to standard output is refused by %s', async (method) => {
      await withTable(async (connection) => {
        await connection.exec("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 2000) AS i");
        for (let i = 0; i < 3; i++) {
          await expect(connection[method]('COPY t TO STDOUT')).rejects.toMatchObject({
            ...REFUSED,
            message: expect.stringContaining('COPY TO STDOUT') as string,
          });
          expect(await connection.queryRow('SELECT count(*) AS n FROM t')).toStrictEqual({ n: 2000n });
        }
      });
    });

    it('between the statements of a script is refused', async () => {
      await withTable(async (connection) => {
        for (const copy of ['COPY t FROM STDIN', 'COPY t TO STDOUT']) {
          await expect(
            connection.script(`INSERT INTO t VALUES (1); ${copy}; DELETE FROM t`),
          ).rejects.toMatchObject(REFUSED);
          expect(await connection.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
        }
      });
    });

    it('inside a transaction leaves that to its owner', async () => {
      await withTable(async (connection) => {
        await connection.exec('BEGIN');
        await expect(connection.query('COPY t FROM STDIN')).rejects.toMatchObject(REFUSED);
        await connection.exec('ROLLBACK');
        await connection.exec('BEGIN');
        await connection.exec('INSERT INTO t VALUES (1)');
        await expect(connection.query('COPY t TO STDOUT')).rejects.toMatchObject(REFUSED);
        await connection.exec('ROLLBACK');
        expect(await connection.queryRow('SELECT count(*) AS n FROM t')).toStrictEqual({ n: 0n });
      });
    });
  });
});
