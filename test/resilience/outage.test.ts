import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ConnectionError, open, type Database, type DatabaseEvents } from 'kingbase-native';
import { freePort } from '../../scripts/embedded-server.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/rejections.js';

const CALLERS = 1_000;
/** ms. What is to be shown, and not the time that something else takes. */
const OUTAGE = 2_000;

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
      sslMode: inject('sslMode'),
      pool: { acquireTimeout: 20_000 },
    });
    db.on('unreachable', (event) => unreachable.push(event));
  });

  afterEach(async () => {
    await db.close({ timeout: 1_000 });
    await proxy.stop();
  });

  /** Opens as many connections as there may be. */
  async function fill(max: number): Promise<void> {
    db.configurePool({ max });
    const connections = await Promise.all(Array.from({ length: max }, () => db.connect()));
    await Promise.all(connections.map((connection) => connection.release()));
  }

  /** The server goes: nothing listens any more, so that each attempt reaches the proxy, where it is counted, and fails. */
  async function begin(how: 'rst' | 'fin'): Promise<void> {
    proxy.retarget(host, await freePort());
    proxy.cut(how);
    await until('the pool has noticed', () => db.stats().openConnections === 0);
  }

  // With one connection the order in which the calls end is the order in which they were served.
  it.each([10, 1])('is sat out by all who wait for one of %i connections, without a rush', async (max) => {
    await fill(max);
    await begin('rst');
    const acceptedBefore = proxy.counters.accepted;
    const ended: number[] = [];
    const numbers = Array.from({ length: CALLERS }, (_, number) => number);
    const calls = numbers.map(async (number) => {
      const row = await db.queryRow('SELECT $1::int4 AS number', [number]);
      ended.push(number);
      return row;
    });
    await setTimeout(OUTAGE);
    expect(ended).toEqual([]);
    const attempts = proxy.counters.accepted - acceptedBefore;
    // The first of them all together, then one after the other with growing pauses.
    expect(unreachable.length).toBeGreaterThan(1);
    expect(unreachable.length).toBeLessThanOrEqual(20);
    expect(attempts).toBeLessThanOrEqual(max + unreachable.length);
    for (const { error } of unreachable) expect(error).toBeInstanceOf(ConnectionError);

    proxy.retarget(host, port);
    expect(await Promise.all(calls)).toEqual(numbers.map((number) => ({ number })));
    if (max === 1) expect(ended).toEqual(numbers);
    // One attempt may have been under way when the server came back.
    expect(proxy.counters.accepted - acceptedBefore - attempts).toBeLessThanOrEqual(max + 1);
    expect(db.stats()).toMatchObject({ inUse: 0, connecting: 0 });
    expect(db.stats().openConnections).toBeLessThanOrEqual(max);
  });

  it('that lasts longer than they want to wait tells all of them why', async () => {
    await fill(10);
    db.configurePool({ acquireTimeout: 500 });
    await begin('fin');
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
