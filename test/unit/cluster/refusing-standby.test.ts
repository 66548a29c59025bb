import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { refused, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  { what: 'that cannot be connected to', error: refused(), within: 2_000 },
  { what: "on which the program's onConnect fails", error: new Error('onConnect'), within: 120_000 },
])('a standby that says what it is, and $what for reads', ({ error, within }) => {
  it('is tried once, then after pauses that grow, and serves again when a connection succeeds', async () => {
    const { members, cluster, read } = fakeCluster('a,b,c', { consistency: 'eventual' });
    const [, bad, good] = members as [FakeMember, FakeMember, FakeMember];
    const node = cluster.topology.nodes[1];
    await cluster.topology.begin();
    bad.refusesPooled = error;
    for (let i = 0; i < 100; i++) {
      await read('select');
      await settle();
    }
    expect(good.calls).toHaveLength(100);
    expect(bad.pooled).toBe(1);
    expect(node).toMatchObject({ role: 'down', failure: { error } });
    for (let i = 0; i < 50; i++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await read('select');
    }
    expect(bad.pooled).toBeGreaterThan(3);
    expect(bad.pooled).toBeLessThan(within > 10_000 ? 20 : 60);
    bad.refusesPooled = undefined;
    await vi.advanceTimersByTimeAsync(within);
    expect(node?.role).toBe('standby');
    for (let i = 0; i < 100; i++) await read('select');
    expect(bad.calls.length).toBeGreaterThan(10);
    await cluster.close(0);
  });
});
