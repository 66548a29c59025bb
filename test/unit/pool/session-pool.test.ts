import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Script } from '../../../lib/driver/operations/script.js';
import { PoolError } from '../../../lib/pool/pool-error.js';
import { databaseFailure, failure, fakePool, poolOptions, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('sessions', () => {
  it('are opened when needed, up to max, and used again', async () => {
    const { pool, server, run } = fakePool({ max: 2 });
    expect(pool.stats()).toMatchObject({ openConnections: 0, connecting: 0 });
    await run('one');
    await run('two');
    expect(server.connections).toHaveLength(1);
    const held = [run('hold 1'), run('hold 2'), run('hold 3')];
    await settle();
    expect(server.connections).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ openConnections: 2, inUse: 2, idle: 0 });
    for (const connection of server.connections) connection.answer();
    await Promise.all(held.slice(0, 2));
    for (const connection of server.connections) connection.answer();
    await held[2];
    expect(pool.stats()).toMatchObject({ openConnections: 2, inUse: 0, idle: 2 });
  });

  it('are opened for those who wait and no more', async () => {
    const { pool, server, run } = fakePool({ max: 10 });
    server.holdsConnects = true;
    const calls = [run('hold a'), run('hold b'), run('hold c')];
    await settle();
    server.answerConnects();
    await settle();
    expect(pool.stats()).toMatchObject({ connecting: 2, openConnections: 1, waitCount: 3 });
    server.answerConnects();
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(calls);
    expect(server.attempts).toBe(3);
    expect(pool.stats()).toMatchObject({ connecting: 0, openConnections: 3, idle: 3 });
  });

  it('that were used last are used first, so that the others may go', async () => {
    const { server, run } = fakePool({ max: 3 });
    const held = [run('hold 1'), run('hold 2'), run('hold 3')];
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    for (let i = 0; i < 5; i++) await run('more');
    expect(server.connections.map(({ commands }) => commands.length)).toEqual([1, 1, 6]);
  });

  it('beyond maxIdle are closed when they come back', async () => {
    const { pool, server, told, run } = fakePool({ max: 3, maxIdle: 1 });
    const held = [run('hold 1'), run('hold 2'), run('hold 3')];
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    expect(pool.stats()).toMatchObject({ openConnections: 1, idle: 1, maxIdleClosed: 2 });
    expect(server.live).toHaveLength(1);
    expect(told.filter((line) => line.includes('enough others were idle'))).toHaveLength(2);
  });

  it('are kept up to min from the first use on, and again after a loss', async () => {
    const { pool, server, run } = fakePool({ max: 5, min: 3 });
    expect(server.attempts).toBe(0);
    await run('first');
    await settle();
    expect(pool.stats()).toMatchObject({ openConnections: 3, idle: 3 });
    server.connections[1]!.lose();
    await settle();
    expect(pool.stats()).toMatchObject({ openConnections: 3, idle: 3, reconnects: 1 });
    expect(server.connections).toHaveLength(4);
  });

  it('are closed after idleTimeout, down to min', async () => {
    const { pool, server, run } = fakePool({ max: 3, min: 1, idleTimeout: 1_000 });
    const held = [run('hold 1'), run('hold 2'), run('hold 3')];
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    await vi.advanceTimersByTimeAsync(900);
    await run('keeps the third fresh');
    await vi.advanceTimersByTimeAsync(100);
    expect(pool.stats()).toMatchObject({ openConnections: 1, maxIdleTimeClosed: 2 });
    expect(server.live).toEqual([2]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pool.stats().openConnections).toBe(1);
  });

  it('are replaced after maxLifetime, each at a time of its own', async () => {
    const random = vi.spyOn(Math, 'random');
    for (const chance of [0, 0.5, 0.99]) random.mockReturnValueOnce(chance);
    const { pool, server, run } = fakePool({ max: 3, min: 3, maxLifetime: 1_000, lifetimeJitter: 400 });
    await run('first');
    await settle();
    random.mockReturnValue(0);
    await vi.advanceTimersByTimeAsync(603);
    await vi.advanceTimersByTimeAsync(2);
    expect(server.live).toEqual([0, 1, 3]);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.live).toEqual([0, 3, 4]);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.live).toEqual([3, 4, 5]);
    expect(pool.stats()).toMatchObject({ openConnections: 3, maxLifetimeClosed: 3 });
    random.mockRestore();
  });

  it('in use when their lifetime ends are closed when they come back', async () => {
    const { pool, server, run } = fakePool({ max: 1, maxLifetime: 1_000, lifetimeJitter: 0 });
    const held = run('hold');
    await settle();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.connections[0]!.closed).toBe(false);
    const next = run('next');
    server.connections[0]!.answer();
    await Promise.all([held, next]);
    expect(server.connections.map(({ closed }) => closed)).toEqual([true, false]);
    expect(pool.stats().maxLifetimeClosed).toBe(1);
  });

  it('come back outside of any transaction', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const calls = [run('BEGIN'), run('next')];
    await Promise.all(calls);
    expect(server.commands).toEqual(['BEGIN', 'ROLLBACK', 'next']);
    expect(pool.stats()).toMatchObject({ openConnections: 1, idle: 1, inUse: 0 });
  });

  it('whose transaction cannot be rolled back are closed', async () => {
    const { pool, server, told, run } = fakePool({ max: 1 });
    await run('first');
    server.connections[0]!.failures.set('ROLLBACK', databaseFailure('XX000'));
    const calls = [run('BEGIN'), run('next')];
    await Promise.all(calls);
    expect(server.connections.map(({ commands, closed }) => [commands, closed])).toEqual([
      [['first', 'BEGIN', 'ROLLBACK'], true],
      [['next'], false],
    ]);
    expect(told).toContain('closed 1: its transaction could not be rolled back');
    expect(pool.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  });

  it.each([
    ['08006', false],
    ['57P01', false],
    ['57P03', false],
    ['25006', true],
  ])('that were told %s are not used again', async (code, writable) => {
    const { pool, server, told, run } = fakePool({ max: 1 }, writable);
    await run('first');
    server.connections[0]!.failures.set('second', databaseFailure(code));
    const [refusedCall] = [failure(run('second')), run('third')];
    expect(await refusedCall).toMatchObject({ code });
    await settle();
    expect(server.connections.map(({ commands, closed }) => [commands, closed])).toEqual([
      [['first', 'second'], true],
      [['third'], false],
    ]);
    expect(told).toContain(`closed 1: the server said ${code}`);
    expect(pool.stats()).toMatchObject({ openConnections: 1, inUse: 0, idle: 1 });
  });

  it('that were told anything else are', async () => {
    const { server, run } = fakePool({ max: 1 });
    await run('first');
    for (const code of ['23505', '25006', '57014']) {
      server.connections[0]!.failures.set('bad', databaseFailure(code));
      expect(await failure(run('bad'))).toMatchObject({ code });
    }
    await run('good');
    expect(server.connections).toHaveLength(1);
  });
});

