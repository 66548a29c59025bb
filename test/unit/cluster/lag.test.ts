import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const MAX_LAG = 1_000;

describe('a standby', () => {
  let fake: FakeCluster;
  let primary: FakeMember;
  let standby: FakeMember;
  beforeEach(async () => {
    fake = fakeCluster('a,b', { maxLag: MAX_LAG, recheckInterval: 60_000 });
    [primary, standby] = fake.members as [FakeMember, FakeMember];
    await fake.cluster.topology.begin();
  });
  afterEach(() => fake.cluster.close(0));

  /** Both are asked in the same moment, long after they were asked last. */
  const askBoth = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(10_000);
    fake.cluster.topology.search();
    await vi.advanceTimersByTimeAsync(0);
  };

  it('that was asked while the primary wrote is not said to be behind before it is known', async () => {
    primary.place = '0/5800';
    await askBoth();
    expect(fake.cluster.topology.nodes[1]?.lag).toMatchObject({ bytes: 0x800 });
    standby.place = '0/5800';
    await vi.advanceTimersByTimeAsync(30_000);
    expect(fake.lags).toEqual([]);
    expect(fake.cluster.topology.nodes[1]?.lag).toEqual({ bytes: 0, ms: 0 });
  });

  it('that does not go on is said to be behind when it has been so for maxLag', async () => {
    primary.place = '0/5800';
    await askBoth();
    await vi.advanceTimersByTimeAsync(MAX_LAG - 10);
    expect(fake.lags).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(fake.lags).toEqual(['b:54321 is behind']);
    standby.place = '0/5800';
    await askBoth();
    expect(fake.lags).toEqual(['b:54321 is behind', 'b:54321 has caught up']);
  });

  it.each([
    ['a page', '0/6000', '0/6018'],
    ['a file of the log', '1/2000000', '1/2000028'],
  ])(
    'that has all is not behind where the next record comes after the header of %s',
    async (_of, end, next) => {
      primary.place = next;
      standby.place = end;
      await askBoth();
      expect(fake.cluster.topology.nodes[1]?.lag).toEqual({ bytes: 0, ms: 0 });
      // So it also serves what must show everything.
      fake.cluster.ledger.note();
      await fake.read('select');
      expect(standby.calls).toEqual(['select']);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(fake.lags).toEqual([]);
    },
  );
});
