import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkOut } from '../../../lib/facade/sessions/borrow.js';
import { Limit } from '../../../lib/facade/calls/limit.js';
import { checkoutTimedOut } from '../../../lib/facade/calls/timeouts.js';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { failure, refused, settle } from '../../support/fake-sessions.js';
import { JoiningCall } from '../../support/joining-call.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** ms */
const ACQUIRE = 1_000;

/** The server goes away, with all connections to it. */
function lose(member: FakeMember): void {
  member.away = refused();
  for (const connection of member.connections) {
    connection.fail({ lost: true, sent: true });
    connection.lose();
  }
}

/** Whether it has ended after so many ms. */
async function endsWithin(call: Promise<unknown>, ms: number): Promise<boolean> {
  let ended = false;
  void call.finally(() => (ended = true));
  await vi.advanceTimersByTimeAsync(ms);
  return ended;
}

/** Where a read goes next makes no connection in time. */
const NEXT = [
  { next: 'another standby', names: 'a,b,c', index: 2 },
  { next: 'the primary', names: 'a,b', index: 0 },
];

interface Stalled extends FakeCluster {
  readonly first: FakeMember;
}

async function stalled(names: string, index: number): Promise<Stalled> {
  const fake = fakeCluster(
    names,
    { consistency: 'eventual', weights: names.includes('c') ? { c: 0 } : {} },
    { max: 1, acquireTimeout: ACQUIRE },
  );
  await fake.cluster.topology.begin();
  const [first, next] = [fake.members[1], fake.members[index]];
  if (first === undefined || next === undefined) throw new Error('there is no such server');
  next.holdsConnects = true;
  return { ...fake, first };
}

describe.each(NEXT)('a read whose standby fails, and that waits on for $next', ({ names, index }) => {
  it('has waited in the line of the first', async () => {
    const { cluster, first, read } = await stalled(names, index);
    const running = failure(read('hold'));
    await settle();
    const waiting = failure(read('select'));
    await vi.advanceTimersByTimeAsync(600);
    lose(first);
    await running;
    expect(await endsWithin(waiting, ACQUIRE - 600 - 10)).toBe(false);
    expect(await endsWithin(waiting, 20)).toBe(true);
    expect(await waiting).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    await cluster.close(1);
  });

  it('has waited while the first was connected to', async () => {
    const { cluster, first, read } = await stalled(names, index);
    first.holdsConnects = true;
    const waiting = failure(read('select'));
    await vi.advanceTimersByTimeAsync(600);
    first.away = refused();
    first.answerConnects();
    expect(await endsWithin(waiting, ACQUIRE - 600 - 10)).toBe(false);
    expect(await endsWithin(waiting, 20)).toBe(true);
    expect(await waiting).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    await cluster.close(1);
  });

  it('was a checkout with a limit of its own', async () => {
    const { cluster, first } = await stalled(names, index);
    first.holdsConnects = true;
    const limit = Limit.of({ timeout: 800 }, checkoutTimedOut);
    const waiting = failure(checkOut(cluster.readRunner(cluster.terms), (session) => session, '', limit));
    await vi.advanceTimersByTimeAsync(600);
    first.away = refused();
    first.answerConnects();
    expect(await endsWithin(waiting, 190)).toBe(false);
    expect(await endsWithin(waiting, 20)).toBe(true);
    expect(await waiting).toMatchObject({ code: 'KB_TIMEOUT', timeout: 800 });
    await cluster.close(1);
  });

  it('has all of its time to wait, however long it ran on the first', async () => {
    const { cluster, first } = await stalled(names, index);
    const call = new JoiningCall(1);
    first.holds = (sql) => sql === 'execute 1';
    cluster.readRunner(cluster.terms).run(call);
    await vi.advanceTimersByTimeAsync(10 * ACQUIRE);
    lose(first);
    await vi.advanceTimersByTimeAsync(ACQUIRE - 10);
    expect(call.outcome).toBe('waits');
    await vi.advanceTimersByTimeAsync(20);
    expect(call.outcome).toBe('KB_POOL_ACQUIRE_TIMEOUT');
    await cluster.close(1);
  });
});

describe('a read that has waited for a standby to come as far as it needs', () => {
  it('waits no longer than maxWait in all, however often it does', async () => {
    const fake = fakeCluster('a,b,c', { maxWait: 200 }, { max: 1 });
    const { cluster, members, read, write } = fake;
    const [primary, first, other] = members;
    if (primary === undefined || first === undefined || other === undefined) throw new Error('none');
    await cluster.topology.begin();
    await write('insert');
    primary.place = '0/6000';
    first.holdsConnects = true;
    const reading = read('select');
    await vi.advanceTimersByTimeAsync(150);
    first.place = '0/6000';
    await vi.advanceTimersByTimeAsync(20);
    // It waits for a connection now, which is no wait for a standby.
    await vi.advanceTimersByTimeAsync(500);
    expect(primary.calls).toEqual(['insert']);
    first.away = refused();
    first.answerConnects();
    await settle();
    expect(primary.calls).toEqual(['insert']);
    await vi.advanceTimersByTimeAsync(60);
    expect(primary.calls).toEqual(['insert', 'select']);
    await reading;
    expect(other.calls).toEqual([]);
    await cluster.close(0);
  });
});