describe('those who wait', () => {
  it('are served in the order in which they came', async () => {
    const { server, run } = fakePool({ max: 2 });
    const held = [run('hold 1'), run('hold 2')];
    await settle();
    const order: number[] = [];
    const waiting = Array.from({ length: 50 }, (_, i) => run(`${i}`).then(() => order.push(i)));
    for (const connection of server.connections) connection.answer();
    await Promise.all([...held, ...waiting]);
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('are not overtaken by those who come when a session is free again', async () => {
    const { server, run } = fakePool({ max: 1 });
    const order: string[] = [];
    const held = run('hold').then(() => run('late').then(() => order.push('late')));
    await settle();
    const early = run('early').then(() => order.push('early'));
    server.connections[0]!.answer();
    await Promise.all([held, early]);
    expect(order).toEqual(['early', 'late']);
  });

  it('are told after acquireTimeout that the pool is busy, each in its turn', async () => {
    const { server, pool, run } = fakePool({ max: 1, acquireTimeout: 1_000 });
    const held = run('hold');
    await settle();
    const ended: string[] = [];
    const first = failure(run('first')).finally(() => ended.push('first'));
    await vi.advanceTimersByTimeAsync(500);
    const second = failure(run('second')).finally(() => ended.push('second'));
    await vi.advanceTimersByTimeAsync(500);
    expect(ended).toEqual(['first']);
    await vi.advanceTimersByTimeAsync(500);
    expect(ended).toEqual(['first', 'second']);
    for (const error of await Promise.all([first, second])) {
      expect(error).toBeInstanceOf(PoolError);
      expect(error).toMatchObject({
        code: 'KB_POOL_ACQUIRE_TIMEOUT',
        message: 'No connection within 1000 ms: all 1 are in use.',
        stats: { inUse: 1, idle: 0, maxOpenConnections: 1 },
      });
      expect((error as Error).cause).toBeUndefined();
    }
    server.connections[0]!.answer();
    await held;
    expect(server.commands).toEqual(['hold']);
    expect(pool.stats()).toMatchObject({ waitCount: 3, idle: 1 });
    expect(pool.stats().waitDuration).toBeGreaterThanOrEqual(2_000);
  });

  it('wait as long as it takes without acquireTimeout', async () => {
    const { server, run } = fakePool({ max: 1, acquireTimeout: 0 });
    const held = run('hold');
    await settle();
    const waiting = run('waiting');
    await vi.advanceTimersByTimeAsync(10 ** 9);
    server.connections[0]!.answer();
    await Promise.all([held, waiting]);
  });

  it('are refused at once beyond maxWaiting', async () => {
    const { server, run } = fakePool({ max: 1, maxWaiting: 2 });
    const held = run('hold');
    await settle();
    const waiting = [run('1'), run('2')];
    expect(await failure(run('3'))).toMatchObject({
      name: 'PoolError',
      code: 'KB_POOL_FULL',
      message: 'All 1 are in use, and 2 calls wait for a connection.',
      stats: { inUse: 1 },
    });
    server.connections[0]!.answer();
    await Promise.all([held, ...waiting]);
    expect(server.commands).toEqual(['hold', '1', '2']);
  });

  it('are none with maxWaiting 0, where a session can still be opened for a call', async () => {
    const { server, run } = fakePool({ max: 2, maxWaiting: 0 });
    const held = [run('hold 1'), run('hold 2')];
    expect(await failure(run('3'))).toMatchObject({ code: 'KB_POOL_FULL' });
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    await run('4');
  });

  it('may leave, and are not served then', async () => {
    const { server, pool, run } = fakePool({ max: 1 });
    const held = run('hold');
    await settle();
    const leaves = new Script(
      'leaves',
      () => undefined,
      () => undefined,
    );
    pool.run(leaves);
    const stays = run('stays');
    expect(pool.withdraw(leaves)).toBe(true);
    expect(pool.withdraw(leaves)).toBe(false);
    server.connections[0]!.answer();
    await Promise.all([held, stays]);
    expect(server.commands).toEqual(['hold', 'stays']);
  });
});

describe('configure', () => {
  it('serves those who wait when max is raised', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const held = [run('hold 1'), run('hold 2')];
    await settle();
    expect(server.connections).toHaveLength(1);
    pool.configure(poolOptions({ max: 2 }));
    await settle();
    expect(server.connections).toHaveLength(2);
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
  });

  it('closes at once what is idle beyond a lower max, and the rest when it comes back, though others wait', async () => {
    const { pool, server, run } = fakePool({ max: 4 });
    const held = ['hold 1', 'hold 2', 'hold 3', 'hold 4'].map(run);
    await settle();
    const waiting = ['hold 5', '6'].map(run);
    pool.configure(poolOptions({ max: 1 }));
    expect(server.live).toHaveLength(4);
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    expect(server.live).toEqual([3]);
    server.connections[3]!.answer();
    await Promise.all(waiting);
    expect(pool.stats()).toMatchObject({ maxOpenConnections: 1, openConnections: 1, inUse: 0, idle: 1 });
    pool.configure(poolOptions({ max: 1, maxIdle: 0 }));
    expect(server.live).toHaveLength(0);
  });

  it('fills up to a raised min', async () => {
    const { pool, server, run } = fakePool({ max: 5 });
    await run('first');
    pool.configure(poolOptions({ max: 5, min: 3 }));
    await settle();
    expect(server.live).toHaveLength(3);
  });
});
