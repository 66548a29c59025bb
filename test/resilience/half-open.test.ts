import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { open, type Database, type Queryable } from 'kingbase-native';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/rejections.js';

/** ms. */
const HEARTBEAT = { heartbeatInterval: 300, heartbeatTimeout: 400 };
/** Generous: what is bounded is that an end comes by the heartbeat and not by chance. */
const LATEST = 10 * (HEARTBEAT.heartbeatInterval + HEARTBEAT.heartbeatTimeout);

// The other end is gone and nobody says so: what is sent gets no answer, and no error either.
describe.each(inject('libraries'))('a half-open connection, with $name', ({ path }) => {
  const { host, port, user, database } = inject('server');
  let proxy: FaultProxy;
  let db: Database;
  let gone: { processId: number; reason: string }[];

  beforeEach(async () => {
    proxy = await startFaultProxy({ host, port });
    db = open({
      host: proxy.host,
      port: proxy.port,
      user,
      database,
      clientLibrary: path,
      sslMode: inject('sslMode'),
      connectTimeout: 2_000,
      pool: { max: 3, acquireTimeout: 15_000, ...HEARTBEAT },
    });
    gone = [];
    db.on('disconnect', ({ processId, reason }) => gone.push({ processId, reason }));
  });

  afterEach(async () => {
    proxy.blackHole(false);
    await db.close({ timeout: 1_000 });
    await proxy.stop();
  });

  const answers = async (on: Queryable): Promise<void> => {
    expect(await on.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  };

  it('that is idle is found by the heartbeat, holds no slot but its own, and is replaced', async () => {
    const silent = await db.connect();
    expect(proxy.counters.open).toBe(1);
    proxy.blackHole(true, 1);
    const [a, b] = [await db.connect(), await db.connect()];
    const { backendPid: processId } = silent;
    await silent.release();
    const released = performance.now();

    await until('the heartbeat is under way', () => db.stats().inUse === 3);
    // The others do not wait for it, and who waits for a slot gets the one that it leaves.
    let waiterServed = false;
    const waiter = answers(db).then(() => (waiterServed = true));
    await Promise.all([answers(a), answers(b)]);
    expect(waiterServed).toBe(false);
    await until('the connection is given up', () => gone.length > 0);
    expect(performance.now() - released).toBeLessThan(LATEST);
    expect(gone).toMatchObject([{ processId }]);
    await waiter;

    await Promise.all([answers(a), answers(b), answers(db)]);
    await Promise.all([a.release(), b.release()]);
    expect(db.stats()).toMatchObject({ heartbeatFailures: 1, openConnections: 3, inUse: 0, reconnects: 1 });
    expect(gone).toHaveLength(1);
  });

  it('is found among others without traffic, all of them at the same time', async () => {
    db.configurePool({ min: 3 });
    const connections = await Promise.all([db.connect(), db.connect(), db.connect()]);
    const processIds = connections.map((connection) => connection.backendPid);
    for (const connection of connections) await connection.release();
    proxy.blackHole(true);
    await until('all are given up', () => gone.length === 3);
    expect(new Set(gone.map(({ processId }) => processId))).toEqual(new Set(processIds));
    expect(db.stats().heartbeatFailures).toBe(3);
    proxy.blackHole(false);
    await until('all are replaced', () => db.stats().idle === 3);
    await answers(db);
  });

  it('that a call with a time limit runs on fails the call, soon after its limit, and is replaced', async () => {
    await answers(db);
    proxy.blackHole(true);
    const started = performance.now();
    // Whether it was carried out nobody knows.
    await expect(db.query('SELECT 2', [], { timeout: 100 })).rejects.toMatchObject({
      code: 'KB_TIMEOUT',
      outcome: 'unknown',
      cause: { code: 'KB_CONNECTION_LOST' },
    });
    expect(performance.now() - started).toBeLessThan(LATEST);
    proxy.blackHole(false);
    await answers(db);
  });

  it('does not hold up the end of a transaction with a time limit', async () => {
    await answers(db);
    const started = performance.now();
    const transaction = db.transaction(
      async (tx) => {
        await answers(tx);
        proxy.blackHole(true);
        await tx.query('SELECT 2');
      },
      { timeout: 200 },
    );
    await expect(transaction).rejects.toMatchObject({ code: 'KB_TIMEOUT' });
    expect(performance.now() - started).toBeLessThan(LATEST);
    proxy.blackHole(false);
    await answers(db);
  });

  it('does not hold up a transaction that is to be rolled back', async () => {
    for (const options of [{ timeout: undefined }, { timeout: 100 }]) {
      const transaction = db.transaction(async (tx) => {
        await answers(tx);
        proxy.blackHole(true);
        if (options.timeout === undefined) throw new RangeError('changed my mind');
        await new Promise(() => undefined);
      }, options);
      await expect(transaction).rejects.toMatchObject({
        name: options.timeout === undefined ? 'RangeError' : 'TimeoutError',
      });
      proxy.blackHole(false);
      await answers(db);
    }
  });

  it('that falls silent right after the login does not hold up connecting to another host', async () => {
    const silent = createServer((client) => {
      const server = connect({ host, port });
      server.pipe(client).on('error', () => undefined);
      server.on('error', () => undefined);
      client.on('close', () => server.destroy());
      // The login passes, the first question after it does not.
      client.on('data', (bytes) => {
        if (!bytes.includes('transaction_read_only')) server.write(bytes);
      });
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port: silentPort } = silent.address() as AddressInfo;
    const cluster = open({
      hosts: [
        { host: '127.0.0.1', port: silentPort },
        { host, port },
      ],
      user,
      database,
      clientLibrary: path,
      // The silent one reads what it passes on.
      sslMode: 'disable',
      target_session_attrs: 'read-write',
      connectTimeout: 300,
      pool: { max: 1 },
    });
    try {
      expect(await cluster.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    } finally {
      await cluster.close();
      silent.close();
    }
  });
});
