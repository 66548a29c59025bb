import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ConnectionError, open, type Database, type DatabaseEvents } from 'kingbase-native';
import { freePort } from '../../scripts/embedded-server.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';

const CALLERS = 1_000;
const MAX = 10;
/** ms. What is to be shown, and not the time that something else takes. */
const OUTAGE = 3_000;

describe.each(inject('libraries'))('an outage, with $name', ({ path }) => {
  const { host, port, user, database } = inject('server');
  let proxy: FaultProxy;
  let db: Database;
  let unreachable: DatabaseEvents['unreachable'][0][];

  beforeEach(async () => {
    proxy = await startFaultProxy({ host, port });
    unreachable = [];
    db = open({
      host: proxy.host,
      port: proxy.port,
      user,
      database,
      clientLibrary: path,
      sslMode: 'disable',
      // So that a call is one command, and begins when its parameters are written.
      statementCacheSize: 0,
      pool: { max: MAX, acquireTimeout: 20_000 },
    });
    db.on('unreachable', (event) => unreachable.push(event));
    const connections = await Promise.all(Array.from({ length: MAX }, () => db.connect()));
    await Promise.all(connections.map((connection) => connection.release()));
  });

  afterEach(async () => {
    await db.close({ timeout: 1_000 });
    await proxy.stop();
  });

  it('is sat out by all who wait, who are served in their order, and few connections are tried', async () => {
    // Nothing listens there: each attempt to connect reaches the proxy, where it is counted, and fails.
    proxy.retarget(host, await freePort());
    proxy.cut('rst');
    const acceptedBefore = proxy.counters.accepted;

    const begun: number[] = [];
    const caller = (number: number): Promise<unknown> => {
      const parameter = {
        [Symbol.for('kingbase.value')]: () => {
          begun.push(number);
          return number;
        },
      };
      return db.queryRow('SELECT $1::int4 AS number', [parameter]);
    };
    const numbers = Array.from({ length: CALLERS }, (_, number) => number);
    const calls = numbers.map(caller);
    await setTimeout(OUTAGE);
    expect(begun.length).toBeLessThanOrEqual(MAX); // at most what began before the loss was noticed
    const attempts = proxy.counters.accepted - acceptedBefore;
    // The first of them all together, then one after the other with growing pauses.
    expect(attempts).toBeLessThanOrEqual(MAX + unreachable.length);
    expect(unreachable.length).toBeGreaterThan(0);
    expect(unreachable.length).toBeLessThanOrEqual(15);
    for (const { error } of unreachable) expect(error).toBeInstanceOf(ConnectionError);

    proxy.retarget(host, port);
    const results = await Promise.all(calls);
    expect(results).toEqual(numbers.map((number) => ({ number })));
    // Those which the loss interrupted before anything was sent have begun twice.
    const lastBeginnings = begun.slice(-CALLERS);
    expect(lastBeginnings).toEqual(numbers);
    expect(proxy.counters.accepted - acceptedBefore - attempts).toBeLessThanOrEqual(MAX + 1);
    expect(db.stats()).toMatchObject({ inUse: 0, connecting: 0 });
    expect(db.stats().openConnections).toBeLessThanOrEqual(MAX);
  });

  it('that lasts longer than they want to wait tells all of them why', async () => {
    db.configurePool({ acquireTimeout: 500 });
    proxy.retarget(host, await freePort());
    proxy.cut('fin');
    const calls = Array.from({ length: CALLERS }, () => db.query('SELECT 1'));
    const outcomes = await Promise.allSettled(calls);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'KB_POOL_ACQUIRE_TIMEOUT',
          message: expect.stringContaining('the server cannot be reached') as unknown,
          cause: { name: 'ConnectionError' },
        },
      });
    }
    proxy.retarget(host, port);
    db.configurePool({ acquireTimeout: 20_000 });
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  });
});
