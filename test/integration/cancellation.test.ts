import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const FOR_EVER = 'SELECT pg_sleep(600)';

describe.each(targets())('$name', (target) => {
  let db: Database;
  // For looking at the sessions of the other.
  let observer: Database;
  beforeAll(() => {
    db = open(target.config);
    observer = open(target.config);
  });
  afterAll(() => Promise.all([db.close(), observer.close()]));

  /** Resolves when the session is doing what is asked for: `active`, waiting for a lock, … */
  async function until(connection: Connection, condition: string): Promise<void> {
    const sql = `SELECT ${condition} AS reached FROM pg_stat_activity WHERE pid = $1`;
    while ((await observer.queryRow<{ reached: boolean }>(sql, [connection.backendPid]))?.reached !== true);
  }
  const untilSleeping = (connection: Connection): Promise<void> =>
    until(connection, `wait_event = 'PgSleep'`);

  async function expectUsable(connection: Connection): Promise<void> {
    const { backendPid: processId } = connection;
    for (let i = 0; i < 3; i++) {
      expect(await connection.queryRow('SELECT pg_backend_pid() AS pid, $1::int4 AS v', [i])).toStrictEqual({
        pid: processId,
        v: i,
      });
    }
  }

  describe('signal', () => {
    it('stops the statement on the server and rejects with its reason', async () => {
      await withConnection(db, async (connection) => {
        for (const reason of [new Error('enough'), 'a string', undefined]) {
          const controller = new AbortController();
          const call = connection.query(FOR_EVER, [], { signal: controller.signal });
          await untilSleeping(connection);
          controller.abort(reason);
          const thrown: unknown = await call.catch((error: unknown) => error);
          expect(thrown).toBe(controller.signal.reason);
          expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
          await expectUsable(connection);
          await until(connection, `state = 'idle'`);
        }
      });
    });

    it('rejects with AbortError where no reason is given', async () => {
      await withConnection(db, async (connection) => {
        const controller = new AbortController();
        const call = connection.exec(FOR_EVER, [], { signal: controller.signal });
        await untilSleeping(connection);
        controller.abort();
        await expect(call).rejects.toMatchObject({ name: 'AbortError' });
        await expectUsable(connection);
      });
    });

    it('stops scripts, prepared statements and preparing', async () => {
      await withConnection(db, async (connection) => {
        const statement = await connection.prepare('SELECT $1::int4 FROM pg_sleep(600)');
        const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
          (signal) => connection.script(`SELECT 1; ${FOR_EVER}; SELECT 2`, { signal }),
          (signal) => statement.query([1], { signal }),
          (signal) => connection.queryRow(FOR_EVER, [], { signal }),
          // Prepared and described before it runs.
          (signal) => connection.query('SELECT $1::json FROM pg_sleep(600)', [[1]], { signal }),
        ];
        for (let round = 0; round < 2; round++) {
          for (const call of calls) {
            const controller = new AbortController();
            const running = call(controller.signal);
            await untilSleeping(connection);
            controller.abort('stop');
            await expect(running).rejects.toBe('stop');
            await expectUsable(connection);
          }
        }
        await statement.close();
      });
    });

    it('stops a statement that waits for a lock, when run and when prepared', async () => {
      const table = `locked_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
      await db.script(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (v int4)`);
      await withConnection(db, (owner) =>
        withConnection(db, async (connection) => {
          await owner.script(`BEGIN; LOCK ${table}`);
          const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
            (signal) => connection.query(`SELECT v FROM ${table}`, [], { signal }),
            (signal) => connection.prepare(`SELECT v, 2 FROM ${table}`, { signal }),
            (signal) => connection.query(`SELECT v FROM ${table} WHERE v = ANY($1)`, [[1]], { signal }),
          ];
          for (const call of calls) {
            const controller = new AbortController();
            const running = call(controller.signal);
            await until(connection, `wait_event_type = 'Lock'`);
            controller.abort('stop');
            await expect(running).rejects.toBe('stop');
            await expectUsable(connection);
          }
          await owner.exec('ROLLBACK');
          // What was only half prepared can be used.
          for (let i = 0; i < 3; i++) {
            expect(
              (await connection.query(`SELECT v FROM ${table} WHERE v = ANY($1)`, [[1]])).rows,
            ).toStrictEqual([]);
          }
        }),
      );
      await db.exec(`DROP TABLE ${table}`);
    });

    it('stops a result on its way', async () => {
      await withConnection(db, async (connection) => {
        // Known to be large by then, and read row by row.
        const sql = "SELECT generate_series(1, $1::int8) AS i, repeat('x', 100) AS x";
        for (let i = 0; i < 2; i++) expect((await connection.query(sql, [5000])).rows).toHaveLength(5000);
        const controller = new AbortController();
        let parsed = 0;
        const call = connection.query(sql, [1e9], {
          signal: controller.signal,
          types: {
            int8: {
              parse: (text) => {
                if (++parsed === 5000) controller.abort('seen enough');
                return text;
              },
            },
          },
        });
        await expect(call).rejects.toBe('seen enough');
        expect(parsed).toBeGreaterThanOrEqual(5000);
        await expectUsable(connection);
        expect((await connection.query(sql, [1000])).rows).toHaveLength(1000);
      });
    });

    it('that is aborted already runs nothing', async () => {
      await withConnection(db, async (connection) => {
        await connection.exec('CREATE TEMP TABLE untouched (v int4)');
        const reason = new Error('before');
        const options = { signal: AbortSignal.abort(reason) };
        const calls = [
          () => connection.exec('INSERT INTO untouched VALUES (1)', [], options),
          () => connection.script('INSERT INTO untouched VALUES (1)', options),
          () => connection.prepare('SELECT 1', options).then(() => 'prepared'),
          () => db.query('SELECT 1', [], options),
        ];
        for (const call of calls) await expect(call()).rejects.toBe(reason);
        expect(await connection.queryRow('SELECT count(*) AS n FROM untouched')).toStrictEqual({ n: 0n });
        await connection.exec('DROP TABLE untouched');
      });
    });

    it('takes a call out of the queue of a connection or of the pool', async () => {
      await withDatabase(
        target,
        async (single) => {
          await withConnection(single, async (connection) => {
            await connection.exec('CREATE TEMP TABLE untouched (v int4)');
            const blocker = new AbortController();
            const blocked = connection.query(FOR_EVER, [], { signal: blocker.signal });
            const controller = new AbortController();
            const options = { signal: controller.signal };
            const queued = [
              connection.exec('INSERT INTO untouched VALUES (1)', [], options),
              connection.script('INSERT INTO untouched VALUES (2)', options),
              single.exec('INSERT INTO untouched VALUES (3)', [], options),
            ];
            const kept = connection.exec('INSERT INTO untouched VALUES (4)');
            const keptByPool = single.queryRow('SELECT 5 AS v');
            await untilSleeping(connection);
            const withdrawn = Promise.allSettled(queued);
            controller.abort('no longer wanted');
            expect(await withdrawn).toStrictEqual(
              queued.map(() => ({ status: 'rejected', reason: 'no longer wanted' })),
            );
            expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
            blocker.abort('done');
            await expect(blocked).rejects.toBe('done');
            expect(await kept).toMatchObject({ rowsAffected: 1 });
            expect((await connection.query('SELECT v FROM untouched')).rows).toStrictEqual([{ v: 4 }]);
            await connection.release();
            expect(await keptByPool).toStrictEqual({ v: 5 });
          });
        },
        { pool: { max: 1 } },
      );
    });

    it('takes a call back while the first connection is being made', async () => {
      await withDatabase(target, async (fresh) => {
        const controller = new AbortController();
        const call = fresh.query('SELECT 1', [], { signal: controller.signal });
        controller.abort('changed my mind');
        await expect(call).rejects.toBe('changed my mind');
        expect(await fresh.queryRow('SELECT 2 AS v')).toStrictEqual({ v: 2 });
      });
    });

    it('does nothing once the call has ended', async () => {
      await withConnection(db, async (connection) => {
        const controller = new AbortController();
        const { signal } = controller;
        await connection.query('SELECT 1', [], { signal });
        await expect(connection.query('SELECT 1/0', [], { signal })).rejects.toMatchObject({ code: '22012' });
        await expect(connection.query('SELECT $1::text', ['\0'], { signal })).rejects.toMatchObject({
          code: 'KB_BAD_PARAMETER',
        });
        await connection.script('SELECT 1', { signal });
        await (await connection.prepare('SELECT 1', { signal })).close();
        expect(getEventListeners(signal, 'abort')).toHaveLength(0);
        const running = connection.queryRow('SELECT 7 AS v FROM pg_sleep(0.05)');
        controller.abort();
        expect(await running).toStrictEqual({ v: 7 });
      });
    });

    it('at any moment ends the call one way or the other and hits no other call', async () => {
      await withConnection(db, async (connection) => {
        const delays: ((abort: () => void) => void)[] = [
          (abort) => abort(),
          (abort) => queueMicrotask(abort),
          (abort) => process.nextTick(abort),
          (abort) => setImmediate(abort),
          (abort) => setImmediate(() => setImmediate(abort)),
          (abort) => setTimeout(abort, 1),
        ];
        for (let i = 0; i < 60; i++) {
          const controller = new AbortController();
          // Sent as it is, prepared first, or prepared and described first.
          const sql = `SELECT ${Math.floor(i / 3)} AS v, $1::int4[] AS list`;
          const call =
            i % 2 === 0
              ? connection.queryRow(sql, [[i]], { signal: controller.signal })
              : connection.queryRow(sql, [`{${i}}`], { signal: controller.signal });
          delays[i % delays.length]!(() => controller.abort('cut short'));
          const next = connection.queryRow('SELECT $1::int4 AS v', [i]);
          const [first, second] = await Promise.allSettled([call, next]);
          expect([
            { status: 'fulfilled', value: { v: Math.floor(i / 3), list: [i] } },
            { status: 'rejected', reason: 'cut short' },
          ]).toContainEqual(first);
          expect(second).toStrictEqual({ status: 'fulfilled', value: { v: i } });
          // The statement itself is none the worse for it.
          expect(await connection.queryRow(sql, [[i]])).toStrictEqual({ v: Math.floor(i / 3), list: [i] });
        }
      });
    });

    it('leaves the transaction to its owner', async () => {
      await withConnection(db, async (connection) => {
        await connection.script(
          'CREATE TEMP TABLE kept (v int4); BEGIN; INSERT INTO kept VALUES (1); SAVEPOINT s',
        );
        const controller = new AbortController();
        const call = connection.query(FOR_EVER, [], { signal: controller.signal });
        await untilSleeping(connection);
        controller.abort('stop');
        await expect(call).rejects.toBe('stop');
        await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
        await connection.script('ROLLBACK TO s; COMMIT');
        expect((await connection.query('SELECT v FROM kept')).rows).toStrictEqual([{ v: 1 }]);
        await connection.exec('DROP TABLE kept');
      });
    });
  });

  describe('timeout', () => {
    it('stops the statement on the server and says so', async () => {
      await withConnection(db, async (connection) => {
        const calls = [
          () => connection.query(FOR_EVER, [], { timeout: 20 }),
          () => connection.script(FOR_EVER, { timeout: 20 }),
          () => connection.exec('SELECT $1::json FROM pg_sleep(600)', [[1]], { timeout: 20 }),
        ];
        for (const call of calls) {
          await expect(call()).rejects.toMatchObject({
            name: 'TimeoutError',
            code: 'KB_TIMEOUT',
            operation: 'query',
            timeout: 20,
            cause: { name: 'DatabaseError', code: '57014', condition: 'query_canceled' },
          });
          await expectUsable(connection);
        }
      });
    });

    it('counts the time in the queue, and takes the call out of it', async () => {
      await withDatabase(
        target,
        async (single) => {
          const connection = await single.connect();
          const blocker = new AbortController();
          const blocked = connection.query(FOR_EVER, [], { signal: blocker.signal });
          for (const queryable of [single, connection]) {
            const failure: unknown = await queryable
              .query('SELECT 1', [], { timeout: 20 })
              .catch((error: unknown) => error);
            expect(failure).toMatchObject({ name: 'TimeoutError', code: 'KB_TIMEOUT', timeout: 20 });
            expect((failure as Error).cause).toBeUndefined();
          }
          blocker.abort('done');
          await expect(blocked).rejects.toBe('done');
          await expectUsable(connection);
          await connection.release();
          expect(await single.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
        },
        { pool: { max: 1 } },
      );
    });

    it('that is not reached changes nothing', async () => {
      await withConnection(db, async (connection) => {
        for (let i = 0; i < 3; i++) {
          expect(await connection.queryRow('SELECT $1::int4 AS v', [i], { timeout: 60_000 })).toStrictEqual({
            v: i,
          });
        }
        await expect(connection.query('SELECT 1/0', [], { timeout: 60_000 })).rejects.toMatchObject({
          code: '22012',
        });
      });
    });

    it('and signal: the first that comes is the outcome', async () => {
      await withConnection(db, async (connection) => {
        const controller = new AbortController();
        const byTimeout = connection.query(FOR_EVER, [], { signal: controller.signal, timeout: 20 });
        await expect(byTimeout).rejects.toMatchObject({ code: 'KB_TIMEOUT' });
        const bySignal = connection.query(FOR_EVER, [], { signal: controller.signal, timeout: 60_000 });
        await untilSleeping(connection);
        controller.abort('first');
        await expect(bySignal).rejects.toBe('first');
        await expectUsable(connection);
      });
    });
  });

  it('a cancel by somebody else is the error that the server reports', async () => {
    await withConnection(db, async (connection) => {
      const call = connection.query(FOR_EVER, [], { signal: new AbortController().signal, timeout: 60_000 });
      await untilSleeping(connection);
      const outcome = expect(call).rejects.toMatchObject({ name: 'DatabaseError', code: '57014' });
      await observer.query('SELECT pg_cancel_backend($1)', [connection.backendPid]);
      await outcome;
      await expectUsable(connection);
    });
  });
});
