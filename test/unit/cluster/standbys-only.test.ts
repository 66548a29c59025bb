import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterOptions } from '../../../lib/config/index.js';
import { checkOut } from '../../../lib/facade/sessions/borrow.js';
import { Limit } from '../../../lib/facade/calls/limit.js';
import { checkoutTimedOut } from '../../../lib/facade/calls/timeouts.js';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { databaseFailure, failure, refused, settle } from '../../support/fake-sessions.js';
import { JoiningCall } from '../../support/joining-call.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const LOST = { lost: true, sent: true };

interface StandbysOnly extends FakeCluster {
  readonly primary: FakeMember;
  readonly standby: FakeMember;
  readonly call: () => JoiningCall;
}

/** No read may go to the primary. */
async function standbysOnly(options: ClusterOptions = {}, names = 'a,b'): Promise<StandbysOnly> {
  const fake = fakeCluster(
    names,
    { consistency: 'eventual', primaryFallback: false, ...options },
    { max: 1 },
  );
  const [primary, standby] = fake.members;
  if (primary === undefined || standby === undefined) throw new Error('there is no such server');
  await fake.cluster.topology.begin();
  const call = (): JoiningCall => {
    const joining = new JoiningCall(1);
    fake.cluster.readRunner(fake.cluster.terms).run(joining);
    return joining;
  };
  return { ...fake, primary, standby, call };
}

/** All connections to the server are lost. */
function lose({ connections }: FakeMember, failureOfWork: object = LOST): void {
  for (const connection of [...connections]) {
    connection.fail(failureOfWork);
    connection.lose();
  }
}

describe('a read that only standbys may serve', () => {
  it('is run again on the only one where its connection was lost and the server is there', async () => {
    const { cluster, standby, call } = await standbysOnly();
    standby.holds = (sql) => sql === 'execute 1' && standby.calls.length === 1;
    const lost = call();
    await settle();
    lose(standby);
    await vi.advanceTimersByTimeAsync(100);
    expect(lost.outcome).toBe('done');
    expect(standby.calls).toHaveLength(2);
    await cluster.close(0);
  });

  it('is run again on the only one where it stood in the way of replay', async () => {
    const { cluster, standby, call } = await standbysOnly();
    standby.holds = (sql) => sql === 'execute 1' && standby.calls.length === 1;
    const conflicting = call();
    await settle();
    for (const connection of standby.connections) connection.fail(databaseFailure('40001'));
    await settle();
    expect(conflicting.outcome).toBe('done');
    await cluster.close(0);
  });

  it('goes to another that is there rather than to one where it has failed', async () => {
    const { cluster, standby, members, call } = await standbysOnly({ weights: { c: 0 } }, 'a,b,c');
    standby.holds = (sql) => sql === 'execute 1';
    const conflicting = call();
    await settle();
    for (const connection of standby.connections) connection.fail(databaseFailure('40001'));
    await settle();
    expect(conflicting.outcome).toBe('done');
    expect(members[2]?.calls).toEqual(['execute 1']);
    await cluster.close(0);
  });

  it('waits for one that is not there, and is served when it has come back', async () => {
    const { cluster, standby, read } = await standbysOnly({ maxWait: 5_000 });
    standby.away = refused();
    lose(standby);
    const reading = read('select');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(standby.calls).toEqual([]);
    standby.away = undefined;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(standby.calls).toEqual(['select']);
    await reading;
    await cluster.close(0);
  });

  it('waits for one that gives no connection for reads', async () => {
    const { cluster, standby, read } = await standbysOnly({ maxWait: 5_000 });
    standby.refusesPooled = refused();
    const reading = read('select');
    await vi.advanceTimersByTimeAsync(1_000);
    standby.refusesPooled = undefined;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(standby.calls).toEqual(['select']);
    await reading;
    await cluster.close(0);
  });

  it('is refused after maxWait, with the reason', async () => {
    const { cluster, standby, read } = await standbysOnly({ maxWait: 300 });
    standby.away = refused();
    lose(standby);
    const reading = failure(read('select'));
    let ended = false;
    void reading.then(() => (ended = true));
    await vi.advanceTimersByTimeAsync(290);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(20);
    expect(ended).toBe(true);
    expect(await reading).toMatchObject({
      code: 'KB_NO_STANDBY',
      outcome: 'not-sent',
      message:
        'No standby can serve the read: a:54321 (primary), b:54321 (down). The last attempt said: ' +
        'Cannot connect to server: connection refused.',
      cause: standby.away,
    });
    await cluster.close(0);
  });

  it('is refused at once where it is not to wait', async () => {
    const { cluster, standby, read } = await standbysOnly({ maxWait: 0 });
    standby.away = refused();
    lose(standby);
    await settle();
    expect(await failure(read('select'))).toMatchObject({ code: 'KB_NO_STANDBY' });
    await cluster.close(0);
  });

  it('is refused at once where there is none that could come', async () => {
    const { cluster, read } = fakeCluster('a', { primaryFallback: false });
    expect(await failure(read('select'))).toMatchObject({
      code: 'KB_NO_STANDBY',
      message: 'No standby can serve the read: a:54321 (primary).',
    });
    await cluster.close(0);
  });

  it('is refused at once where it would write', async () => {
    const { cluster, standby, call } = await standbysOnly();
    standby.failures.set('execute 1', databaseFailure('25006'));
    const writing = call();
    await settle();
    expect(writing.outcome).toBe('KB_NO_STANDBY');
    expect(standby.calls).toHaveLength(1);
    await cluster.close(0);
  });

  it('is run as often as a call is, and then refused, where it fails each time', async () => {
    const { cluster, standby, call } = await standbysOnly({ maxWait: 60_000 });
    standby.failures.set('execute 1', LOST);
    const failing = call();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(failing.outcome).toBe('KB_NO_STANDBY');
    expect(standby.calls).toHaveLength(3);
    await cluster.close(0);
  });

  it('has a limit of its own end the wait, which says what it waited for', async () => {
    const { cluster, standby } = await standbysOnly({ maxWait: 60_000 });
    standby.away = refused();
    lose(standby);
    const limit = Limit.of({ timeout: 500 }, checkoutTimedOut);
    const reads = cluster.readRunner(cluster.terms);
    const waiting = failure(checkOut(reads, (session) => session, '', limit));
    await vi.advanceTimersByTimeAsync(510);
    expect(await waiting).toMatchObject({
      code: 'KB_TIMEOUT',
      message: expect.stringMatching(/no standby answers.* connection refused\.$/) as string,
      cause: standby.away,
    });
    await cluster.close(0);
  });

  it('waits for a primary that is to say how far it must be', async () => {
    const { cluster, primary, standby, write, read } = await standbysOnly({
      consistency: 'causal',
      maxWait: 10_000,
    });
    await write('insert');
    primary.away = refused();
    lose(primary);
    const reading = read('select');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(standby.calls).toEqual([]);
    primary.away = undefined;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(standby.calls).toEqual(['select']);
    await reading;
    await cluster.close(0);
  });

  it('is refused after maxWait where no primary says how far it must be, and tells that', async () => {
    const { cluster, primary, write, read } = await standbysOnly({ consistency: 'causal', maxWait: 300 });
    await write('insert');
    primary.away = refused();
    lose(primary);
    const reading = failure(read('select'));
    await vi.advanceTimersByTimeAsync(310);
    expect(await reading).toMatchObject({
      code: 'KB_NO_STANDBY',
      message: expect.stringContaining('The last attempt said: None of a:54321 (down)') as string,
    });
    await cluster.close(0);
  });
});
