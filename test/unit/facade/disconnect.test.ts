import { describe, expect, it } from 'vitest';
import { disconnect } from '../../../lib/facade/disconnect.js';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster.js';
import { settle } from '../../support/fake-sessions.js';

/** A primary and a standby with an idle connection to a process of the same number, each the second to its server. */
async function sameNumber(): Promise<FakeCluster & { live: () => number[] }> {
  const fake = fakeCluster('a,b', { consistency: 'eventual' });
  await fake.cluster.topology.begin();
  await fake.write('insert');
  await fake.read('select');
  await settle();
  return { ...fake, live: () => fake.members.map((member) => member.live.length) };
}

/** Of the pools' connections. */
const PROCESS = 2;

function addresses({ cluster }: FakeCluster): string[] {
  return cluster.pools
    .flatMap((pool) => pool.sessions)
    .filter(({ facts }) => facts?.backendPid === PROCESS)
    .map(({ address }) => address);
}

describe('disconnect where two servers have a process of the same number', () => {
  it('closes nothing where it is not said which is meant', async () => {
    const fake = await sameNumber();
    const [ofPrimary = '', ofStandby = ''] = addresses(fake);
    expect(() => disconnect(fake.cluster.pools, PROCESS, undefined)).toThrow(
      expect.objectContaining({
        code: 'KB_BAD_PARAMETER',
        message: `More than one server has a process 2: ${ofPrimary}, ${ofStandby}.`,
      }) as Error,
    );
    expect(fake.live()).toEqual([2, 2]);
    await fake.cluster.close(0);
  });

  it('closes that of the server whose address is given', async () => {
    const fake = await sameNumber();
    const [ofPrimary, ofStandby = ''] = addresses(fake);
    disconnect(fake.cluster.pools, PROCESS, ofStandby);
    expect(fake.live()).toEqual([2, 1]);
    expect(addresses(fake)).toEqual([ofPrimary]);
    // Now there is one only.
    disconnect(fake.cluster.pools, PROCESS, undefined);
    expect(fake.live()).toEqual([1, 1]);
    await fake.cluster.close(0);
  });

  it('closes none where the server whose address is given has no such process', async () => {
    const fake = await sameNumber();
    disconnect(fake.cluster.pools, PROCESS, 'elsewhere:54321');
    expect(fake.live()).toEqual([2, 2]);
    await fake.cluster.close(0);
  });
});
