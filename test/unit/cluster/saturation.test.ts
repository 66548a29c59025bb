import { afterEach, describe, expect, it, vi } from 'vitest';
import { nothing } from '../../../lib/base/nothing.js';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { settle } from '../../support/fake-sessions.js';

const WEIGHTS = { b: 3, c: 1, d: 1 };
const MAX = 2;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Draws that can be repeated by the seed, which is printed. */
function seeded(): void {
  const seed = 1 + Math.floor(Math.random() * 2_147_483_645);
  console.log(`seed ${seed}`);
  let last = seed;
  vi.spyOn(Math, 'random').mockImplementation(() => (last = (last * 48_271) % 2_147_483_647) / 2_147_483_647);
}

interface Saturated extends FakeCluster {
  readonly standbys: FakeMember[];
  /** Runs so many reads; tells how many have ended. */
  readonly reads: (count: number) => () => number;
  readonly loads: () => number[];
}

/** Three standbys, whose connections are all taken by reads that are not answered. */
async function saturated(weights: Record<string, number> = WEIGHTS): Promise<Saturated> {
  seeded();
  const fake = fakeCluster('a,b,c,d', { consistency: 'eventual', weights }, { max: MAX });
  const { members, cluster, read } = fake;
  const standbys = members.slice(1);
  await cluster.topology.begin();
  const reads = (count: number): (() => number) => {
    let ended = 0;
    for (let i = 0; i < count; i++) read('hold').then(() => ended++, nothing);
    return () => ended;
  };
  const nodes = cluster.topology.nodes.slice(1);
  const weighted = standbys.filter(({ host }) => weights[host] !== 0);
  reads(weighted.length * MAX);
  await settle();
  return { ...fake, standbys, reads, loads: () => nodes.map(({ load }) => load) };
}

/** Everything is answered that the server has, and what it is given meanwhile. */
async function answerAll({ connections }: FakeMember): Promise<void> {
  for (let answered = -1; answered !== connections.reduce((sum, { commands }) => sum + commands.length, 0);) {
    answered = connections.reduce((sum, { commands }) => sum + commands.length, 0);
    for (const connection of connections) connection.answer();
    await settle();
  }
}

describe('where all connections are taken', () => {
  it('none is waited for while another server has one, whatever the weights', async () => {
    const { loads, cluster } = await saturated();
    expect(loads()).toEqual([MAX, MAX, MAX]);
    await cluster.close(1);
  });

  it('what waits is shared by weights', async () => {
    const { loads, reads, cluster } = await saturated();
    reads(94);
    const [b = 0, c = 0, d = 0] = loads();
    expect(b + c + d).toBe(100);
    expect(b).toBeGreaterThan(50);
    expect(b).toBeLessThan(70);
    expect(Math.abs(c - d)).toBeLessThan(10);
    await cluster.close(1);
  });

  it('a server that has nothing left to do takes over what waits for another', async () => {
    const { reads, standbys, loads, cluster } = await saturated();
    const ended = reads(94);
    const [, , d] = standbys as [FakeMember, FakeMember, FakeMember];
    await answerAll(d);
    expect(ended()).toBe(94);
    expect(loads()).toEqual([MAX, MAX, 0]);
    await cluster.close(1);
  });

  it('a server without any weight takes nothing over', async () => {
    const { reads, standbys, loads, cluster } = await saturated({ b: 1, c: 1, d: 0 });
    const ended = reads(10);
    expect(loads()).toEqual([MAX + 5, MAX + 5, 0]);
    const [, c] = standbys as [FakeMember, FakeMember, FakeMember];
    await answerAll(c);
    expect(ended()).toBe(10);
    expect(loads()).toEqual([MAX, 0, 0]);
    await cluster.close(1);
  });
});
