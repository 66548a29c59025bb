import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const questions = ({ commands }: FakeMember): number =>
  commands.filter((sql) => sql.includes('pg_is_in_recovery')).length;

/** A cluster in which something was written, which the standbys show. */
async function written(names = 'a,b,c'): Promise<FakeCluster> {
  const fake = fakeCluster(names, { maxWait: 60_000 });
  const { members, cluster, write, read } = fake;
  for (const member of members) member.place = '0/9000';
  await cluster.topology.begin();
  await write('insert');
  await read('select');
  return fake;
}

/** All servers are asked anew. */
async function lookAt({ cluster }: FakeCluster): Promise<void> {
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(cluster.topology.nodes.map((node) => node.look()));
  await settle();
}

describe('a read goes to a standby that has all there is, though it was more before', () => {
  it('with another primary, which had not received the end of the log', async () => {
    const fake = await written();
    const { members, cluster, read } = fake;
    const [former, next, other] = members as [FakeMember, FakeMember, FakeMember];
    former.away = new Error('away');
    for (const connection of former.connections) connection.lose();
    next.standby = false;
    for (const each of [next, other]) Object.assign(each, { timeline: 2, place: '0/8000' });
    await lookAt(fake);
    expect(cluster.topology.primary).toBe(cluster.topology.nodes[1]);
    await read('after');
    expect(other.calls).toContain('after');
    await cluster.close(0);
  });

  it('with the same primary, which has been started again without the end of its log', async () => {
    const fake = await written();
    const { members, cluster, read } = fake;
    for (const each of members) each.place = '0/8000';
    for (const { connections } of members) for (const each of connections) each.lose();
    await settle();
    await lookAt(fake);
    const reading = read('after');
    await settle();
    await vi.advanceTimersByTimeAsync(100);
    await reading;
    expect(members[0]?.calls).not.toContain('after');
    await cluster.close(0);
  });
});

describe('the primary is not asked how far it is', () => {
  it('where no standby could serve the read anyway', async () => {
    const fake = fakeCluster('a', { maxWait: 60_000 });
    const { members, cluster, write, read } = fake;
    const [primary] = members as [FakeMember];
    await cluster.topology.begin();
    await write('insert');
    const before = questions(primary);
    await read('select');
    expect(primary.calls).toEqual(['insert', 'select']);
    expect(questions(primary)).toBe(before);
    await cluster.close(0);
  });
});
