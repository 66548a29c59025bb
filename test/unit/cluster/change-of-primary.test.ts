import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nothing } from '../../../lib/base/nothing.js';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster.js';
import { refused, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Another server says that it is the primary, on a newer timeline. */
function promote({ members, cluster }: FakeCluster, index: number): void {
  const [member, node] = [members[index], cluster.topology.nodes[index]];
  if (member === undefined || node === undefined) throw new Error('there is no such server');
  member.standby = false;
  member.timeline = 2;
  const asked = performance.now() + 1;
  const { timeline } = member;
  cluster.topology.saw(node, { standby: false, timeline, place: 0x6000n, asked, answered: asked });
}

describe('when another server becomes the primary', () => {
  it('a connection that has just been made to the former is lent to nobody', async () => {
    const fake = fakeCluster('a,b');
    const { cluster, members, write } = fake;
    const [former, next] = members;
    await cluster.topology.begin();
    // In the turn in which the server has said that it is the primary, and before the pool has the connection.
    const accept = cluster.topology.accept.bind(cluster.topology);
    vi.spyOn(cluster.topology, 'accept').mockImplementationOnce((...given) => {
      accept(...given);
      queueMicrotask(() => promote(fake, 1));
    });
    const written = write('insert');
    await settle();
    await written;
    expect(former?.calls).toEqual([]);
    expect(next?.calls).toEqual(['insert']);
    expect(former?.live).toHaveLength(1);
    await cluster.close(0);
  });

  it.each(['connecting', 'asked what it is'])(
    'nobody waits for the former, which has fallen silent while it was %s',
    async (moment) => {
      const fake = fakeCluster('a,b', {}, { max: 1 });
      const { cluster, members, write } = fake;
      const [former, next] = members;
      if (former === undefined) throw new Error('there is no server');
      await cluster.topology.begin();
      if (moment === 'connecting') former.holdsConnects = true;
      else former.holds = (sql) => sql.includes('pg_is_in_recovery');
      const written = write('insert');
      const listening = cluster.openElsewhere({
        serverError: nothing,
        notice: nothing,
        notification: nothing,
      });
      await settle();
      promote(fake, 1);
      await written;
      expect(next?.calls).toEqual(['insert']);
      expect((await listening).address).toMatch(/^b:/);
      await cluster.close(0);
    },
  );

  it('nobody waits for what the former would have said of how far it is', async () => {
    const fake = fakeCluster('a,b', { maxWait: 60_000 });
    const { cluster, members, write, read } = fake;
    const [former, next] = members;
    if (former === undefined) throw new Error('there is no server');
    await cluster.topology.begin();
    await write('insert');
    former.holds = (sql) => sql.includes('pg_is_in_recovery');
    const reading = read('select');
    await settle();
    promote(fake, 1);
    await reading;
    expect(next?.calls).toEqual(['select']);
    await cluster.close(0);
  });

  it('a listening connection that was made to the former is closed', async () => {
    const fake = fakeCluster('a,b');
    const { cluster } = fake;
    await cluster.topology.begin();
    const lost: string[] = [];
    const session = await cluster.openElsewhere({
      serverError: nothing,
      notice: nothing,
      notification: nothing,
    });
    session.owner = {
      sessionIdle: nothing,
      rerun: () => false,
      sessionClosed: (_session, error) => lost.push(error?.code ?? ''),
    };
    promote(fake, 1);
    await settle();
    expect(lost).toEqual(['']);
    expect(session.idle).toBe(false);
    await cluster.close(0);
  });

  it('what waits for its connections for reads goes where reads go now', async () => {
    const fake = fakeCluster('a,b', { consistency: 'eventual' }, { max: 1 });
    const { cluster, members, read } = fake;
    const [, next] = members;
    await cluster.topology.begin();
    const running = read('hold');
    await settle();
    const waiting = read('select');
    await settle();
    promote(fake, 1);
    await waiting;
    expect(next?.calls).toEqual(['hold', 'select']);
    for (const connection of next?.connections ?? []) connection.answer();
    await running;
    await cluster.close(0);
  });

  it('its connections for reads are not made again for pool.min', async () => {
    const fake = fakeCluster('a,b', {}, { min: 2 });
    const { cluster, members, read } = fake;
    const [, next] = members;
    await cluster.topology.begin();
    await read('select');
    await settle();
    // Two of the pool, and the one on which the server is asked.
    expect(next?.live).toHaveLength(3);
    promote(fake, 1);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(next?.live).toHaveLength(1);
    expect(cluster.topology.nodes[1]?.pool?.stats()).toMatchObject({ openConnections: 0, connecting: 0 });
    await cluster.close(0);
  });
});

describe('a standby that has died', () => {
  it('gets no connections for pool.min until it serves again', async () => {
    const fake = fakeCluster('a,b', {}, { min: 3 });
    const { cluster, members, read } = fake;
    const [, standby] = members;
    if (standby === undefined) throw new Error('there is no standby');
    await cluster.topology.begin();
    await read('select');
    await settle();
    expect(standby.live).toHaveLength(4);
    standby.away = refused();
    const before = standby.pooled;
    for (const connection of [...standby.connections]) connection.lose();
    await vi.advanceTimersByTimeAsync(30_000);
    const pool = cluster.topology.nodes[1]?.pool;
    expect(pool?.stats()).toMatchObject({ openConnections: 0, connecting: 0 });
    expect(standby.pooled).toBe(before);
    standby.away = undefined;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(pool?.stats()).toMatchObject({ openConnections: 3, idle: 3 });
    await cluster.close(0);
  });
});
