import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { open, type ConnectionConfig, type Database, type PoolOptions } from 'kingbase-native';
import { fakeServer, silent } from '../support/fake-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const FOR_EVER = 'SELECT pg_sleep(600)';

/** Everything that needs a connection. */
const CALLS: Record<
  string,
  (db: Database, options: { signal?: AbortSignal; timeout?: number }) => Promise<unknown>
> = {
  query: (db, options) => db.query('SELECT 1', [], options),
  queryRow: (db, options) => db.queryRow('SELECT 1', [], options),
  exec: (db, options) => db.exec('SELECT 1', [], options),
  script: (db, options) => db.script('SELECT 1', options),
  prepare: (db, options) => db.prepare('SELECT 1', options),
  ping: (db, options) => db.ping(options),
  serverInfo: (db, options) => db.serverInfo(options),
  position: (db, options) => db.position(options),
  connect: (db, options) => db.connect(options),
  begin: (db, options) => db.begin(options),
  transaction: (db, options) => db.transaction(() => 1, options),
};

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const opened: Database[] = [];
  const openPool = (pool: PoolOptions, config: ConnectionConfig = {}): Database => {
    const db = open({ ...target.config, ...config, pool });
    opened.push(db);
    return db;
  };
  afterEach(() => Promise.all(opened.splice(0).map((db) => db.close({ timeout: 1_000 }))));

  describe('a call that waits for a connection', () => {
    let db: Database;
    let held: Awaited<ReturnType<Database['connect']>>;
    beforeEach(async () => {
      db = openPool({ max: 1 });
      held = await db.connect();
    });
    afterEach(async () => {
      await held.release();
      // The connection goes to nobody who has left.
      expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
      expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0, idle: 1 });
    });

    it.each(Object.keys(CALLS))('%s ends with the reason of its signal', async (name) => {
      const controller = new AbortController();
      const call = CALLS[name]!(db, { signal: controller.signal });
      const reason = new Error('no longer needed');
      const waiting = call.catch((error: unknown) => error);
      controller.abort(reason);
      expect(await waiting).toBe(reason);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    });

    it.each(Object.keys(CALLS))('%s ends with a TimeoutError after its timeout', async (name) => {
      const error = await rejectionOf(CALLS[name]!(db, { timeout: 20 }));
      expect(error).toMatchObject({ name: 'TimeoutError', code: 'KB_TIMEOUT', timeout: 20 });
      expect(error.cause).toBeUndefined();
    });

    it('may have a timeout that is longer than any timer', async () => {
      const call = db.query('SELECT 1 AS v', [], { timeout: 2 ** 40 });
      const other = db.query('SELECT 1 AS v', [], { timeout: Infinity });
      await held.release();
      expect((await Promise.all([call, other])).map(({ rows }) => rows)).toEqual([[{ v: 1 }], [{ v: 1 }]]);
    });
  });

  describe.each(Object.keys(CALLS))('%s', (name) => {
    it('ends while the first connection is being made, which goes on for others', async () => {
      const server = await fakeServer(silent);
      const db = openPool({ max: 2 }, { host: '127.0.0.1', port: server.port, connectTimeout: 5_000 });
      const controller = new AbortController();
      const aborted = CALLS[name]!(db, { signal: controller.signal }).catch((error: unknown) => error);
      const timedOut = rejectionOf(CALLS[name]!(db, { timeout: 20 }));
      controller.abort('no longer needed');
      expect(await aborted).toBe('no longer needed');
      expect(await timedOut).toMatchObject({ code: 'KB_TIMEOUT' });
      await Promise.all([server.close(), db.close()]);
    });
  });

  describe('while the server is away', () => {
    let proxy: FaultProxy;
    beforeEach(async () => {
      proxy = await startFaultProxy(inject('server'));
    });
    afterEach(() => proxy.stop());

    it('a call that waits ends at once, also one whose connection was lost under it', async () => {
      const db = openPool({ max: 2, validateAfterIdle: 0 }, { host: proxy.host, port: proxy.port });
      await db.ping();
      await proxy.refuse(true);
      const lost = new Promise<void>((resolve) => {
        db.on('disconnect', () => resolve());
      });
      proxy.cut('fin');
      await lost;
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [db.query('SELECT 1', [], { signal }), db.connect({ signal }), db.begin({ signal })];
      const ends = Promise.allSettled(calls);
      await new Promise<void>((resolve) => {
        db.on('unreachable', () => resolve());
      });
      controller.abort('no longer needed');
      expect(await ends).toEqual(calls.map(() => ({ status: 'rejected', reason: 'no longer needed' })));
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      await proxy.refuse(false);
      await db.ping();
    });

    it('a call ends that waits for the check of a connection that does not answer', async () => {
      const db = openPool(
        { max: 1, heartbeatInterval: 0, validateAfterIdle: 0.001, heartbeatTimeout: 5_000 },
        { host: proxy.host, port: proxy.port },
      );
      await db.ping();
      proxy.blackHole(true);
      const controller = new AbortController();
      const call = db.query('SELECT 1', [], { signal: controller.signal });
      await until('the connection is being checked', () => db.stats().inUse === 1);
      controller.abort('no longer needed');
      await expect(call).rejects.toBe('no longer needed');
      proxy.blackHole(false);
      await db.ping();
      expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
    });
  });

  describe('cancelling at any moment', () => {
    it('ends each call as cancelled or as completed, and never hits another', async () => {
      const db = openPool({ max: 4 });
      const lost: unknown[] = [];
      db.on('disconnect', (event) => lost.push(event));
      const moments: ((abort: () => void) => unknown)[] = [
        (abort) => abort(),
        (abort) => queueMicrotask(abort),
        (abort) => setImmediate(abort),
        (abort) => delay(1).then(abort),
        (abort) => delay(3).then(abort),
      ];
      let completed = 0;
      const cancelled = async (i: number): Promise<void> => {
        const controller = new AbortController();
        const call = db.queryRow('SELECT $1::int4 AS v FROM pg_sleep($2)', [i, i % 3 === 0 ? 0 : 0.002], {
          signal: controller.signal,
        });
        moments[i % moments.length]!(() => controller.abort('cut short'));
        await call.then(
          (row) => {
            completed++;
            expect(row).toEqual({ v: i });
          },
          (error: unknown) => expect(error).toBe('cut short'),
        );
      };
      const prepared = await db.prepare('SELECT $1::int4 AS v FROM pg_sleep(0.001)');
      const neighbour = async (i: number): Promise<void> => {
        expect(await prepared.queryRow([i])).toEqual({ v: i });
      };
      const transaction = (i: number): Promise<void> =>
        db.transaction(async (each) => {
          expect(await each.queryRow('SELECT $1::int4 AS v', [i])).toEqual({ v: i });
        });
      const all = Array.from({ length: 400 }, (_, i) =>
        i % 4 === 3 ? transaction(i) : i % 2 === 0 ? cancelled(i) : neighbour(i),
      );
      await Promise.all(all);
      expect(completed).toBeLessThan(200);
      expect(lost).toEqual([]);
      expect(db.stats()).toMatchObject({ inUse: 0, idle: db.stats().openConnections });
    });

    it('does so for what runs on the server, and its connection is free again for the next', async () => {
      const db = openPool({ max: 1 });
      for (const name of ['signal', 'timeout'] as const) {
        const controller = new AbortController();
        const call = db.exec(
          FOR_EVER,
          [],
          name === 'signal' ? { signal: controller.signal } : { timeout: 20 },
        );
        const ended = call.catch((error: unknown) => error);
        const queued = db.queryRow('SELECT 1 AS v');
        if (name === 'signal') setImmediate(() => controller.abort('enough'));
        if (name === 'signal') expect(await ended).toBe('enough');
        else expect(await ended).toMatchObject({ code: 'KB_TIMEOUT', cause: { code: '57014' } });
        expect(await queued).toEqual({ v: 1 });
      }
      expect(db.stats().openConnections).toBe(1);
    });

    it('works with the signals of others: AbortSignal.timeout and AbortSignal.any', async () => {
      const db = openPool({ max: 1 });
      await expect(db.query(FOR_EVER, [], { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
        name: 'TimeoutError',
        code: DOMException.TIMEOUT_ERR,
      });
      const request = new AbortController();
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(600_000)]);
      const call = db.query(FOR_EVER, [], { signal });
      setImmediate(() => request.abort('the client has gone'));
      await expect(call).rejects.toBe('the client has gone');
      expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
    });

    it('one signal may serve many calls', async () => {
      const db = openPool({ max: 3 });
      const controller = new AbortController();
      const { signal } = controller;
      const calls = Array.from({ length: 9 }, () => db.query(FOR_EVER, [], { signal }));
      const ends = Promise.allSettled(calls);
      await until('some of them run', () => db.stats().inUse === 3);
      controller.abort('all of them');
      expect(await ends).toEqual(calls.map(() => ({ status: 'rejected', reason: 'all of them' })));
      expect(getEventListeners(signal, 'abort')).toHaveLength(0);
      expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
    });
  });
});
