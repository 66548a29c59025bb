import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  DatabaseError,
  open,
  PoolError,
  type Connection,
  type ConnectionConfig,
  type Database,
  type DatabaseEvents,
  type PoolOptions,
} from 'kingbase-native';
import { fakeServer, silent } from '../support/fake-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { rejectionOf, until } from '../support/rejections.js';
import { outputOf } from '../support/run-program.js';
import { targets, withDatabase } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const FOR_EVER = 'SELECT pg_sleep(600)';

/** The next event of the kind; rejects where it does not come for long. */
function next<E extends keyof DatabaseEvents>(db: Database, event: E): Promise<DatabaseEvents[E][0]> {
  return new Promise((resolve) => {
    const listener = (data: DatabaseEvents[E][0]): void => {
      db.off(event, listener);
      resolve(data);
    };
    db.on(event, listener);
  });
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const opened: Database[] = [];
  const openPool = (pool: PoolOptions, config: ConnectionConfig = {}): Database => {
    const db = open({ ...target.config, ...config, pool });
    opened.push(db);
    return db;
  };
  afterEach(() => Promise.all(opened.splice(0).map((db) => db.close({ timeout: 1_000 }))));

  const pid = async (db: Database | Connection): Promise<number> =>
    (await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))!.pid;

  describe('size', () => {
    it('is at most max, for a hundred calls at a time', async () => {
      const db = openPool({ max: 3 });
      const sql = 'SELECT pg_backend_pid() AS pid FROM pg_sleep(0.002)';
      const rows = await Promise.all(Array.from({ length: 100 }, () => db.queryRow<{ pid: number }>(sql)));
      expect(new Set(rows.map((row) => row!.pid)).size).toBe(3);
      expect(db.stats()).toMatchObject({
        maxOpenConnections: 3,
        openConnections: 3,
        inUse: 0,
        idle: 3,
        waitCount: 100,
        connecting: 0,
      });
      expect(db.stats().waitDuration).toBeGreaterThan(0);
    });

    it('is filled up to min in the background, also after a loss', async () => {
      const db = openPool({ max: 5, min: 3 });
      expect(db.stats().openConnections).toBe(0);
      await db.ping();
      await until('the minimum is there', () => db.stats().idle === 3);
      const lost = next(db, 'disconnect');
      const victim = await withConnection(db, (connection) => Promise.resolve(connection.backendPid));
      await withDatabase(target, (other) => other.query('SELECT pg_terminate_backend($1)', [victim]));
      expect(await lost).toMatchObject({ processId: victim, error: { code: 'KB_CONNECTION_LOST' } });
      await until('the minimum is there again', () => db.stats().idle === 3);
      expect(db.stats()).toMatchObject({ openConnections: 3, reconnects: 1 });
    });

    it('goes down to maxIdle when connections come back, and with idleTimeout later on', async () => {
      const db = openPool({ max: 4, maxIdle: 2, idleTimeout: 50 });
      const connections = await Promise.all([1, 2, 3, 4].map(() => db.connect()));
      await Promise.all(connections.map((connection) => connection.release()));
      expect(db.stats()).toMatchObject({ idle: 2, maxIdleClosed: 2, maxIdleTimeClosed: 0 });
      await until('the others have gone', () => db.stats().openConnections === 0);
      expect(db.stats()).toMatchObject({ maxIdleClosed: 2, maxIdleTimeClosed: 2 });
    });

    it('follows configurePool at once', async () => {
      const db = openPool({ max: 1 });
      const first = await db.connect();
      const second = db.connect();
      db.configurePool({ max: 2, acquireTimeout: 60_000 });
      const both = [first, await second];
      expect(db.stats()).toMatchObject({ maxOpenConnections: 2, inUse: 2 });
      db.configurePool({ max: 1 });
      await Promise.all(both.map((connection) => connection.release()));
      expect(db.stats()).toMatchObject({ maxOpenConnections: 1, openConnections: 1, idle: 1 });
      expect(() => db.configurePool({ maxx: 3 } as PoolOptions)).toThrow(/"pool\.maxx".*"pool\.max"/);
      expect(() => db.configurePool({ min: 2 })).toThrow(/min/);
      expect(db.stats().maxOpenConnections).toBe(1);
    });
  });

  it('closes the connection that the program names: idle, in use, or none', async () => {
    const db = openPool({ max: 2 });
    const ended: unknown[] = [];
    db.on('disconnect', ({ processId, error }) => ended.push([processId, error]));
    const held = await db.connect();
    const idle = await pid(db);
    db.disconnect(idle);
    db.disconnect(0);
    expect(db.stats()).toMatchObject({ openConnections: 1, idle: 0 });
    expect(ended).toEqual([[idle, undefined]]);
    const closed = new Promise((resolve) => held.on('close', resolve));
    const running = rejectionOf(held.query(FOR_EVER));
    db.disconnect(held.backendPid);
    expect(await running).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    await closed;
    expect(held.closed).toBe(true);
    expect(db.stats()).toMatchObject({ openConnections: 0, inUse: 0 });
    expect([idle, held.backendPid]).not.toContain(await pid(db));
  });

  it('replaces connections at the end of their lifetime, never one in use', async () => {
    const db = openPool({ max: 2, maxLifetime: 150, lifetimeJitter: 100 });
    const kept = await db.connect();
    const before = await pid(db);
    await until('the idle one has gone', () => db.stats().maxLifetimeClosed === 1);
    expect(await pid(db)).not.toBe(before);
    const { backendPid: processId } = kept;
    await until('the one in use is past it', async () => {
      const age = await kept.queryRow<{ past: boolean }>(
        `SELECT clock_timestamp() - backend_start > interval '250 ms' AS past FROM pg_stat_activity WHERE pid = $1`,
        [processId],
      );
      return age?.past === true;
    });
    expect(await pid(kept)).toBe(processId);
    const gone = next(db, 'disconnect');
    await kept.release();
    expect(await gone).toMatchObject({ processId, reason: 'it had reached its lifetime', error: undefined });
  });

  describe('waiting', () => {
    it('is in order', async () => {
      const db = openPool({ max: 2 });
      const order: number[] = [];
      const held = await Promise.all([db.connect(), db.connect()]);
      const calls = Array.from({ length: 20 }, async (_, i) => {
        if (i % 2 === 0) await db.query('SELECT 1');
        else await (await db.connect()).release();
        order.push(i);
      });
      // One connection, so that what is served first also ends first.
      await held[0].release();
      await Promise.all(calls);
      expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
      await held[1].release();
    });

    it('ends after acquireTimeout, and the error says that the pool is busy', async () => {
      const db = openPool({ max: 2 });
      const held = await Promise.all([db.connect(), db.connect()]);
      db.configurePool({ acquireTimeout: 50 });
      for (const call of [db.query('SELECT 1'), db.connect(), db.begin(), db.ping()] as Promise<unknown>[]) {
        const error = await rejectionOf(call);
        expect(error).toBeInstanceOf(PoolError);
        expect(error).toMatchObject({
          code: 'KB_POOL_ACQUIRE_TIMEOUT',
          message: 'No connection within 50 ms: all 2 are in use.',
          stats: { inUse: 2, idle: 0, openConnections: 2 },
        });
        expect(error.hint).toMatch(/pool\.max|leakTimeout/);
        expect(error.cause).toBeUndefined();
      }
      for (const connection of held) await connection.release();
      await db.ping();
    });

    it('is refused at once beyond maxWaiting', async () => {
      const db = openPool({ max: 1, maxWaiting: 1 });
      const held = await db.connect();
      const waiting = db.query('SELECT 1 AS v');
      const error = await rejectionOf(db.query('SELECT 2'));
      expect(error).toMatchObject({ code: 'KB_POOL_FULL', stats: { inUse: 1, maxOpenConnections: 1 } });
      await held.release();
      expect((await waiting).rows).toEqual([{ v: 1 }]);
      await db.ping();
    });

    it('for a server that does not answer is not called a busy pool', async () => {
      const server = await fakeServer(silent);
      const db = openPool({ acquireTimeout: 100 }, { host: '127.0.0.1', port: server.port });
      const error = await rejectionOf(db.query('SELECT 1'));
      expect(error).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT', stats: { inUse: 0, connecting: 1 } });
      expect(error.message).not.toContain('in use');
      await Promise.all([server.close(), db.close({ timeout: 1 })]);
    });

    it('does not end with 20,000 calls that fail as they begin', async () => {
      const db = openPool({ max: 1 });
      const held = await db.connect();
      const circular: { self?: unknown } = {};
      circular.self = circular;
      for (const runner of [held, db]) {
        const first = runner === held ? held.query('SELECT pg_sleep(0.05)') : undefined;
        const calls = Array.from({ length: 20_000 }, () => runner.query('SELECT $1::json', [circular]));
        const ended = Promise.allSettled(calls);
        if (runner === db) await held.release();
        const codes = (await ended).map((end) => (end as { reason?: { code?: string } }).reason?.code);
        expect(new Set(codes)).toEqual(new Set(['KB_BAD_PARAMETER']));
        await first;
      }
      await db.ping();
    });
  });

  describe('a server that goes away', () => {
    let proxy: FaultProxy;
    beforeEach(async () => {
      const { host, port } = inject('server');
      proxy = await startFaultProxy({ host, port });
    });
    afterEach(() => proxy.stop());
    const through = (pool: PoolOptions): Database => openPool(pool, { host: proxy.host, port: proxy.port });

    it('is waited for, with events; calls made meanwhile succeed in order when it is back', async () => {
      // One connection, so that what is served first also ends first.
      const db = through({ max: 1 });
      await db.ping();
      const attempts: number[] = [];
      db.on('unreachable', ({ attempt, retryIn, error }) => {
        expect(error).toMatchObject({ code: 'KB_CONNECT_REFUSED' });
        expect(retryIn).toBeGreaterThan(0);
        attempts.push(attempt);
      });
      await proxy.refuse(true);
      const lost = next(db, 'disconnect');
      proxy.cut('rst');
      expect(await lost).toMatchObject({ reason: 'it was lost', error: { code: 'KB_CONNECTION_LOST' } });
      const order: number[] = [];
      const calls = Array.from({ length: 50 }, (_, i) => db.query('SELECT 1').then(() => order.push(i)));
      await until('it was tried three times', () => attempts.length === 3);
      expect(attempts).toEqual([0, 1, 2]);
      const back = next(db, 'connect');
      await proxy.refuse(false);
      expect((await back).processId).toBeGreaterThan(0);
      await Promise.all(calls);
      expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
      expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0, reconnects: 1 });
    });

    it('is what the error of acquireTimeout says, with the cause', async () => {
      const db = through({ acquireTimeout: 300 });
      await db.ping();
      await proxy.refuse(true);
      const lost = next(db, 'disconnect');
      proxy.cut('rst');
      await lost;
      const error = await rejectionOf(db.query('SELECT 1'));
      expect(error).toMatchObject({
        code: 'KB_POOL_ACQUIRE_TIMEOUT',
        cause: { code: 'KB_CONNECT_REFUSED', stage: 'tcp', outcome: 'not-sent' },
        stats: { openConnections: 0 },
      });
      expect(error.message).toMatch(/cannot be reached.*refused/);
      await proxy.refuse(false);
      db.configurePool({ acquireTimeout: 10_000 });
      await db.ping();
    });

    it('does not hold up close', async () => {
      const db = through({ max: 2, acquireTimeout: 60_000 });
      await db.ping();
      await proxy.refuse(true);
      const lost = next(db, 'disconnect');
      proxy.cut('rst');
      await lost;
      const call = rejectionOf(db.query('SELECT 1'));
      await next(db, 'unreachable');
      await db.close();
      expect(await call).toMatchObject({ code: 'KB_CONNECT_REFUSED' });
    });

    it('without a word is found out by the heartbeat, which takes no other connection', async () => {
      const db = through({ max: 2, min: 2, heartbeatInterval: 100, heartbeatTimeout: 100 });
      await db.ping();
      await until('both are there', () => db.stats().idle === 2);
      proxy.blackHole(true, 1);
      const { reason, error } = await next(db, 'disconnect');
      expect({ reason, code: error?.code }).toEqual({ reason: 'it was lost', code: 'KB_CONNECTION_LOST' });
      await until('it is replaced', () => db.stats().idle === 2);
      expect(db.stats()).toMatchObject({ heartbeatFailures: 1, openConnections: 2, reconnects: 1 });
      await db.ping();
    });

    it('without a word is found out before use, and the call goes to another connection', async () => {
      const db = through({ max: 2, heartbeatInterval: 0, validateAfterIdle: 0.001, heartbeatTimeout: 200 });
      await db.ping();
      const before = await pid(db);
      proxy.blackHole(true, 1);
      expect(await pid(db)).not.toBe(before);
      expect(db.stats()).toMatchObject({ heartbeatFailures: 1, openConnections: 1 });
    });
  });

  describe('leakTimeout', () => {
    it('reports, once, the place that took a connection and keeps it', async () => {
      const db = openPool({ leakTimeout: 20 });
      const takers: Record<string, () => Promise<{ processId: number; end: () => Promise<void> }>> = {
        async takesByConnect() {
          const connection = await db.connect();
          return { processId: connection.backendPid, end: () => connection.release() };
        },
        async takesByBegin() {
          const transaction = await db.begin();
          return { processId: transaction.backendPid, end: () => transaction.rollback() };
        },
        takesByTransaction: () =>
          new Promise((resolve) => {
            void db.transaction(
              ({ backendPid }) =>
                new Promise<void>((done) => {
                  resolve({
                    processId: backendPid,
                    end: () => {
                      done();
                      return Promise.resolve();
                    },
                  });
                }),
            );
          }),
      };
      const leaks: DatabaseEvents['leak'][0][] = [];
      db.on('leak', (leak) => leaks.push(leak));
      for (const [name, take] of Object.entries(takers)) {
        const reported = next(db, 'leak');
        const { processId, end } = await take();
        const leak = await reported;
        expect(leak).toMatchObject({ processId, heldFor: 20 });
        expect(leak.stack).toContain('pool.test.ts');
        expect(leak.stack).toContain(name);
        await end();
      }
      expect(leaks).toHaveLength(3);
    });

    it('warns where nobody listens', async () => {
      const db = openPool({ leakTimeout: 20 });
      const warned = new Promise<string | Error>((resolve) => {
        vi.spyOn(process, 'emitWarning').mockImplementationOnce(resolve);
      });
      const connection = await db.connect();
      expect(await warned).toMatch(/has been held for 20 ms[^]*pool\.test\.ts/);
      vi.restoreAllMocks();
      await connection.release();
    });
  });

  describe('a connection that comes back', () => {
    it('is never in a transaction, however it was used', async () => {
      const db = openPool({ max: 1 });
      const uses: (() => Promise<unknown>)[] = [
        () => db.exec('BEGIN'),
        () => db.script('BEGIN; SELECT 1'),
        () => db.script('BEGIN; SELECT 1 / 0').catch(() => undefined),
        () => withConnection(db, (connection) => connection.exec('BEGIN')),
        () =>
          withConnection(db, (connection) => connection.script('BEGIN; SELECT 1/0').catch(() => undefined)),
        () => withConnection(db, (connection) => connection.begin()),
      ];
      await db.ping();
      const process = await pid(db);
      for (const use of uses) {
        await use();
        // Only outside of a transaction is that refused.
        await expect(db.exec('SAVEPOINT outside')).rejects.toMatchObject({ code: '25P01' });
        expect(await pid(db)).toBe(process);
      }
    });

    const left = `SET application_name TO 'left behind'; CREATE TEMP TABLE left_behind (v int4);
      SELECT pg_advisory_lock(42); LISTEN left_behind; DECLARE left_behind CURSOR WITH HOLD FOR SELECT 1`;
    const found = `SELECT current_setting('application_name') = 'left behind' AS settings,
      to_regclass('pg_temp.left_behind') IS NOT NULL AS temporary,
      EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
      EXISTS (SELECT FROM pg_listening_channels()) AS listen,
      EXISTS (SELECT FROM pg_cursors WHERE name = 'left_behind') AS cursors`;
    const all = { settings: true, temporary: true, locks: true, listen: true, cursors: true };
    const none = { settings: false, temporary: false, locks: false, listen: false, cursors: false };

    it.each([
      [[], all],
      [['settings'], { ...all, settings: false }],
      [['temporary'], { ...all, temporary: false }],
      [['locks'], { ...all, locks: false }],
      [['listen'], { ...all, listen: false }],
      [['cursors'], { ...all, cursors: false }],
      [['settings', 'temporary', 'locks', 'listen', 'cursors'], none],
      [['all'], none],
      [['all', 'locks'], none],
    ] as const)('has lost with resetOnRelease %j what it is to lose', async (resetOnRelease, expected) => {
      const db = openPool({ max: 1, resetOnRelease });
      const { backendPid: processId } = await withConnection(db, async (connection) => {
        await connection.script(left);
        // Left open, it must not undo the reset.
        await connection.exec('BEGIN');
        return connection;
      });
      expect(await db.queryRow(found)).toEqual(expected);
      expect(await pid(db)).toBe(processId);
    });

    it('and cannot be reset is closed', async () => {
      const db = openPool({ max: 1, resetOnRelease: ['locks'] });
      const schema = `refusing_${target.flavour}`;
      const connection = await db.connect();
      await connection.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema};
        CREATE FUNCTION ${schema}.pg_advisory_unlock_all() RETURNS int AS 'SELECT 1 / 0' LANGUAGE sql;
        SET search_path TO ${schema}, pg_catalog`);
      const closed = next(db, 'disconnect');
      await connection.release();
      expect(await closed).toMatchObject({ processId: connection.backendPid, error: undefined });
      expect(await pid(db)).not.toBe(connection.backendPid);
      await db.script(`DROP SCHEMA ${schema} CASCADE`);
    });

    it('takes no more calls from the one who had it', async () => {
      const db = openPool({ max: 1 });
      const connection = await db.connect();
      const statement = await connection.prepare('SELECT 1 AS v');
      await connection.release();
      await connection.release();
      for (const call of [
        connection.query('SELECT 1'),
        connection.script('SELECT 1'),
        connection.prepare('SELECT 1'),
        connection.begin(),
        connection.transaction(() => 1),
        statement.query(),
      ] as Promise<unknown>[]) {
        expect(await rejectionOf(call)).toMatchObject({ name: 'UsageError', code: 'KB_CONNECTION_RELEASED' });
      }
      await db.ping();
    });

    it('is given back by await using, also when the block throws', async () => {
      const db = openPool({ max: 1 });
      const use = async (): Promise<void> => {
        await using connection = await db.connect();
        await connection.query('SELECT 1 / 0');
      };
      await expect(use()).rejects.toBeInstanceOf(DatabaseError);
      expect(db.stats()).toMatchObject({ inUse: 0, idle: 1 });
    });
  });

  describe('close', () => {
    it('waits for what runs, for what waits and for what is checked out', async () => {
      const db = openPool({ max: 2 });
      const held = await db.connect();
      const calls = [db.query('SELECT pg_sleep(0.05), 1 AS v'), db.query('SELECT 2 AS v')];
      let closed = false;
      const closing = db.close().then(() => {
        closed = true;
      });
      expect((await Promise.all(calls)).map(({ rows }) => rows)).toMatchObject([[{ v: 1 }], [{ v: 2 }]]);
      // What is checked out can still be used.
      expect(await held.queryRow('SELECT 3 AS v')).toEqual({ v: 3 });
      expect(closed).toBe(false);
      await held.release();
      await closing;
      expect(db.stats()).toMatchObject({ openConnections: 0, inUse: 0, idle: 0 });
    });

    it('with a timeout cancels what still runs, refuses what waits, and takes what is checked out', async () => {
      const db = openPool({ max: 3, heartbeatTimeout: 100 });
      const idle = await db.connect();
      const busy = await db.connect();
      const calls = [busy.query(FOR_EVER), db.query(FOR_EVER), db.query(FOR_EVER)].map(rejectionOf);
      await until('all are in use', () => db.stats().inUse === 3);
      await db.close({ timeout: 50 });
      const errors = await Promise.all(calls);
      expect(errors.map(({ code }) => code)).toEqual(['57014', '57014', 'KB_POOL_CLOSED']);
      expect(db.stats().openConnections).toBe(0);
      expect((await rejectionOf(idle.query('SELECT 1'))).code).toMatch(/^KB_CONNECTION_(RELEASED|LOST)$/);
      await Promise.all([idle.release(), busy.release()]);
    });

    it('refuses every call afterwards', async () => {
      const db = openPool({});
      const statement = await db.prepare('SELECT 1');
      await db.close();
      await db.close();
      const calls: Promise<unknown>[] = [
        db.query('SELECT 1'),
        db.queryRow('SELECT 1'),
        db.exec('SELECT 1'),
        db.script('SELECT 1'),
        db.prepare('SELECT 1'),
        db.ping(),
        db.connect(),
        db.begin(),
        db.transaction(() => 1),
        db.serverInfo(),
        db.listen('channel', () => undefined),
        statement.query(),
      ];
      for (const call of calls) {
        const error = await rejectionOf(call);
        expect(error).toBeInstanceOf(PoolError);
        expect(error.code).toBe('KB_POOL_CLOSED');
      }
      expect(db.stats()).toMatchObject({ openConnections: 0, connecting: 0 });
    });

    it('is what await using does', async () => {
      const use = async (): Promise<Database> => {
        await using db = open(target.config);
        await db.ping();
        return db;
      };
      expect((await use()).stats().openConnections).toBe(0);
    });

    it('leaves no session on the server', async () => {
      const db = openPool({ max: 4 }, { applicationName: `closing ${target.flavour}` });
      await Promise.all([1, 2, 3, 4].map(() => db.query('SELECT pg_sleep(0.01)')));
      await db.close();
      await withDatabase(target, (other) =>
        until('the sessions have ended', async () => {
          const sql = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1';
          return (await other.queryRow(sql, [`closing ${target.flavour}`])) === undefined;
        }),
      );
    });
  });

  it('goes on when those who listen throw, whose errors are not lost', async () => {
    const output = await outputOf<{ lost: string; replaced: boolean; inUse: number; uncaught: string[] }>(
      'throwing-listeners',
      target.config,
    );
    expect(output).toMatchObject({ lost: 'KB_CONNECTION_LOST', replaced: true, inUse: 0 });
    expect(new Set(output.uncaught)).toEqual(
      new Set(['connect', 'log: connect', 'notice', 'disconnect', 'log: disconnect']),
    );
  });
});
