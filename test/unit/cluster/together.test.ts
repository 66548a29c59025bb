import { describe, expect, it } from 'vitest';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { databaseFailure, settle } from '../../support/fake-sessions.js';
import { JoiningCall } from '../../support/joining-call.js';

/** Two standbys with one connection each, which hold their answers and have one call under way. */
async function busyCluster(): Promise<FakeCluster & { standbys: FakeMember[] }> {
  const fake = fakeCluster('a,b,c', { consistency: 'eventual' }, { max: 1 });
  const { members, cluster } = fake;
  const standbys = members.slice(1);
  await cluster.topology.begin();
  for (const member of members) member.pipelines = true;
  for (const member of standbys) member.holds = (sql) => !sql.includes('pg_is_in_recovery');
  run(fake, 2);
  await settle();
  expect(standbys.map(({ calls }) => calls.length)).toEqual([1, 1]);
  return { ...fake, standbys };
}

function run({ cluster }: FakeCluster, count: number): JoiningCall[] {
  const calls = Array.from({ length: count }, (_each, id) => new JoiningCall(id));
  const reads = cluster.readRunner(cluster.terms);
  for (const call of calls) reads.run(call);
  return calls;
}

const outcomes = (calls: readonly JoiningCall[]): string[] => calls.map(({ outcome }) => outcome);

/** The connection of a server that is lent. */
function lent({ connections }: FakeMember): FakeMember['connections'][number] {
  const connection = connections.find(({ commands }) => commands.some((sql) => /execute|joined/.test(sql)));
  if (connection === undefined) throw new Error('there is no such connection');
  return connection;
}

async function answer(member: FakeMember, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    lent(member).answer();
    await settle();
  }
}

/** Both go on until all is done: who has nothing left takes over what waits for the other. */
async function answerAll(standbys: readonly FakeMember[], calls: readonly JoiningCall[]): Promise<void> {
  while (outcomes(calls).includes('waits')) for (const each of standbys) await answer(each, 1);
}

const joined = ({ calls }: FakeMember): string[] => calls.filter((sql) => sql.startsWith('joined'));

describe('reads that wait for a standby', () => {
  it('are sent to it together, and to no other than they have been given to', async () => {
    const fake = await busyCluster();
    const [one, other] = fake.standbys as [FakeMember, FakeMember];
    const calls = run(fake, 8);
    const waiting = fake.cluster.topology.nodes.slice(1).map(({ pool }) => pool?.waiting);
    expect(waiting).toEqual([4, 4]);
    await answer(one, 5);
    expect(joined(one)).toHaveLength(4);
    expect(joined(other)).toHaveLength(0);
    expect(outcomes(calls).filter((outcome) => outcome === 'done')).toHaveLength(4);
    await answerAll(fake.standbys, calls);
    expect(outcomes(calls)).toEqual(Array(8).fill('done'));
    await fake.cluster.close(0);
  });

  it('are run elsewhere each by itself where they stand in the way of replay', async () => {
    const fake = await busyCluster();
    const [one] = fake.standbys as [FakeMember];
    const calls = run(fake, 8);
    await answer(one, 2);
    lent(one).fail(databaseFailure('40001'));
    await settle();
    await answer(one, 2);
    expect(joined(one)).toHaveLength(4);
    expect(outcomes(calls).filter((outcome) => outcome === 'done')).toHaveLength(3);
    await answerAll(fake.standbys, calls);
    expect(outcomes(calls)).toEqual(Array(8).fill('done'));
    await fake.cluster.close(0);
  });

  it('are all run elsewhere where they are lost with their connection', async () => {
    const fake = await busyCluster();
    const [one, other] = fake.standbys as [FakeMember, FakeMember];
    const calls = run(fake, 8);
    await answer(one, 2);
    lent(one).fail({ lost: true, sent: true }, { lost: true, sent: true });
    await settle();
    expect(outcomes(calls)).not.toContain('unknown');
    await answer(other, 9);
    expect(outcomes(calls)).toEqual(Array(8).fill('done'));
    await fake.cluster.close(0);
  });
});
