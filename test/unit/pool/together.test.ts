import { describe, expect, it } from 'vitest';
import { databaseFailure, fakePool, settle, type FakePool } from '../../support/fake-sessions.js';
import { JoiningCall as Call } from '../../support/joining-call.js';

/** A pool of `max` sessions, each at work on a call of its own, which holds its answers. */
async function busyPool(max: number): Promise<FakePool> {
  const fake = fakePool({ max });
  fake.server.pipelines = true;
  const made = Array.from({ length: max }, () => fake.run('hold'));
  await settle();
  for (const connection of [...fake.server.connections].reverse()) connection.answer();
  await Promise.all(made);
  fake.server.holds = () => true;
  for (let i = 0; i < max; i++) fake.pool.run(new Call(0));
  await settle();
  for (const connection of fake.server.connections) connection.commands.length = 0;
  return fake;
}

function run({ pool }: FakePool, ...calls: Call[]): Call[] {
  for (const call of calls) pool.run(call);
  return calls;
}

const outcomes = (calls: readonly Call[]): string[] => calls.map(({ outcome }) => outcome);

/** Answers the connection so many times. */
async function answer({ server }: FakePool, times: number, at = 0): Promise<void> {
  for (let i = 0; i < times; i++) {
    server.connections[at]?.answer();
    await settle();
  }
}

describe('what waits for a session that sends commands together', () => {
  it('is sent together, up to what has to be run by itself', async () => {
    const fake = await busyPool(1);
    const calls = run(fake, new Call(1), new Call(2), new Call(3, false), new Call(4), new Call(5));
    await answer(fake, 1);
    expect(fake.server.commands).toEqual(['joined 1']);
    expect(fake.pool.waiting).toBe(3);
    await answer(fake, 5);
    expect(fake.server.commands).toEqual(['joined 1', 'joined 2', 'execute 3', 'joined 4', 'joined 5']);
    expect(outcomes(calls)).toEqual(Array(5).fill('done'));
    expect(fake.pool.stats()).toMatchObject({ inUse: 0, idle: 1 });
  });

  it('is shared among the sessions', async () => {
    const fake = await busyPool(2);
    run(fake, ...[1, 2, 3, 4, 5, 6].map((id) => new Call(id)));
    await answer(fake, 1, 0);
    expect(fake.pool.waiting).toBe(3);
    await answer(fake, 1, 1);
    expect(fake.pool.waiting).toBe(1);
  });

  it('goes on behind what fails', async () => {
    const fake = await busyPool(1);
    const calls = run(fake, new Call(1), new Call(2), new Call(3));
    await answer(fake, 2);
    fake.server.connections[0]?.fail(databaseFailure('22012'));
    await settle();
    await answer(fake, 1);
    expect(outcomes(calls)).toEqual(['done', 'failed', 'done']);
    expect(fake.pool.stats()).toMatchObject({ inUse: 0, idle: 1 });
  });

  it('is unknown of where it was sent, and run again where it was not', async () => {
    const fake = await busyPool(1);
    const calls = run(fake, new Call(1), new Call(2), new Call(3));
    await answer(fake, 1);
    fake.server.connections[0]?.fail({ lost: true, sent: true }, { sent: false });
    await settle();
    expect(outcomes(calls)).toEqual(['unknown', 'waits', 'waits']);
    await answer(fake, 2, 1);
    expect(outcomes(calls)).toEqual(['unknown', 'done', 'done']);
    expect(fake.pool.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  });

  it('is lost with a session that the driver ends', async () => {
    const fake = await busyPool(1);
    const broken = new Call(2);
    broken.ended = () => {
      throw new Error('of an operation');
    };
    const calls = run(fake, new Call(1), broken, new Call(3), new Call(4));
    await answer(fake, 3);
    expect(outcomes(calls)).toEqual(['done', 'unknown', 'unknown', 'unknown']);
    expect(fake.pool.stats()).toMatchObject({ inUse: 0 });
  });

  it('is cancelled until the last of it has ended', async () => {
    const fake = await busyPool(1);
    run(fake, new Call(1), new Call(2), new Call(3));
    await answer(fake, 1);
    const [connection] = fake.server.connections;
    const closed = fake.pool.close(1);
    await closed;
    expect(connection?.cancels).toBeGreaterThan(0);
  });
});
