import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { startEmulator, type Emulator } from '../support/kingbase-emulator.js';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

// OUT parameters are INOUT ones here, which is what PostgreSQL 12 has of them.

const tcpTargets = targets().filter(({ transport }) => transport === 'TCP');
const PROCEDURES = `
  CREATE PROCEDURE doubles(INOUT a int, INOUT b text) LANGUAGE plpgsql AS
    $$ BEGIN a := a * 2; b := concat(b, b); END $$;
  CREATE PROCEDURE quiet(a int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO called VALUES (a); END $$;
  CREATE PROCEDURE commits(INOUT n int) LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO called VALUES (n); COMMIT; n := n + 1; END $$;
  CREATE PROCEDURE opens(INOUT c refcursor) LANGUAGE plpgsql AS
    $$ BEGIN OPEN c FOR SELECT i, 'r' AS r FROM generate_series(1, 3) AS i; END $$;
  CREATE PROCEDURE answers(INOUT d date, INOUT j jsonb, INOUT l text[], INOUT t timestamptz) LANGUAGE plpgsql AS
    $$ BEGIN l := array_append(l, 'more'); END $$;`;

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe.each(tcpTargets)('CALL, $name', (target) => {
  const schema = `calls_${target.flavour}`;
  let db: Database;
  beforeAll(async () => {
    db = open({ ...target.config, pool: { max: 1 }, options: `-c search_path=${schema}` });
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}; CREATE TABLE called (n int);
      ${PROCEDURES}`);
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await db.close();
  });

  type Calls = Pick<Connection, 'query' | 'queryRow' | 'rows' | 'exec' | 'prepare'>;
  const ROW = { a: 42, b: 'xx' };
  async function check(on: Calls): Promise<void> {
    const sql = 'CALL doubles($1, $2)';
    for (let i = 0; i < 3; i++) {
      expect(await on.query(sql, [21, 'x'])).toMatchObject({ rows: [ROW], command: 'CALL', rowCount: 1 });
      expect(await on.queryRow(sql, [21, 'x'])).toEqual(ROW);
      expect(await collect(on.rows(sql, [21, 'x']))).toEqual([ROW]);
      expect((await on.query(sql, [21, 'x'], { rowMode: 'array' })).rows).toEqual([[42, 'xx']]);
      expect(await on.exec(sql, [21, 'x'])).toMatchObject({ command: 'CALL' });
    }
    expect(await on.queryRow('CALL doubles(:a, :b)', { a: 21, b: 'x' })).toEqual(ROW);
    expect(await on.queryRow('CALL doubles(?, ?)', [null, 'x'])).toEqual({ a: null, b: 'xx' });
    const statement = await on.prepare(sql);
    for (let i = 0; i < 3; i++) expect(await statement.queryRow([21, 'x'])).toEqual(ROW);
    await statement.close();
  }

  it('gives the row of its OUT parameters, by each call', () => check(db));

  it('the same in a transaction', () => db.transaction((tx) => check(tx)));

  it('gives values of all types as other rows do', async () => {
    const at = new Date('2024-02-29T12:00:00Z');
    const answer = { d: '2024-02-29', j: { a: [1] }, l: ['x', 'more'], t: at };
    const sql = 'CALL answers($1, $2, $3, $4)';
    for (let i = 0; i < 3; i++) {
      expect(await db.queryRow(sql, ['2024-02-29', { a: [1] }, ['x'], at])).toEqual(answer);
      expect(await collect(db.rows(sql, ['2024-02-29', { a: [1] }, ['x'], at]))).toEqual([answer]);
    }
  });

  it('gives no row where there is no such parameter', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await db.query('CALL quiet($1)', [1])).toMatchObject({ rows: [], command: 'CALL', rowCount: 0 });
      expect(await collect(db.rows('CALL quiet($1)', [1]))).toEqual([]);
    }
  });

  it('may commit by itself, and gives its row then', async () => {
    await db.exec('DELETE FROM called');
    for (let i = 0; i < 3; i++) expect(await db.queryRow('CALL commits($1)', [i])).toEqual({ n: i + 1 });
    expect((await db.query('SELECT n FROM called ORDER BY n')).rows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(await rejectionOf(db.transaction((tx) => tx.query('CALL commits($1)', [9])))).toMatchObject({
      code: '2D000',
    });
  });

  it('gives a cursor whose rows are fetched', () =>
    db.transaction(async (tx) => {
      for (let i = 0; i < 3; i++) {
        const opened = await tx.queryRow<{ c: string }>('CALL opens($1)', ['mine']);
        expect(opened).toEqual({ c: 'mine' });
        const rows = [1, 2, 3].map((n) => ({ i: n, r: 'r' }));
        expect((await tx.query('FETCH ALL FROM mine')).rows).toEqual(rows);
        await tx.exec('CLOSE mine');
      }
    }));

  it('follows a procedure that was made again with other parameters', async () => {
    const sql = 'CALL again($1)';
    for (const [type, value, given] of [
      ['int', 1, 1],
      ['text', '1', '1'],
      ['interval', '1 day', '1 day'],
      ['int8', 1, 1n],
    ] as const) {
      await db.script(`DROP PROCEDURE IF EXISTS again; CREATE PROCEDURE again(INOUT x ${type}) LANGUAGE plpgsql AS
        $$ BEGIN NULL; END $$`);
      for (let i = 0; i < 3; i++) {
        expect(await db.queryRow(sql, [value])).toEqual({ x: given });
        expect(await collect(db.rows(sql, [value]))).toEqual([{ x: given }]);
      }
    }
  });
});

// What procedures of KingbaseES are reported to send beyond that.
describe.each(['oracle', 'sqlserver'] as const)('CALL in %s mode', (databaseMode) => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator(inject('server'), { release: 'V9R1', databaseMode, messages: 'en' });
  });
  afterAll(() => emulator.stop());

  describe.each(tcpTargets)('$name', (target) => {
    let db: Database;
    beforeAll(async () => {
      const { host, port, user, database } = emulator;
      db = open({ ...target.config, host, port, user, database, pool: { max: 1 } });
      await db.script(`DROP TABLE IF EXISTS called CASCADE; CREATE TABLE called (n int);
        DROP PROCEDURE IF EXISTS doubles; DROP PROCEDURE IF EXISTS quiet; DROP PROCEDURE IF EXISTS commits;
        DROP PROCEDURE IF EXISTS opens; DROP PROCEDURE IF EXISTS answers; ${PROCEDURES}`);
    });
    afterAll(() => db.close());

    const ROW = { a: 42, b: 'xx' };
    const calls: Record<string, (sql: string) => Promise<unknown>> = {
      query: (sql) => db.query(sql, [21, 'x']),
      rows: (sql) => collect(db.rows(sql, [21, 'x'])),
      exec: (sql) => db.exec(sql, [21, 'x']),
      'a transaction': (sql) => db.transaction((tx) => tx.query(sql, [21, 'x'])),
    };
    const marked = (mark: string): string => `/* emulator: ${mark} */ CALL doubles($1, $2)`;

    it('does not mind being told that there are no data', async () => {
      const sql = marked('no-data');
      for (let i = 0; i < 3; i++) {
        expect((await db.query(sql, [21, 'x'])).rows).toEqual([ROW]);
        expect(await collect(db.rows(sql, [21, 'x']))).toEqual([ROW]);
      }
    });

    it('gives several results, where the client library lets them through', async () => {
      for (let i = 0; i < 3; i++) {
        const result = db.query(marked('several'), [21, 'x']);
        if (target.flavour === 'libpq') {
          expect(await rejectionOf(result)).toMatchObject({ code: 'KB_PROTOCOL', outcome: 'unknown' });
        } else {
          expect(await result).toMatchObject({ rows: [ROW], results: [{ rows: [ROW] }, { rows: [ROW] }] });
        }
        expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      }
    });

    // Neither library hands out a row that comes behind the end of its command.
    describe.each(['out-later', 'untagged'])('an answer that no library understands: %s', (mark) => {
      it.each(Object.keys(calls))('is an error of %s, and the next call is right', async (call) => {
        for (let i = 0; i < 2; i++) {
          const error = await rejectionOf(calls[call]!(marked(mark)));
          expect(error).toMatchObject({
            code: expect.stringMatching(/^KB_(PROTOCOL|CONNECTION_LOST)$/) as string,
          });
          expect((await db.query('CALL doubles($1, $2)', [21, 'x'])).rows).toEqual([ROW]);
        }
      });
    });

    it('transactions begin where BEGIN alone is refused', async () => {
      const refused = await db.script('BEGIN; COMMIT').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (databaseMode === 'sqlserver') expect(refused).toMatchObject({ code: '42601' });
      else expect(refused).toBeUndefined();
      await db.exec('DELETE FROM called');
      await db.transaction((tx) => tx.exec('INSERT INTO called VALUES (1)'));
      const options = { isolation: 'serializable', readOnly: true, deferrable: true } as const;
      await db.transaction((tx) => tx.query('SELECT * FROM called'), options);
      const undone = await db.begin();
      await undone.exec('INSERT INTO called VALUES (2)');
      await undone.rollback();
      const resolved = await db.begin({ timeout: 5_000 });
      await resolved.savepoint((inner) => inner.exec('INSERT INTO called VALUES (3)'));
      await resolved.commit({ resolve: true });
      await db.transaction((tx) => tx.exec('INSERT INTO called VALUES (4)'), { retry: { resolve: true } });
      expect((await db.query('SELECT n FROM called ORDER BY n')).rows).toEqual([
        { n: 1 },
        { n: 3 },
        { n: 4 },
      ]);
      await db.script('BEGIN TRAN; INSERT INTO called VALUES (5); COMMIT').catch((error: unknown) => {
        // T-SQL's word.
        if (databaseMode === 'sqlserver') throw error;
      });
    });
  });
});
