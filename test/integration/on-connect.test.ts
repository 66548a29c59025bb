import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionError, DatabaseError, open, type Connection, type Database } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';
import { rejectionOf } from '../support/rejections.js';

describe.each(targets())('onConnect: $name', (target) => {
  let observer: Database;
  beforeAll(() => {
    observer = open(target.config);
  });
  afterAll(() => observer.close());

  /** Sessions of a database that has a name of its own. */
  async function sessionsOf(applicationName: string): Promise<number> {
    const sql = 'SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE application_name = $1';
    return (await observer.queryRow<{ n: number }>(sql, [applicationName]))?.n ?? -1;
  }

  it('runs once on each session, before its first use', async () => {
    const seen: number[] = [];
    const onConnect = async (session: Connection): Promise<void> => {
      seen.push(session.backendPid);
      await session.exec(`SET search_path TO pg_catalog, "$user"`);
      await session.exec('CREATE TEMP TABLE mine AS SELECT $1::int4 AS v', [session.backendPid]);
    };
    await withDatabase(
      target,
      async (db) => {
        for (let i = 0; i < 5; i++) {
          const row = await db.queryRow(
            'SELECT pg_backend_pid() = v AS same, current_setting($1) AS path FROM mine',
            ['search_path'],
          );
          expect(row).toStrictEqual({ same: true, path: 'pg_catalog, "$user"' });
        }
        expect(seen).toHaveLength(1);
        const held = await Promise.all([db.connect(), db.connect(), db.connect()]);
        expect(new Set(seen)).toStrictEqual(new Set(held.map(({ backendPid }) => backendPid)));
        for (const each of held) await each.release();
      },
      { onConnect, pool: { max: 3 } },
    );
    expect(seen).toHaveLength(3);
  });

  it('runs again where a session is replaced, and for the one that listens', async () => {
    const seen: number[] = [];
    const onConnect = (session: Connection): void => void seen.push(session.backendPid);
    await withDatabase(
      target,
      async (db) => {
        const first = await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const gone = new Promise((resolve) => db.on('disconnect', resolve));
        await observer.query('SELECT pg_terminate_backend($1)', [first!.pid]);
        await gone;
        const second = await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        expect(seen).toStrictEqual([first!.pid, second!.pid]);
        const subscription = await db.listen('on_connect', () => undefined);
        expect(seen).toHaveLength(3);
        await subscription.close();
      },
      { onConnect, pool: { max: 1 } },
    );
  });

  it('gets a handle with all calls, which is dead afterwards', async () => {
    let kept: Connection | undefined;
    const onConnect = async (session: Connection): Promise<void> => {
      kept = session;
      expect(await session.query('SELECT 1 AS v')).toMatchObject({ rows: [{ v: 1 }] });
      await session.script('SET work_mem TO 2048; SET TimeZone TO UTC');
      await session.transaction((tx) => tx.exec('SELECT 1'));
      const statement = await session.prepare('SELECT $1::int4 AS v');
      expect(await statement.queryRow([7])).toStrictEqual({ v: 7 });
      const rows: unknown[] = [];
      for await (const row of session.rows('SELECT g FROM generate_series(1, 3) g')) rows.push(row);
      expect(rows).toHaveLength(3);
      // Not waited for: it is carried out before anybody else has the session.
      void session.exec('SET statement_timeout TO 12345');
    };
    await withDatabase(
      target,
      async (db) => {
        const sql = `SELECT current_setting('work_mem') AS m, current_setting('statement_timeout') AS t`;
        expect(await db.queryRow(sql)).toStrictEqual({ m: '2MB', t: '12345ms' });
        expect(kept?.closed).toBe(true);
        await expect(kept?.query('SELECT 1')).rejects.toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
      },
      { onConnect, pool: { max: 1 } },
    );
  });

  it('fails the connection by its own failure, which is not handed out', async () => {
    const name = `on_connect_fails_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    let fault: (session: Connection) => Promise<unknown> = (session) => session.exec('SELECT * FROM nowhere');
    const onConnect = async (session: Connection): Promise<void> => {
      await fault(session);
    };
    await withDatabase(
      target,
      async (db) => {
        const refused = await rejectionOf(db.query('SELECT 1'));
        expect(refused).toBeInstanceOf(ConnectionError);
        expect(refused).toMatchObject({ code: 'KB_CONNECT_SETUP', outcome: 'not-sent' });
        expect(refused.message).toMatch(/^Cannot connect to .*onConnect.*nowhere/);
        expect(refused.cause).toBeInstanceOf(DatabaseError);
        expect(refused.explain('en')).toContain('onConnect');

        const own = new Error('the vault is sealed');
        fault = () => Promise.reject(own);
        for (const call of [() => db.connect(), () => db.begin(), () => db.listen('c', () => undefined)]) {
          expect(await rejectionOf(call())).toMatchObject({ code: 'KB_CONNECT_SETUP', cause: own });
        }
        fault = () => {
          throw own;
        };
        expect(await rejectionOf(db.query('SELECT 1'))).toMatchObject({
          code: 'KB_CONNECT_SETUP',
          cause: own,
        });

        fault = (session) => session.exec('BEGIN');
        const open = await rejectionOf(db.query('SELECT 1'));
        expect(open).toMatchObject({ code: 'KB_CONNECT_SETUP' });
        expect(open.message).toContain('transaction');
        while ((await sessionsOf(name)) > 0);
        expect(db.stats()).toMatchObject({ openConnections: 0, connecting: 0 });

        fault = () => Promise.resolve();
        expect(await db.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
      },
      { onConnect, applicationName: name },
    );
  });

  it('ends with its session, whether it notices or not', async () => {
    let swallow = false;
    const onConnect = async (session: Connection): Promise<void> => {
      const suicide = session.exec('SELECT pg_terminate_backend(pg_backend_pid())');
      await (swallow ? suicide.catch(() => undefined) : suicide);
    };
    for (swallow of [false, true]) {
      const error = await withDatabase(target, (db) => rejectionOf(db.query('SELECT 1')), { onConnect });
      expect(error).toBeInstanceOf(Error);
      expect(['57P01', 'KB_CONNECT_LOST']).toContain(error.code);
    }
  });

  it('has the time of the connection and no more', async () => {
    const name = `on_connect_slow_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    const waits: ((session: Connection) => Promise<unknown>)[] = [
      (session) => session.query('SELECT pg_sleep(600)'),
      () => new Promise(() => undefined),
    ];
    for (const wait of waits) {
      const onConnect = async (session: Connection): Promise<void> => {
        await wait(session);
      };
      await withDatabase(
        target,
        async (db) => {
          const error = await rejectionOf(db.query('SELECT 1'));
          expect(error).toMatchObject({ code: 'KB_CONNECT_TIMEOUT', outcome: 'not-sent' });
          expect(error.message).toContain('onConnect');
        },
        { onConnect, connectTimeout: 500, applicationName: name },
      );
    }
    // A close does not wait for it.
    const db = open({ ...target.config, connectTimeout: 0, onConnect: () => new Promise(() => undefined) });
    const call = rejectionOf(db.query('SELECT 1'));
    await db.close({ timeout: 1 });
    expect((await call).code).toMatch(/^KB_POOL_CLOSED|KB_CONNECT/);
  });

  it('must be a function', () => {
    // @ts-expect-error it is not what the type asks for
    expect(() => open({ ...target.config, onConnect: 'SET x TO y' })).toThrow(
      /"onConnect" must be a function/,
    );
    expect(() => open('host=h onConnect=x')).toThrow(/cannot be given in a connection string/);
  });
});
