import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { targets } from '../support/targets.js';

const SCHEMA = 'changed_underneath';

// Automatically prepared statements answer as an unprepared one would, whatever was changed after they were prepared.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open({ ...target.config, pool: { max: 1 } });
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
    await db.close();
  });
  beforeEach(() =>
    db.script(`SET client_min_messages = warning; DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA};
               SET search_path = ${SCHEMA}, public`),
  );

  const INSERT = 'INSERT INTO m VALUES ($1, $2, $3)';
  const READ = 'SELECT id::text AS id, v::float8 AS v, d::text AS d FROM m';
  const OLD = 'CREATE TABLE m (id int4, v float4, d date)';
  const ALTER =
    'ALTER TABLE m ALTER id TYPE bigint, ALTER v TYPE float8, ALTER d TYPE timestamp; DELETE FROM m';
  const VALUES = [3_000_000_000, 1234567.891, '2024-05-06 13:14:15'];
  const STORED = { id: '3000000000', v: 1234567.891, d: '2024-05-06 13:14:15' };
  const often = async (run: () => Promise<unknown>) => {
    for (let i = 0; i < 3; i++) await run();
  };

  const changes: Record<string, () => Promise<unknown>> = {
    'by a script': () => db.script(ALTER),
    'by a statement': () => db.exec(ALTER.split(';')[0] as string),
    'inside a transaction': () => db.transaction((tx) => tx.script(ALTER)),
    'inside DO': () => db.exec(`DO $$ BEGIN ${ALTER}; END $$`),
    'by another session': async () => {
      const other = open({ ...target.config, pool: { max: 1 } });
      await other.script(`SET search_path = ${SCHEMA}; ${ALTER}`);
      await other.close();
    },
  };
  it.each(Object.keys(changes))('a table altered %s', async (how) => {
    await db.script(OLD);
    await often(() => db.exec(INSERT, [1, 0.5, '2024-05-06']));
    await changes[how]?.();
    await db.exec('DELETE FROM m');
    await db.exec(INSERT, VALUES);
    expect(await db.queryRow(READ)).toEqual(STORED);
  });

  it('a table altered by another session of the same database object', async () => {
    await db.script(OLD);
    const two = open({ ...target.config, pool: { max: 2 } });
    const [a, b] = await Promise.all([two.connect(), two.connect()]);
    const insert = `INSERT INTO ${SCHEMA}.m VALUES ($1, $2, $3)`;
    await often(() => a.exec(insert, [1, 0.5, '2024-05-06']));
    await b.script(`SET search_path = ${SCHEMA}; ${ALTER}`);
    // Within the range of the old types: no error tells that they are stale.
    await a.exec(insert, [4, 1234567.891, '2024-05-06 13:14:15']);
    expect(await db.queryRow(READ)).toEqual({ ...STORED, id: '4' });
    await a.release();
    await b.release();
    await two.close();
  });

  it('an explicitly prepared statement', async () => {
    await db.script(OLD);
    const insert = await db.prepare(INSERT);
    await often(() => insert.exec([1, 0.5, '2024-05-06']));
    await db.script(ALTER);
    await insert.exec(VALUES);
    expect(await db.queryRow(READ)).toEqual(STORED);
    await insert.close();
  });

  it('a search path set, in a transaction alone, undone, and by a function', async () => {
    await db.script(`${OLD}; CREATE SCHEMA IF NOT EXISTS ${SCHEMA}_b; SET search_path = ${SCHEMA}_b;
      DROP TABLE IF EXISTS m; CREATE TABLE m (id int8, v float8, d timestamp); SET search_path = ${SCHEMA}`);
    const put = [4, 1234567.891, '2024-05-06 13:14:15'];
    const there = { ...STORED, id: '4' };
    const here = { id: '4', v: Math.fround(1234567.891), d: '2024-05-06' };
    const check = async (on: Pick<Database, 'exec' | 'queryRow'>, expected: object) => {
      await on.exec('DELETE FROM m');
      await often(() => on.exec(INSERT, put));
      expect(await on.queryRow(READ)).toEqual(expected);
    };
    await check(db, here);
    await db.transaction(async (tx) => {
      await tx.exec(`SET LOCAL search_path = ${SCHEMA}_b`);
      await check(tx, there);
    });
    await check(db, here);
    const tx = await db.begin();
    await tx.exec(`SET search_path = ${SCHEMA}_b`);
    await check(tx, there);
    await tx.rollback();
    await check(db, here);
    await db.transaction(async (outer) => {
      await check(outer, here);
      await outer
        .savepoint(async (inner) => {
          await inner.exec(`SET search_path = ${SCHEMA}_b`);
          await check(inner, there);
          throw new Error('undo');
        })
        .catch(() => undefined);
      await check(outer, here);
    });
    await db.queryRow('SELECT set_config($1, $2, false)', ['search_path', `${SCHEMA}_b`]);
    await check(db, there);
    await db.exec(`SET search_path = ${SCHEMA}`);
    await check(db, here);
    await db.script(`DROP SCHEMA ${SCHEMA}_b CASCADE`);
  });

  it('the columns of one text alternate inside transactions', async () => {
    await db.script(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}_b; DROP TABLE IF EXISTS ${SCHEMA}_b.cust;
      CREATE TABLE cust (a int4); CREATE TABLE ${SCHEMA}_b.cust (a text, b text);
      INSERT INTO cust VALUES (1); INSERT INTO ${SCHEMA}_b.cust VALUES ('x', 'y')`);
    for (const tenant of ['', '', '_b', '_b', '', '_b', '', '_b']) {
      const rows = await db.transaction(async (tx) => {
        await tx.exec(`SET LOCAL search_path = ${SCHEMA}${tenant}`);
        return (await tx.query('SELECT * FROM cust')).rows;
      });
      expect(rows).toEqual(tenant === '' ? [{ a: 1 }] : [{ a: 'x', b: 'y' }]);
    }
    await db.script(`DROP SCHEMA ${SCHEMA}_b CASCADE`);
  });

  // As tenants are told apart by programs that keep it in one place.
  describe('a search path that a function has set', () => {
    const tenants = `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}_b; DROP TABLE IF EXISTS ${SCHEMA}_b.m, ${SCHEMA}_b.cust;
      ${OLD}; CREATE TABLE ${SCHEMA}_b.m (id int8, v float8, d timestamp);
      CREATE TABLE cust (a int4); CREATE TABLE ${SCHEMA}_b.cust (a text, b text);
      INSERT INTO cust VALUES (1); INSERT INTO ${SCHEMA}_b.cust VALUES ('x', 'y');
      CREATE FUNCTION tenant(text) RETURNS void LANGUAGE plpgsql AS
        $$ BEGIN PERFORM set_config('search_path', $1, true); END $$;
      CREATE FUNCTION ${SCHEMA}_b.tenant(text) RETURNS void LANGUAGE sql AS 'SELECT ${SCHEMA}.tenant($1)'`;
    const calls: Record<string, (tx: Transaction, path: string) => Promise<unknown>> = {
      query: (tx, path) => tx.query('SELECT tenant($1)', [path]),
      'a query among others': (tx, path) => tx.query('SELECT upper($1), 1 FROM tenant($1) AS t', [path]),
      rows: async (tx, path) => {
        for await (const row of tx.rows('SELECT "tenant"($1)', [path])) expect(row).toBeDefined();
      },
      'a text of several': (tx, path) => tx.query('WITH w AS (SELECT tenant($1)) SELECT * FROM w', [path]),
    };

    it.each(Object.keys(calls))('by %s', async (call) => {
      await db.script(tenants);
      const select = await db.prepare('SELECT * FROM cust');
      for (const tenant of ['', '', '_b', '_b', '', '_b', '', '_b', '_b', '']) {
        await db.transaction(async (tx) => {
          // Prepared under the other path, here or before.
          await tx.query('SELECT * FROM cust');
          await calls[call]!(tx, `${SCHEMA}${tenant}`);
          const here = tenant === '';
          const customers = here ? [{ a: 1 }] : [{ a: 'x', b: 'y' }];
          expect((await tx.query('SELECT * FROM cust')).rows).toEqual(customers);
          const rows: unknown[] = [];
          for await (const row of tx.rows('SELECT * FROM cust')) rows.push(row);
          expect(rows).toEqual(customers);
          await tx.exec('DELETE FROM m');
          await often(() => tx.exec(INSERT, [4, 1234567.891, '2024-05-06 13:14:15']));
          const stored = here ? { v: Math.fround(1234567.891), d: '2024-05-06' } : STORED;
          expect(await tx.queryRow(READ)).toEqual({ ...stored, id: '4' });
        });
        expect((await select.query()).rows).toEqual([{ a: 1 }]);
      }
      await select.close();
      await db.script(`DROP SCHEMA ${SCHEMA}_b CASCADE`);
    });

    it('what is prepared is used again behind the transaction', async () => {
      await db.script(tenants);
      await often(() => db.query('SELECT * FROM cust'));
      const prepared = async () =>
        (
          await db.query<{ name: string }>(
            `SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT * FROM cust'`,
          )
        ).rows;
      const before = await prepared();
      expect(before).toHaveLength(1);
      for (let i = 0; i < 3; i++) {
        await db.transaction((tx) => tx.query('SELECT tenant($1)', [`${SCHEMA}_b`]));
        await db.query('SELECT * FROM cust');
      }
      expect(await prepared()).toEqual(before);
      await db.script(`DROP SCHEMA ${SCHEMA}_b CASCADE`);
    });

    it('set by a text in a stream', async () => {
      await db.script(tenants);
      await db.transaction(async (tx) => {
        await often(() => tx.query('SELECT * FROM cust'));
        for await (const row of tx.rows(`SELECT set_config('search_path', '${SCHEMA}_b', true)`)) {
          expect(row).toBeDefined();
        }
        expect((await tx.query('SELECT * FROM cust')).rows).toEqual([{ a: 'x', b: 'y' }]);
      });
      await db.script(`DROP SCHEMA ${SCHEMA}_b CASCADE`);
    });
  });

  const errors: [string, string, string, string, unknown, unknown][] = [
    [
      'an enum made again',
      `CREATE TYPE mood AS ENUM ('a')`,
      `DROP TYPE mood; CREATE TYPE mood AS ENUM ('a', 'b')`,
      'SELECT $1::mood::text AS x',
      'a',
      'b',
    ],
    [
      'a function replaced',
      'CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT $1::text $$',
      'DROP FUNCTION f(int); CREATE FUNCTION f(bigint) RETURNS text LANGUAGE sql AS $$ SELECT $1::text $$',
      'SELECT f($1) AS x',
      '1',
      '3000000000',
    ],
    [
      'text that became jsonb',
      'CREATE TABLE j (doc text)',
      'ALTER TABLE j ALTER doc TYPE jsonb USING doc::jsonb',
      `INSERT INTO j VALUES ($1) RETURNING doc::text AS x`,
      '{"a": 1}',
      '{"a": 2}',
    ],
    [
      'a number that became text',
      'CREATE TABLE t (v int); INSERT INTO t VALUES (7)',
      `ALTER TABLE t ALTER v TYPE text; UPDATE t SET v = 'seven'`,
      'SELECT v::text AS x FROM t WHERE v = $1 OR $1 IS NULL',
      '7',
      'seven',
    ],
  ];
  // What another session did shows by the error, which happens once where nothing can have been done.
  it.each(errors)('%s, by another session', async (_what, before, after, sql, value, then) => {
    await db.script(before);
    await often(() => db.query(sql, [value]));
    const other = open({ ...target.config, pool: { max: 1 } });
    await other.script(`SET search_path = ${SCHEMA}; ${after}`);
    await other.close();
    expect(await db.queryRow(sql, [then])).toEqual({ x: then });
    const rows: unknown[] = [];
    for await (const row of db.rows(sql, [then])) rows.push(row);
    expect(rows).toEqual([{ x: then }]);
  });

  it('a true mistake is told once it has been looked at, and is not run twice when it comes again', async () => {
    await db.script('CREATE TABLE t (v int2)');
    await often(() => db.exec('INSERT INTO t VALUES ($1)', [1]));
    for (let i = 0; i < 3; i++) {
      await expect(db.exec('INSERT INTO t VALUES ($1)', [70_000])).rejects.toMatchObject({ code: '22003' });
    }
    const { rows } = await db.query('SELECT count(*)::int AS n FROM t');
    expect(rows).toEqual([{ n: 3 }]);
  });

  it.each(['CALL', 'DO'])('what %s has committed before its error is not done twice', async (how) => {
    await db.script(
      `CREATE TABLE t (v int8); CREATE TABLE settings (fails bool); INSERT INTO settings VALUES (false)`,
    );
    const body = `BEGIN INSERT INTO ${SCHEMA}.t VALUES (1); COMMIT;
      IF (SELECT fails FROM ${SCHEMA}.settings) THEN PERFORM '3000000000'::text::int4; END IF; END`;
    await db.exec(`CREATE PROCEDURE put() LANGUAGE plpgsql AS $$ ${body} $$`);
    const sql = how === 'CALL' ? 'CALL put()' : `DO $$ ${body} $$`;
    await often(() => db.exec(sql));
    // By another session, so that what is prepared stays.
    const other = open({ ...target.config, pool: { max: 1 } });
    await other.exec(`UPDATE ${SCHEMA}.settings SET fails = true`);
    await other.close();
    const statement = await db.prepare(sql);
    await expect(statement.exec()).rejects.toMatchObject({ code: '22003' });
    await expect(statement.exec()).rejects.toMatchObject({ code: '22003' });
    await statement.close();
    expect(await db.queryRow('SELECT count(*)::int AS n FROM t')).toEqual({ n: 5 });
  });

  it('rows that were given are not given twice', async () => {
    await db.script('CREATE TABLE t (v int8); INSERT INTO t SELECT generate_series(1, 60000)');
    const sql = 'SELECT (v * $1::int8)::int4 AS x FROM t ORDER BY v';
    const read = async (factor: number) => {
      let count = 0;
      const seen = new Set<unknown>();
      const reading = (async () => {
        for await (const { x } of db.rows<{ x: number }>(sql, [factor])) {
          count++;
          seen.add(x);
        }
      })();
      const error = await reading.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(seen.size).toBe(count);
      return error;
    };
    expect(await read(1)).toBeUndefined();
    expect(await read(1)).toBeUndefined();
    expect(await read(50_000)).toMatchObject({ code: '22003' });
  });

  it('prepared statements are closed on the server, and prepared again once the change is over', async () => {
    await db.script(OLD);
    const names = async () =>
      (
        await db.queryRow<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement = '${INSERT}'`,
        )
      )?.n;
    await often(() => db.exec(INSERT, [1, 0.5, '2024-05-06']));
    expect(await names()).toBe(1);
    for (let i = 0; i < 5; i++) {
      await db.exec('SET enable_seqscan = on');
      await often(() => db.exec(INSERT, [1, 0.5, '2024-05-06']));
    }
    expect(await names()).toBe(1);
  });

  // What a text gave when it was run unprepared says nothing of the statement that the server prepares of it later.
  describe('columns changed between the first run, unprepared, and the second', () => {
    const FIRST = 'CREATE TABLE m (a int4, b text)';
    const seconds: Record<string, { types: string; row: object }> = {
      'types of the server': { types: 'a interval, b text', row: { a: '1 day', b: '{red,blue}' } },
      'a type of its own': { types: 'a interval, b hue[]', row: { a: '1 day', b: ['red', 'blue'] } },
    };
    const collect = async (rows: AsyncIterable<unknown>) => {
      const all: unknown[] = [];
      for await (const row of rows) all.push(row);
      return all;
    };
    const ways: Record<string, (sql: string, parameters: unknown[]) => Promise<unknown[]>> = {
      query: async (sql, parameters) => (await db.query(sql, parameters)).rows,
      rows: (sql, parameters) => collect(db.rows(sql, parameters)),
      'several at once': async (sql, parameters) => {
        await db.query(sql, parameters);
        const results = await Promise.all([1, 2, 3].map(() => db.query(sql, parameters)));
        return results.flatMap(({ rows }) => rows).slice(0, 1);
      },
    };
    const texts: Record<string, [string, unknown[], unknown[]]> = {
      SELECT: ['SELECT * FROM m', [], []],
      'INSERT … RETURNING': [
        'INSERT INTO m VALUES ($1, $2) RETURNING *',
        ['1', 'x'],
        ['1 day', '{red,blue}'],
      ],
      'UPDATE … RETURNING': ['UPDATE m SET a = $1 RETURNING *', ['1'], ['1 day']],
    };
    const cases = Object.keys(texts).flatMap((text) =>
      Object.keys(ways).flatMap((way) =>
        Object.keys(seconds).flatMap((to) => ['itself', 'another'].map((by) => ({ text, way, to, by }))),
      ),
    );
    it.each(cases)('$text read by $way, changed to $to by $by', async ({ text, way, to, by }) => {
      const [sql, before, after] = texts[text] as [string, unknown[], unknown[]];
      const { types, row } = seconds[to] as { types: string; row: object };
      const change = `DROP TABLE m; DROP TYPE IF EXISTS hue; CREATE TYPE hue AS ENUM ('red', 'blue');
                      CREATE TABLE m (${types}); INSERT INTO m VALUES ('1 day', '{red,blue}')`;
      await db.script(FIRST);
      await db.query(sql, before);
      if (by === 'itself') await db.script(change);
      else {
        const other = open({ ...target.config, pool: { max: 1 } });
        await other.script(`SET search_path = ${SCHEMA}; ${change}`);
        await other.close();
      }
      expect(await ways[way]?.(sql, after)).toEqual([row]);
    });
  });

  // The text of FETCH or EXECUTE says nothing of its columns: they are those of what was declared last.
  describe('columns that the text does not fix', () => {
    const UNLIKE = `SELECT '1 day'::interval AS a, 1.5::float4 AS b, ARRAY['x', 'y'] AS c`;
    const UNLIKE_ROW = { a: '1 day', b: 1.5, c: ['x', 'y'] };
    const LARGE = `SELECT i AS a, repeat('x', 400) AS b, i AS c FROM generate_series(1, 5000) AS i`;
    const collect = async (rows: AsyncIterable<unknown>) => {
      const all: unknown[] = [];
      for await (const row of rows) all.push(row);
      return all;
    };

    it.each(['FETCH ALL FROM c', '/* all */ fetch all from c', '-- all\n FETCH ALL FROM c'])('%j', (sql) =>
      db.transaction(async (tx) => {
        for (const ways of ['rows', 'query', 'rows', 'query']) {
          const read = async () => (ways === 'rows' ? collect(tx.rows(sql)) : (await tx.query(sql)).rows);
          await tx.exec(`DECLARE c CURSOR FOR ${LARGE}`);
          expect(await read()).toHaveLength(5000);
          await tx.exec('CLOSE c');
          await tx.exec(`DECLARE c CURSOR FOR ${UNLIKE}`);
          expect(await read()).toEqual([UNLIKE_ROW]);
          await tx.exec('CLOSE c');
        }
      }),
    );

    it('EXECUTE of a statement that was made again', async () => {
      for (const sql of ['EXECUTE pl', '/**/execute pl']) {
        for (let i = 0; i < 2; i++) {
          for (const [text, expected] of [
            [LARGE, 5000],
            [UNLIKE, 1],
          ] as const) {
            await db.exec(`PREPARE pl AS ${text}`);
            const { rows } = await db.query(sql);
            const streamed = await collect(db.rows(sql));
            expect(streamed).toHaveLength(expected);
            if (expected === 1) {
              expect(streamed).toEqual([UNLIKE_ROW]);
              expect(rows).toEqual([UNLIKE_ROW]);
            }
            await db.exec('DEALLOCATE pl');
          }
        }
      }
    });
  });
});
