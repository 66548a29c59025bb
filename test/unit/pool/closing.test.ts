import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkout } from '../../../lib/driver/operations/checkout.js';
import { Script } from '../../../lib/driver/operations/script.js';
import { failure, fakePool, refused, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether the promise has been fulfilled or rejected by now. */
async function ended(promise: Promise<unknown>): Promise<boolean> {
  let yes = false;
  const note = (): void => {
    yes = true;
  };
  promise.then(note, note);
  await settle();
  return yes;
}

describe('close', () => {
  it('closes what is idle and refuses every call afterwards', async () => {
    const { pool, server, run } = fakePool({ min: 2 });
    await run('first');
    await settle();
    await pool.close(0);
    expect(server.live).toEqual([]);
    expect(await failure(run('late'))).toMatchObject({ name: 'PoolError', code: 'KB_POOL_CLOSED' });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(server.connections).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be called before the first connection, and more than once', async () => {
    const { pool, server } = fakePool();
    const first = pool.close(0);
    expect(pool.close(0)).toBe(first);
    await first;
    expect(server.attempts).toBe(0);
  });

  it('waits for what runs and for what waits', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const calls = [run('hold 1'), run('hold 2')];
    await settle();
    const closing = pool.close(0);
    expect(await failure(run('late'))).toMatchObject({ code: 'KB_POOL_CLOSED' });
    server.connections[0]!.answer();
    await calls[0];
    expect(await ended(closing)).toBe(false);
    server.connections[0]!.answer();
    await calls[1];
    await closing;
    expect(server.commands).toEqual(['hold 1', 'hold 2']);
    expect(server.live).toEqual([]);
  });

  it('waits for a connection that is being made, and closes it', async () => {
    const { pool, server, run } = fakePool();
    server.holdsConnects = true;
    const call = run('work');
    const closing = pool.close(0);
    expect(await ended(closing)).toBe(false);
    server.answerConnects();
    await Promise.all([call, closing]);
    expect(server.live).toEqual([]);
  });

  it('with a timeout lets a short command of the driver itself end', async () => {
    const { pool, server } = fakePool({ max: 1 });
    // A savepoint undone, for one: cancelled, it would fail a transaction of which no statement has failed.
    const taken = new Promise((resolve, reject) => {
      pool.run(new Checkout(() => 'taken', 'hold', resolve, reject));
    });
    await settle();
    const closing = pool.close(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.connections[0]!.cancels).toBe(0);
    server.connections[0]!.answer();
    expect(await taken).toBe('taken');
    await closing;
    expect(server.live).toEqual([]);
  });

  it('with a timeout cancels what still runs and refuses what still waits', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const running = failure(run('hold'));
    const waiting = failure(run('waiting'));
    await settle();
    const closing = pool.close(1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(server.connections[0]!.cancels).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await running).toMatchObject({ code: '57014' });
    expect(await waiting).toMatchObject({ code: 'KB_POOL_CLOSED' });
    await closing;
    expect(server.live).toEqual([]);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
  });

  it('with a timeout closes, in the end, a session that does not answer the cancel', async () => {
    const { pool, server, run } = fakePool({ max: 1, heartbeatTimeout: 500 });
    const running = failure(run('hold'));
    await settle();
    server.connections[0]!.holdsCancels = true;
    const closing = pool.close(1_000);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(await ended(closing)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await running).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    await closing;
  });

  it('may be given a timeout when it has already been called without', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const running = failure(run('hold'));
    await settle();
    const closing = pool.close(0);
    void pool.close(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(await running).toMatchObject({ code: '57014' });
    await closing;
    expect(server.live).toEqual([]);
  });

  it('ends while the server is away, and so do those who wait', async () => {
    const { pool, server, run } = fakePool({ max: 2, acquireTimeout: 60_000 });
    await run('first');
    server.away = refused();
    server.connections[0]!.lose();
    const waiting = [failure(run('a')), failure(run('b'))];
    await vi.advanceTimersByTimeAsync(1_000);
    const closing = pool.close(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await ended(closing)).toBe(true);
    for (const error of await Promise.all(waiting)) expect(error).toBe(server.away);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when the last who waits gives up', async () => {
    const { pool, server, run } = fakePool({ max: 1, acquireTimeout: 1_000 });
    server.holdsConnects = true;
    const timedOut = failure(run('a'));
    const leaves = new Script(
      'leaves',
      () => undefined,
      () => undefined,
    );
    pool.run(leaves);
    const closing = pool.close(0);
    pool.withdraw(leaves);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await timedOut).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    server.refusals.push(refused());
    server.answerConnects();
    expect(await ended(closing)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for a session that is lost', async () => {
    const { pool, server, run } = fakePool({ max: 1 });
    const running = failure(run('hold'));
    await settle();
    const closing = pool.close(0);
    server.connections[0]!.fail({ lost: true });
    expect(await running).toMatchObject({ outcome: 'unknown' });
    await closing;
  });
});
