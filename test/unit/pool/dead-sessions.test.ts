import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Script } from '../../../lib/driver/operations/script.js';
import { ConnectionError } from '../../../lib/errors/index.js';
import type { PoolError } from '../../../lib/pool/pool-error.js';
import { failure, fakePool, refused, settle, type FakePool } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NOT_SENT = { lost: true, sent: false };

/** So many idle sessions. */
async function withIdle(count: number, options: Parameters<typeof fakePool>[0] = {}): Promise<FakePool> {
  const fake = fakePool({ max: count, ...options });
  const { server } = fake;
  const held = Array.from({ length: count }, () => fake.run('hold'));
  await settle();
  for (const connection of server.connections) connection.answer();
  await Promise.all(held);
  for (const connection of server.connections) connection.commands.length = 0;
  return fake;
}

describe('an operation whose connection was lost before anything was sent', () => {
  it('is run again on another, and succeeds', async () => {
    const { pool, server, run } = await withIdle(2);
    server.connections[1]!.failures.set('work', NOT_SENT);
    await run('work');
    expect(server.connections.map(({ commands }) => commands)).toEqual([['work'], ['work']]);
    expect(pool.stats()).toMatchObject({ openConnections: 1, idle: 1, inUse: 0 });
  });

  it('is run as often as by database/sql: twice on pooled connections, then on a new one', async () => {
    const { server, run } = await withIdle(4);
    for (const connection of server.connections) connection.failures.set('work', NOT_SENT);
    await run('work');
    expect(server.connections.map(({ commands }) => commands)).toEqual([
      [],
      [],
      ['work'],
      ['work'],
      ['work'],
    ]);
    // Where two were dead the others probably are, too.
    expect(server.live).toEqual([4]);
  });

  it('fails where the new one is lost as well, and says that nothing was sent', async () => {
    const { server, run } = await withIdle(3);
    server.failures.set('work', NOT_SENT);
    const error = await failure(run('work'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'not-sent' });
    expect(server.connections.map(({ commands }) => commands)).toEqual([[], ['work'], ['work'], ['work']]);
  });

  it('goes before those who have not had a connection yet', async () => {
    const { server, run } = await withIdle(2);
    server.connections[1]!.failures.set('work', NOT_SENT);
    const held = run('hold');
    await settle();
    server.connections[0]!.failures.set('work', NOT_SENT);
    server.holdsConnects = true;
    const order: string[] = [];
    const work = run('work').then(() => order.push('work'));
    const other = run('other').then(() => order.push('other'));
    await settle();
    server.connections[1]!.answer();
    await held;
    await settle();
    server.answerConnects();
    await settle();
    server.answerConnects();
    await Promise.all([work, other]);
    expect(order).toEqual(['work', 'other']);
  });

  it('has the rest of its time for another, and each ms of it is counted once', async () => {
    const { pool, server, run } = await withIdle(1, { acquireTimeout: 1_000 });
    const held = run('hold');
    await settle();
    const call = failure(run('work'));
    server.connections[0]!.failures.set('work', NOT_SENT);
    await vi.advanceTimersByTimeAsync(600);
    const { waitDuration } = pool.stats();
    server.holdsConnects = true;
    server.connections[0]!.answer();
    await held;
    await vi.advanceTimersByTimeAsync(390);
    expect(await Promise.race([call, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(20);
    expect(await Promise.race([call, Promise.resolve('waits')])).toMatchObject({
      code: 'KB_POOL_ACQUIRE_TIMEOUT',
    });
    expect(pool.stats().waitDuration - waitDuration).toBeCloseTo(1_000, -2);
    await pool.close(1);
  });
});

describe('what is about one session', () => {
  it('is not run on another: closing its prepared statements there would close those of the other', async () => {
    const { pool, server, run } = await withIdle(2);
    let closing = '';
    const script = new Script(
      'work',
      () => undefined,
      () => undefined,
    );
    script.begin = (session) => {
      const statement = session.statements.create('SELECT 1');
      closing = `DEALLOCATE ${session.statements.prefix}${statement.id}`;
      server.connections[1]!.failures.set(closing, NOT_SENT);
      statement.prepared = true;
      session.statements.discard(statement);
      session.finish(session.transactionStatus);
    };
    pool.run(script);
    await settle();
    await run('next');
    expect(server.connections.map(({ commands }) => commands)).toEqual([['next'], [closing]]);
  });
});

describe('an operation that may have reached the server', () => {
  it('is never run again, and its error says that the outcome is unknown', async () => {
    const { server, run } = await withIdle(3);
    server.connections[2]!.failures.set('work', { lost: true, sent: true });
    expect(await failure(run('work'))).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    expect(server.commands).toEqual(['work']);
  });
});

describe('a session that is lost while idle', () => {
  it('is forgotten, whatever its place, and the pool tells of it', async () => {
    const { pool, server, told, run } = await withIdle(3);
    server.connections[0]!.lose();
    expect(pool.stats()).toMatchObject({ openConnections: 2, idle: 2, inUse: 0 });
    expect(told.at(-1)).toBe('closed 1: it was lost');
    server.connections[2]!.lose();
    await run('work');
    expect(server.connections.map(({ commands }) => commands)).toEqual([[], ['work'], []]);
  });
});

describe('a check before use', () => {
  const CHECKED = { validateAfterIdle: 1_000, heartbeatTimeout: 500, heartbeatSql: 'are you there' };

  it('is made only after the session has been idle for long enough', async () => {
    const { server, run } = await withIdle(1, CHECKED);
    await vi.advanceTimersByTimeAsync(900);
    await run('a');
    await vi.advanceTimersByTimeAsync(1_001);
    await run('b');
    await run('c');
    expect(server.commands).toEqual(['a', 'are you there', 'b', 'c']);
  });

  it('that fails closes the session, and the call goes to another that is idle', async () => {
    const { pool, server, run } = await withIdle(2, CHECKED);
    await vi.advanceTimersByTimeAsync(1_001);
    server.connections[1]!.failures.set('are you there', { lost: true, sent: true });
    await run('work');
    expect(server.connections.map(({ commands }) => commands)).toEqual([
      ['are you there', 'work'],
      ['are you there'],
    ]);
    expect(pool.stats()).toMatchObject({ openConnections: 1, heartbeatFailures: 1, inUse: 0 });
  });

  it('that was never sent is not made again on another session for the lost one', async () => {
    const { pool, server, run } = await withIdle(2, CHECKED);
    await vi.advanceTimersByTimeAsync(1_001);
    server.connections[1]!.failures.set('are you there', NOT_SENT);
    await run('work');
    expect(server.connections[0]!.commands).toEqual(['are you there', 'work']);
    expect(pool.stats()).toMatchObject({ heartbeatFailures: 1, inUse: 0, openConnections: 1 });
  });

  it('without an answer closes the session after heartbeatTimeout, and the call goes to a new one', async () => {
    const { server, run } = await withIdle(1, CHECKED);
    server.holds = (sql) => sql === 'are you there';
    await vi.advanceTimersByTimeAsync(1_001);
    const work = run('work');
    await vi.advanceTimersByTimeAsync(499);
    expect(server.connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await work;
    expect(server.connections.map(({ commands }) => commands)).toEqual([['are you there'], ['work']]);
  });

  it('does not make a call wait for longer than acquireTimeout once the server is gone', async () => {
    const { server, run } = await withIdle(1, { ...CHECKED, acquireTimeout: 3_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    server.connections[0]!.failures.set('are you there', { lost: true, sent: true });
    server.away = refused();
    const call = failure(run('work'));
    await vi.advanceTimersByTimeAsync(3_000);
    const error = await Promise.race([call, Promise.resolve('still waiting')]);
    expect(error).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT', cause: { code: 'KB_CONNECT_REFUSED' } });
  });

  it('does not hold up one who leaves', async () => {
    const { pool, server } = await withIdle(1, CHECKED);
    server.holds = (sql) => sql === 'are you there';
    await vi.advanceTimersByTimeAsync(1_001);
    const leaves = new Script(
      'leaves',
      () => undefined,
      () => undefined,
    );
    pool.run(leaves);
    expect(pool.withdraw(leaves)).toBe(true);
    server.connections[0]!.answer();
    await settle();
    expect(server.commands).toEqual(['are you there']);
    expect(pool.stats()).toMatchObject({ idle: 1, inUse: 0 });
  });

  it('keeps the order of calls', async () => {
    const { server, run } = await withIdle(3, CHECKED);
    server.holds = (sql) => sql === 'are you there';
    await vi.advanceTimersByTimeAsync(1_001);
    const order: string[] = [];
    const calls = ['a', 'b', 'c', 'd'].map((sql) => run(sql).then(() => order.push(sql)));
    for (const connection of server.connections) connection.answer();
    await Promise.all(calls);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('the heartbeat', () => {
  const HEARTBEAT = { heartbeatInterval: 1_000, heartbeatTimeout: 400, heartbeatSql: 'are you there' };

  it('asks every idle session, and does not count as use', async () => {
    const { server, pool } = await withIdle(3, { ...HEARTBEAT, idleTimeout: 2_500 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.connections.map(({ commands }) => commands)).toEqual(
      Array.from({ length: 3 }, () => ['are you there']),
    );
    await vi.advanceTimersByTimeAsync(1_600);
    expect(pool.stats()).toMatchObject({ openConnections: 0, maxIdleTimeClosed: 3 });
  });

  it('finds a half-open session and replaces it, and the others are free meanwhile', async () => {
    const { server, pool, run } = await withIdle(2, { ...HEARTBEAT, min: 2 });
    server.holds = (sql) => sql === 'are you there';
    await vi.advanceTimersByTimeAsync(1_000);
    server.connections[0]!.answer();
    expect(pool.stats()).toMatchObject({ inUse: 1, idle: 1 });
    await run('meanwhile');
    expect(server.connections[0]!.commands).toEqual(['are you there', 'meanwhile']);
    await vi.advanceTimersByTimeAsync(400);
    expect(server.connections.map(({ closed }) => closed)).toEqual([false, true, false]);
    expect(pool.stats()).toMatchObject({ heartbeatFailures: 1, openConnections: 2, reconnects: 1 });
  });

  it('that finds its session dead before it was sent counts as failed and asks no other', async () => {
    const { server, pool } = await withIdle(2, HEARTBEAT);
    server.connections[0]!.failures.set('are you there', NOT_SENT);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.connections.map(({ commands }) => commands)).toEqual([
      ['are you there'],
      ['are you there'],
    ]);
    expect(pool.stats()).toMatchObject({ heartbeatFailures: 1, openConnections: 1, inUse: 0 });
  });

  it('that the server answers with an error is an answer', async () => {
    const { server, pool } = await withIdle(1, HEARTBEAT);
    server.connections[0]!.failures.set('are you there', { fields: { C: '42601', M: 'no', V: 'ERROR' } });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.commands).toHaveLength(3);
    expect(pool.stats()).toMatchObject({ openConnections: 1, heartbeatFailures: 0 });
  });

  it('leaves no transaction open', async () => {
    const { server, pool } = await withIdle(1, { ...HEARTBEAT, heartbeatSql: 'BEGIN' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.commands).toEqual(['BEGIN', 'ROLLBACK']);
    expect(pool.stats()).toMatchObject({ openConnections: 1, idle: 1 });
  });

  it('does not make a session that was used just now look idle for long', async () => {
    const { server, pool, run } = await withIdle(1, {
      ...HEARTBEAT,
      heartbeatTimeout: 5_000,
      idleTimeout: 1_500,
    });
    server.holds = (sql) => sql === 'are you there';
    await vi.advanceTimersByTimeAsync(1_000);
    const used = run('used');
    await vi.advanceTimersByTimeAsync(400);
    server.connections[0]!.answer();
    await used;
    server.holds = () => false;
    await vi.advanceTimersByTimeAsync(300);
    expect(pool.stats()).toMatchObject({ openConnections: 1, maxIdleTimeClosed: 0 });
  });
});

describe('while the server is away', () => {
  it('one attempt is made at a time, with growing pauses, however many wait; all are served in order after it', async () => {
    const { server, told, run } = await withIdle(5);
    server.away = refused();
    for (const connection of server.connections) connection.lose();
    const before = server.attempts;
    const order: number[] = [];
    const calls = Array.from({ length: 1_000 }, (_, i) => run(`${i}`).then(() => order.push(i)));
    await settle();
    expect(server.attempts - before).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    const during = server.attempts - before - 1;
    expect(during).toBeGreaterThan(2);
    expect(during).toBeLessThan(40);
    expect(
      told.filter((line) => line.startsWith('unreachable')).map((line) => Number(line.slice(12))),
    ).toEqual(Array.from({ length: during + 1 }, (_, i) => i));
    server.away = undefined;
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(server.live.length).toBeLessThanOrEqual(5);
  });

  it('calls end after acquireTimeout, with the reason that no connection could be made', async () => {
    const { server, run } = await withIdle(2, { acquireTimeout: 2_000 });
    server.away = refused();
    for (const connection of server.connections) connection.lose();
    const calls = [failure(run('a')), failure(run('b'))];
    await vi.advanceTimersByTimeAsync(2_000);
    for (const error of (await Promise.all(calls)) as PoolError[]) {
      expect(error).toMatchObject({ name: 'PoolError', code: 'KB_POOL_ACQUIRE_TIMEOUT', cause: server.away });
      expect(error.message).toContain('cannot be reached');
      expect(error.message).toContain('connection refused');
    }
  });

  it('a first connection that takes too long is not called a busy pool', async () => {
    const { server, run } = fakePool({ max: 2, acquireTimeout: 2_000 });
    server.holdsConnects = true;
    const call = failure(run('a'));
    await vi.advanceTimersByTimeAsync(2_000);
    const error = (await call) as PoolError;
    expect(error).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT', stats: { inUse: 0, connecting: 1 } });
    expect(error.message).not.toContain('in use');
  });

  it('the minimum is filled up again when it is back, though nobody asks', async () => {
    const { server, pool } = await withIdle(3, { min: 2 });
    server.away = refused();
    for (const connection of server.connections) connection.lose();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(pool.stats().openConnections).toBe(0);
    server.away = undefined;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(pool.stats()).toMatchObject({ openConnections: 2, idle: 2, reconnects: 2 });
  });

  it('nothing is tried while nobody asks', async () => {
    const { server, run } = await withIdle(1, { acquireTimeout: 500 });
    server.away = refused();
    server.connections[0]!.lose();
    const call = failure(run('a'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    const { attempts } = server;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(server.attempts).toBe(attempts);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('at the very first connection a call fails at once, with that error itself', async () => {
    const { server, run } = fakePool();
    server.away = refused();
    expect(await failure(run('a'))).toBe(server.away);
  });

  it('a wrong password is not tried again, which could lock the account', async () => {
    const { server, run } = await withIdle(1);
    server.away = new ConnectionError('KB_CONNECT_AUTH', 'The password was refused.');
    server.connections[0]!.lose();
    expect(await failure(run('a'))).toBe(server.away);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(server.attempts).toBe(2);
  });
});
