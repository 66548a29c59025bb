import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure, fakePool, loginRefused, refused, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const PERMANENT = ['28P01', '28000', '3D000', '42501'];

function many<T>(count: number, call: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => call(i));
}

describe('the first connection', () => {
  it('is made alone, and those that wait for others follow when it is there', async () => {
    const { pool, server, run } = fakePool({ max: 10 });
    server.holdsConnects = true;
    const calls = many(12, (i) => run(`hold ${i}`));
    await settle();
    expect(pool.stats()).toMatchObject({ connecting: 1 });
    server.answerConnects();
    await settle();
    expect(pool.stats()).toMatchObject({ connecting: 9, openConnections: 1 });
    server.answerConnects();
    await settle();
    for (let round = 0; round < 2; round++) for (const connection of server.connections) connection.answer();
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(calls);
  });

  it.each(PERMANENT)('that is refused with %s is refused once, whoever waits for it', async (sqlState) => {
    const { server, run } = fakePool({ max: 10 });
    server.away = loginRefused(sqlState);
    const errors = await Promise.all(many(10, () => failure(run('work'))));
    expect(errors).toEqual(many(10, () => server.away));
    expect(server.attempts).toBe(1);
  });

  it('is tried anew by the call after it, at once', async () => {
    const { server, run } = fakePool({ max: 10 });
    server.away = loginRefused('28P01');
    expect(await failure(run('work'))).toBe(server.away);
    server.away = undefined;
    await run('work');
    expect(server.attempts).toBe(2);
  });

  it('is alone also after all connections were lost', async () => {
    const { server, run } = fakePool({ max: 3 });
    const held = many(3, () => run('hold'));
    await settle();
    for (const connection of server.connections) connection.answer();
    await Promise.all(held);
    server.away = loginRefused('28P01');
    for (const connection of server.connections) connection.lose();
    const errors = await Promise.all(many(5, () => failure(run('work'))));
    expect(errors).toEqual(many(5, () => server.away));
    expect(server.attempts).toBe(3 + 1);
  });
});

describe('a refusal that time does not mend', () => {
  it.each(PERMANENT)(
    '%s after an outage is told at once, and so is every call after it',
    async (sqlState) => {
      const { server, run } = fakePool({ max: 3, acquireTimeout: 60_000 });
      await run('first');
      server.away = refused();
      server.connections[0]!.lose();
      const waiting = failure(run('work'));
      await vi.advanceTimersByTimeAsync(1_500);
      server.away = loginRefused(sqlState);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await waiting).toBe(server.away);
      for (let i = 0; i < 3; i++) {
        const before = server.attempts;
        // No timer is let fire.
        expect(await failure(run('work'))).toBe(server.away);
        expect(server.attempts).toBe(before + 1);
      }
      server.away = undefined;
      await run('work');
    },
  );

  it('is not repeated for those who wait while other connections live, which they get', async () => {
    const { pool, server, told, run } = fakePool({ max: 5, acquireTimeout: 20_000 });
    const held = run('hold');
    await settle();
    server.away = loginRefused('28P01');
    const waiting = many(4, () => run('work'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.attempts).toBe(2);
    expect(told.filter((line) => line.startsWith('unreachable'))).toEqual([]);
    expect(pool.stats()).toMatchObject({ openConnections: 1 });
    server.connections[0]!.answer();
    await Promise.all([held, ...waiting]);
    expect(server.attempts).toBe(2);
  });

  it('is the cause where those who wait for other connections have waited for too long', async () => {
    const { server, run } = fakePool({ max: 5, acquireTimeout: 2_000 });
    const held = run('hold');
    await settle();
    server.away = loginRefused('28P01');
    const waiting = failure(run('work'));
    await vi.advanceTimersByTimeAsync(2_000);
    const error = await waiting;
    expect(error).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT', cause: server.away });
    expect((error as Error).message).toMatch(/refuse.*no: 28P01/);
    expect((error as Error).message).not.toMatch(/cannot be reached|all 5 are in use/);
    server.connections[0]!.answer();
    await held;
  });

  it('is told to those who wait when the last other connection is gone', async () => {
    const { server, run } = fakePool({ max: 5, acquireTimeout: 20_000 });
    const held = failure(run('hold'));
    await settle();
    server.away = loginRefused('28P01');
    const waiting = many(3, () => failure(run('work')));
    await settle();
    server.connections[0]!.fail({ lost: true });
    await held;
    expect(await Promise.all(waiting)).toEqual(many(3, () => server.away));
    expect(server.attempts).toBe(3);
  });

  it('is looked for again by those who come later, with growing pauses, and found mended', async () => {
    const { pool, server, run } = fakePool({ max: 2, acquireTimeout: 0 });
    const held = run('hold');
    await settle();
    server.away = loginRefused('28P01');
    const calls = [run('work')];
    await settle();
    expect(server.attempts).toBe(2);
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      calls.push(run('work'));
    }
    expect(server.attempts).toBeLessThanOrEqual(9);
    server.away = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    calls.push(run('work'));
    await Promise.all(calls);
    expect(pool.stats()).toMatchObject({ openConnections: 2 });
    server.connections[0]!.answer();
    await held;
  });
});

describe('the texts', () => {
  it('say of a server that takes no further connections that it does, and not that it cannot be reached', async () => {
    const { server, run } = fakePool({ max: 5, acquireTimeout: 2_000, maxWaiting: 2 });
    const held = run('hold');
    await settle();
    server.away = loginRefused('53300');
    const waiting = [failure(run('work')), failure(run('work'))];
    await settle();
    const full = await failure(run('work'));
    expect(full).toMatchObject({ code: 'KB_POOL_FULL', cause: server.away });
    await vi.advanceTimersByTimeAsync(2_000);
    for (const error of [full, ...(await Promise.all(waiting))] as Error[]) {
      expect(error.message).not.toMatch(/cannot be reached/);
      expect(error.message).toMatch(/refuse/);
    }
    server.connections[0]!.answer();
    await held;
  });
});

describe('an attempt that does not end', () => {
  it('is given up by close when its time is over, and whoever waits for it is told', async () => {
    const { pool, server, run } = fakePool({ max: 2, min: 2 });
    server.holdsConnects = true;
    const call = failure(run('work'));
    const closing = pool.close(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await call).toMatchObject({ code: 'KB_POOL_CLOSED' });
    await closing;
    expect(server.givenUp).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not keep close, without a limit, when those who waited for it have gone', async () => {
    const { pool, server, run } = fakePool({ max: 1, acquireTimeout: 1_000 });
    server.holdsConnects = true;
    const call = failure(run('work'));
    const closing = pool.close(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await call).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    await closing;
    expect(server.givenUp).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not take the place of others for ever', async () => {
    const { server, run } = fakePool({ max: 1, acquireTimeout: 1_000 });
    server.holdsConnects = true;
    // As with a password function that does not answer, and connectTimeout 0.
    for (let i = 0; i < 60; i++) {
      const call = failure(run('work'));
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await call).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    }
    expect(server.givenUp).toBe(1);
    server.holdsConnects = false;
    await run('work');
  });
});
