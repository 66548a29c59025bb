import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';
import { withConnection } from './with-connection.js';

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  it('has ISO dates whatever the session would have, and knows what the server reported', async () => {
    // The name of the application is the name of another parameter that the server reports.
    const settings = { options: '-c datestyle=German', applicationName: 'DateStyle' };
    const use = (german: Database): Promise<void> =>
      withConnection(german, async (connection) => {
        expect(await connection.queryRow("SELECT current_setting('datestyle') AS style")).toStrictEqual({
          style: 'ISO, DMY',
        });
        expect(connection.serverParameters).toMatchObject({
          application_name: 'DateStyle',
          DateStyle: 'German, DMY',
          client_encoding: 'UTF8',
        });
        expect(connection.serverParameters['server_version']).toMatch(/^\d+/);
      });
    await withDatabase(target, use, settings);
  });

  it('closes what is released beyond maxIdle, and what is idle at the end', async () => {
    const ended = async (processId: number): Promise<void> => {
      await expect
        .poll(async () => (await db.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [processId])).rows)
        .toStrictEqual([]);
    };
    let last = 0;
    const use = async (small: Database): Promise<void> => {
      const [first, second] = [await small.connect(), await small.connect()];
      await first.release();
      await second.release();
      last = first.backendPid;
      await ended(second.backendPid);
      expect(await small.queryRow('SELECT pg_backend_pid() AS pid')).toStrictEqual({ pid: last });
    };
    await withDatabase(target, use, { pool: { max: 2, maxIdle: 1 } });
    await ended(last);
  });

  describe('a checked-out connection', () => {
    it('is one session that keeps its state', async () => {
      await withConnection(db, async (connection) => {
        const session = async (): Promise<unknown> =>
          (await connection.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))?.pid;
        expect(await session()).toBe(connection.backendPid);
        await connection.exec("SET application_name TO 'kept'");
        await connection.exec('CREATE TEMP TABLE kept (v int4)');
        await connection.exec('INSERT INTO kept VALUES ($1)', [7]);
        // Others come and go meanwhile.
        await Promise.all(Array.from({ length: 20 }, (_, i) => db.query('SELECT $1::int4', [i])));
        expect(
          await connection.queryRow("SELECT v, current_setting('application_name') AS name FROM kept"),
        ).toStrictEqual({
          v: 7,
          name: 'kept',
        });
        expect(await session()).toBe(connection.backendPid);
        await connection.script('DROP TABLE kept; RESET application_name');
      });
    });

    it('runs calls in the order they were made, and tells of them in it, whatever becomes of them', async () => {
      await withConnection(db, async (connection) => {
        // One that failed half-way can have left it.
        await connection.exec('DROP TABLE IF EXISTS ordered');
        await connection.exec('CREATE TEMP TABLE ordered (n serial, v text)');
        // Often, since only in some of them an answer is there before the failure of the call before has been told.
        for (let round = 0; round < 20; round++) {
          const calls: Promise<unknown>[] = [];
          const ended: number[] = [];
          for (let i = 0; i < 40; i++) {
            const call =
              i % 5 === 1
                ? connection.query('SELECT 1/0')
                : i % 5 === 2
                  ? connection.script(`INSERT INTO ordered (v) VALUES ('${i}'); SELECT 1`)
                  : i % 5 === 3
                    ? connection.exec('INSERT INTO ordered (v) VALUES ($1)', ['\0'])
                    : connection.exec(`INSERT INTO ordered (v) SELECT $1 FROM pg_sleep(${round / 10_000})`, [
                        `${i}`,
                      ]);
            calls.push(call.finally(() => ended.push(i)));
          }
          const outcomes = await Promise.allSettled(calls);
          expect(ended).toStrictEqual(outcomes.map((_, i) => i));
          expect(outcomes.map(({ status }) => status === 'rejected')).toStrictEqual(
            outcomes.map((_, i) => i % 5 === 1 || i % 5 === 3),
          );
          const { rows } = await connection.query('DELETE FROM ordered RETURNING n, v', [], {
            rowMode: 'array',
          });
          expect(rows.sort(([a], [b]) => Number(a) - Number(b)).map(([, v]) => v)).toStrictEqual(
            outcomes.flatMap((_, i) => (i % 5 === 1 || i % 5 === 3 ? [] : [`${i}`])),
          );
        }
        await connection.exec('DROP TABLE ordered');
      });
    });

    it('is given back by release, and serves others then', async () => {
      await withDatabase(
        target,
        async (single) => {
          const connection = await single.connect();
          expect(single.stats()).toMatchObject({ openConnections: 1, inUse: 1, idle: 0 });
          const waiting = single.queryRow('SELECT pg_backend_pid() AS pid');
          let served = false;
          void waiting.then(() => (served = true));
          await connection.query('SELECT 1');
          expect(served).toBe(false);
          const { backendPid: processId } = connection;
          await connection.release();
          expect(await waiting).toStrictEqual({ pid: processId });
          expect(single.stats()).toMatchObject({ openConnections: 1, inUse: 0, idle: 1 });
        },
        { pool: { max: 1 } },
      );
    });

    it('is given back when what is going on has ended', async () => {
      const connection = await db.connect();
      const running = [
        connection.queryRow('SELECT 1 AS v FROM pg_sleep(0.02)'),
        connection.queryRow('SELECT 2 AS v FROM pg_sleep(0.02)'),
      ];
      let ended = 0;
      for (const call of running) void call.then(() => ended++);
      await Promise.all([connection.release(), connection.release()]);
      expect(ended).toBe(2);
      expect(await Promise.all(running)).toStrictEqual([{ v: 1 }, { v: 2 }]);
    });

    it('refuses everything once it is released', async () => {
      const connection = await db.connect();
      const statement = await connection.prepare('SELECT 1');
      const releasing = connection.release();
      const calls = [
        () => connection.query('SELECT 1'),
        () => connection.queryRow('SELECT 1'),
        () => connection.exec('SELECT 1'),
        () => connection.script('SELECT 1'),
        () => connection.prepare('SELECT 1').then(() => 'prepared'),
        () => connection.query('SELECT 1', [], { timeout: 1000, signal: new AbortController().signal }),
        () => statement.query(),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ name: 'UsageError', code: 'KB_CONNECTION_RELEASED' });
      }
      await releasing;
      await connection.release();
      await statement.close();
      await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
    });

    it('is released by its disposal', async () => {
      await withDatabase(target, async (own) => {
        const connection = await own.connect();
        expect(own.stats().inUse).toBe(1);
        await connection[Symbol.asyncDispose]();
        expect(own.stats().inUse).toBe(0);
      });
    });

    it('leaves no transaction behind', async () => {
      await withDatabase(
        target,
        async (single) => {
          for (const last of ['SELECT 1', 'SELECT 1/0']) {
            const connection = await single.connect();
            await connection.script("BEGIN; SET LOCAL application_name TO 'inside'");
            await connection.query(last).catch(() => undefined);
            await connection.release();
            expect(
              await single.queryRow("SELECT current_setting('application_name') = 'inside' AS inside"),
            ).toStrictEqual({ inside: false });
          }
          await expect(single.script('BEGIN; SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
          expect(await single.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
        },
        { pool: { max: 1 } },
      );
    });

    it('says how it is connected', async () => {
      await withConnection(db, (connection) => {
        expect(connection.backendPid).toBeGreaterThan(0);
        if (inject('sslMode') === 'disable') expect(connection.tls).toBeUndefined();
        else expect(connection.tls).toMatchObject({ protocol: expect.stringMatching(/^TLSv1/) as string });
        return Promise.resolve();
      });
    });
  });

  describe('closing a database', () => {
    /** How many sessions of this name the server has. */
    const sessions = async (name: string): Promise<bigint> =>
      (await db.queryRow<{ n: bigint }>(
        'SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1',
        [name],
      ))!.n;

    it('waits for what is under way and for what is checked out, and ends the sessions', async () => {
      const name = 'closing';
      const closing = open({ ...target.config, applicationName: name, pool: { max: 2 } });
      const connection = await closing.connect();
      const running = closing.queryRow('SELECT 1 AS v FROM pg_sleep(0.05)');
      const queued = closing.queryRow('SELECT 2 AS v');
      let closed = false;
      const close = closing.close().then(() => (closed = true));
      await expect(closing.query('SELECT 3')).rejects.toMatchObject({
        name: 'PoolError',
        code: 'KB_POOL_CLOSED',
      });
      await expect(closing.connect()).rejects.toMatchObject({ code: 'KB_POOL_CLOSED' });
      expect(await Promise.all([running, queued])).toStrictEqual([{ v: 1 }, { v: 2 }]);
      // What was checked out before goes on.
      expect(await connection.queryRow('SELECT 4 AS v')).toStrictEqual({ v: 4 });
      expect(closed).toBe(false);
      await connection.release();
      await close;
      expect(closing.stats()).toMatchObject({ openConnections: 0, inUse: 0, idle: 0 });
      while ((await sessions(name)) > 0n);
      await closing.close();
    });

    it('that was never used, and one that is still connecting', async () => {
      await open(target.config).close();
      const connecting = open(target.config);
      const first = connecting.queryRow('SELECT 1 AS v');
      const close = connecting.close();
      expect(await first).toStrictEqual({ v: 1 });
      await close;
    });
  });
});
