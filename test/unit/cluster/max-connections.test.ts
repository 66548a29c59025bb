import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../../../lib/config/index.js';
import { sumOf } from '../../../lib/pool/stats.js';
import { fakeCluster, type FakeCluster, type FakeMember } from '../../support/fake-cluster.js';
import { failure, settle } from '../../support/fake-sessions.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const connections = ({ cluster }: FakeCluster): number =>
  cluster.pools.reduce((sum, pool) => sum + pool.stats().openConnections + pool.stats().connecting, 0);

/** Lets everything that is held back be answered, the connections of all servers. */
async function answerAll({ members }: FakeCluster): Promise<void> {
  for (const { connections: all } of members) for (const each of all) each.answer();
  await settle();
}

describe('the limit for all servers', () => {
  let fake: FakeCluster;
  let primary: FakeMember;
  let standby: FakeMember;
  const start = async (maxConnections: number, pool = {}): Promise<void> => {
    fake = fakeCluster('a,b', { maxConnections, consistency: 'eventual' }, pool);
    [primary, standby] = fake.members as [FakeMember, FakeMember];
    await fake.cluster.topology.begin();
  };
  afterEach(() => fake.cluster.close(0));

  it('has a write take the place of the connection for reads that was idle for the longest time', async () => {
    await start(2);
    const reads = [fake.read('hold 1'), fake.read('hold 2')];
    await settle();
    await answerAll(fake);
    await Promise.all(reads);
    await fake.write('insert');
    expect(connections(fake)).toBe(2);
    expect(fake.closed).toEqual(['b:1: its place was needed for a connection to another server']);
    expect(primary.calls).toEqual(['insert']);
  });

  it('lets who has waited longest have the next place, before those who came later for a connection that is there', async () => {
    await start(1);
    const reads = [fake.read('hold 1')];
    await settle();
    await vi.advanceTimersByTimeAsync(10);
    const write = fake.write('insert');
    await vi.advanceTimersByTimeAsync(10);
    reads.push(fake.read('hold 2'));
    await settle();
    expect(primary.calls).toEqual([]);
    standby.connections.at(-1)?.answer();
    await write;
    expect(standby.calls).toEqual(['hold 1']);
    await settle();
    await answerAll(fake);
    await Promise.all(reads);
    expect(connections(fake)).toBe(1);
  });

  it('moves a place from one server to another only where somebody has clearly waited longer there', async () => {
    await start(3);
    const calls = [fake.write('hold w1'), fake.read('hold r1'), fake.read('hold r2')];
    await settle();
    calls.push(fake.write('hold w2'));
    await vi.advanceTimersByTimeAsync(10);
    calls.push(fake.read('hold r3'));
    const answer = async (): Promise<void> => {
      standby.connections.find((each) => each.commands.at(-1)?.startsWith('hold'))?.answer();
      await settle();
    };
    await answer();
    expect(standby.calls).toContain('hold r3');
    await vi.advanceTimersByTimeAsync(150);
    calls.push(fake.read('hold r4'));
    await answer();
    expect(primary.calls).toEqual(['hold w1', 'hold w2']);
    expect(standby.calls).not.toContain('hold r4');
    await answerAll(fake);
    await answerAll(fake);
    await Promise.all(calls);
  });

  it('is told to who has waited in vain', async () => {
    await start(1, { acquireTimeout: 1_000 });
    const read = fake.read('hold');
    await settle();
    const write = failure(fake.write('insert'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await write).toMatchObject({
      code: 'KB_POOL_ACQUIRE_TIMEOUT',
      message: 'No connection within 1000 ms: all 1 of the cluster are in use.',
      hint: expect.stringContaining('cluster.maxConnections') as string,
    });
    await answerAll(fake);
    await read;
  });

  it('goes before pool.min', async () => {
    await start(3, { min: 2 });
    await fake.read('select');
    await settle();
    expect(connections(fake)).toBe(2);
    await fake.write('insert');
    await settle();
    expect(connections(fake)).toBe(3);
    const writes = [fake.write('hold 1'), fake.write('hold 2'), fake.write('hold 3')];
    await settle();
    expect(fake.cluster.writer.stats()).toMatchObject({ openConnections: 3, inUse: 3 });
    expect(standby.pooled).toBe(2);
    await answerAll(fake);
    await Promise.all(writes);
  });

  it('is in the counters', async () => {
    await start(4);
    const all = fake.cluster.pools.map((pool) => pool.stats());
    expect(sumOf(all, fake.cluster.options.maxConnections).maxOpenConnections).toBe(4);
  });
});

it('whatever is asked for, there are never more connections, and everybody has their turn', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('read', 'write') }),
    fc.record({ kind: fc.constant('answer'), which: fc.nat(30) }),
    fc.record({ kind: fc.constant('lose'), which: fc.nat(30) }),
    fc.record({ kind: fc.constant('pass'), time: fc.constantFrom(1, 50, 200) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 60 }),
      async (most, steps) => {
        const fake = fakeCluster(
          'a,b,c',
          { maxConnections: most, consistency: 'eventual' },
          { max: 3, acquireTimeout: 0 },
        );
        await fake.cluster.topology.begin();
        const calls: Promise<unknown>[] = [];
        let number = 0;
        for (const each of steps) {
          const all = fake.members.flatMap((member) => member.connections);
          if (each.kind === 'read') calls.push(failure(fake.read(`hold ${number++}`)));
          else if (each.kind === 'write') calls.push(failure(fake.write(`hold ${number++}`)));
          else if ('time' in each) await vi.advanceTimersByTimeAsync(each.time);
          else if ('which' in each && each.kind === 'answer') all[each.which % all.length]?.answer();
          else if ('which' in each) all[each.which % all.length]?.fail({ lost: true });
          await settle();
          expect(connections(fake)).toBeLessThanOrEqual(most);
        }
        let over = false;
        const ended = Promise.all(calls).then(() => (over = true));
        for (let i = 0; i < 200 && !over; i++) {
          await answerAll(fake);
          await vi.advanceTimersByTimeAsync(100);
          expect(connections(fake)).toBeLessThanOrEqual(most);
        }
        expect(over).toBe(true);
        await ended;
        await fake.cluster.close(0);
      },
    ),
    { numRuns: 150 },
  );
});

describe('cluster.maxConnections', () => {
  it.each([0, 1.5, -1, 'many'])('is not %s', (maxConnections) => {
    const cluster = { maxConnections } as { maxConnections: number };
    expect(() => parseConfig({ cluster, host: 'a' }, {}, {}, () => 'x')).toThrow(
      'The option "cluster.maxConnections" must be a whole number of at least 1, or Infinity.',
    );
  });
});
