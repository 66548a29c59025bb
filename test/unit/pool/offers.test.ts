import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RowMode, type NativeFailure, type TransactionStatus } from '../../../lib/addon/interface.js';
import type { Operation, Session } from '../../../lib/driver/session.js';
import { databaseFailure, fakePool, settle, type FakePool } from '../../support/fake-sessions.js';

/** One prepared statement, that cannot need another command. */
class Look implements Operation {
  readonly atLast = true;
  outcome = 'waits';
  begun = false;

  constructor(
    readonly id: number,
    private readonly offerable = true,
  ) {}

  begin(session: Session): void {
    this.begun = true;
    session.native.executePrepared(session.slot, this.id, 0, 0, RowMode.Object, 0);
  }

  offer(session: Session): boolean {
    if (this.offerable) session.native.offerPrepared(session.slot, this.id, 0, 0, RowMode.Object, 0);
    return this.offerable;
  }

  result(): void {
    // Its end counts.
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.outcome = 'done';
    session.finish(transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.outcome = failure.lost ? 'lost' : 'failed';
    if (!failure.lost) session.finish(transactionStatus);
  }

  refuse(error: unknown): void {
    this.outcome = (error as { code: string }).code;
  }

  threw(): void {
    throw new Error('There was nothing to convert.');
  }
}

/** A pool with `max` sessions, each of which is at work on the look-up of its number, and holds its answers. */
async function busyPool(max: number, options = {}): Promise<FakePool & { looks: Look[] }> {
  const fake = fakePool({ max, ...options });
  const made = Array.from({ length: max }, () => fake.run('hold'));
  await settle();
  // The last to become idle is the first to be used.
  for (const connection of [...fake.server.connections].reverse()) connection.answer();
  await Promise.all(made);
  for (const connection of fake.server.connections) connection.commands.length = 0;
  fake.server.holds = () => true;
  const looks = Array.from({ length: max }, (_, i) => new Look(i));
  for (const look of looks) fake.pool.run(look);
  await settle();
  return { ...fake, looks };
}

function lookUp({ pool }: FakePool, ...ids: number[]): Look[] {
  const looks = ids.map((id) => new Look(id));
  for (const look of looks) pool.run(look);
  return looks;
}

const outcomes = (looks: readonly Look[]): string[] => looks.map(({ outcome }) => outcome);

/** Answers the only connection until nothing is under way. */
async function answerAll({ server }: FakePool, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    server.connections[0]?.answer();
    await settle();
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what waits for a busy session', () => {
  it('is gone on with in the order of the calls', async () => {
    const fake = await busyPool(1);
    const looks = lookUp(fake, 1, 2, 3, 4);
    await answerAll(fake, 5);
    expect(outcomes([...fake.looks, ...looks])).toEqual(Array(5).fill('done'));
    // The first of those that waited found the session free; what it ended with was that the next were there already.
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1', 'offered 2', 'offered 3', 'offered 4']);
    expect(fake.pool.stats()).toMatchObject({ inUse: 0, idle: 1, waitCount: 4 + 1 });
  });

  it('is run just the same where the offer came too late', async () => {
    const fake = await busyPool(1);
    const [connection] = fake.server.connections;
    if (connection !== undefined) connection.missesOffers = true;
    const looks = lookUp(fake, 1, 2, 3);
    await answerAll(fake, 4);
    expect(outcomes(looks)).toEqual(['done', 'done', 'done']);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1', 'offered 2', 'offered 3']);
  });

  it('is begun in the usual way behind what fails', async () => {
    const fake = await busyPool(1);
    const looks = lookUp(fake, 1, 2, 3);
    await answerAll(fake, 1);
    fake.server.connections[0]?.fail(databaseFailure('22012'));
    await settle();
    await answerAll(fake, 2);
    expect(outcomes(looks)).toEqual(['failed', 'done', 'done']);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1', 'execute 2', 'offered 3']);
  });

  it('goes to another session when this one is lost', async () => {
    const fake = await busyPool(1);
    const looks = lookUp(fake, 1, 2);
    await answerAll(fake, 1);
    fake.server.connections[0]?.fail({ lost: true });
    await settle();
    fake.server.connections[1]?.answer();
    await settle();
    expect(outcomes(looks)).toEqual(['lost', 'done']);
    expect(fake.server.connections[1]?.commands).toEqual(['execute 2']);
  });

  it('goes to another session that has nothing to do', async () => {
    const fake = await busyPool(2);
    const [slow, quick] = fake.server.connections;
    const looks = lookUp(fake, 10, 11);
    slow?.answer();
    await settle();
    expect(slow?.commands).toEqual(['execute 0', 'execute 10']); // and 11 offered
    quick?.answer();
    await settle();
    expect(quick?.commands).toEqual(['execute 1', 'execute 11']);
    quick?.answer();
    await settle();
    expect(outcomes(looks)).toEqual(['waits', 'done']);
  });

  it('does not wait for long behind a slow statement while others come after it and are served', async () => {
    const fake = await busyPool(2);
    const [slow, quick] = fake.server.connections;
    const looks = lookUp(fake, 10, 11, 12, 13, 14, 15, 16);
    slow?.answer(); // 10 runs there, 11 is offered
    await settle();
    quick?.answer(); // 12 runs there, 13 is offered
    await settle();
    quick?.answer(); // 13, and 14 is offered: 11 has not been there for long
    await settle();
    vi.advanceTimersByTime(20);
    quick?.answer(); // 14, and 11 is offered
    await settle();
    quick?.answer();
    await settle();
    quick?.answer();
    await settle();
    expect(quick?.commands).toEqual([
      'execute 1',
      'execute 12',
      'offered 13',
      'offered 14',
      'offered 11',
      'offered 15',
    ]);
    expect(outcomes(looks)).toEqual(['waits', 'done', 'done', 'done', 'done', 'waits', 'waits']);
  });

  it('has the time limit of those who wait in line', async () => {
    const fake = await busyPool(1, { acquireTimeout: 1000 });
    const looks = lookUp(fake, 1, 2);
    await answerAll(fake, 1);
    vi.advanceTimersByTime(1001);
    expect(outcomes(looks)).toEqual(['waits', 'KB_POOL_ACQUIRE_TIMEOUT']);
    await answerAll(fake, 1);
    expect(outcomes(looks)).toEqual(['done', 'KB_POOL_ACQUIRE_TIMEOUT']);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1']);
  });

  it('counts as waiting where the line is limited', async () => {
    const fake = await busyPool(1, { maxWaiting: 2 });
    lookUp(fake, 1, 2);
    await answerAll(fake, 1);
    expect(outcomes(lookUp(fake, 3, 4))).toEqual(['waits', 'KB_POOL_FULL']);
  });

  it('is refused when the pool closes in a hurry, and has not begun', async () => {
    const fake = await busyPool(1);
    const looks = lookUp(fake, 1, 2);
    await answerAll(fake, 1);
    const closed = fake.pool.close(50);
    vi.advanceTimersByTime(51);
    await settle();
    await closed;
    expect(outcomes(looks)).toEqual(['failed', 'KB_POOL_CLOSED']);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1']);
  });

  it('ends by itself where its session is closed after the core has gone on', async () => {
    const fake = await busyPool(1);
    const looks = lookUp(fake, 1, 2);
    await answerAll(fake, 1);
    const [connection] = fake.server.connections;
    connection?.closeInBetween();
    await settle();
    expect(outcomes(looks)).toEqual(['lost', 'lost']);
    expect(fake.server.live).toEqual([]);
  });

  it('is not offered to a session that has had its lifetime', async () => {
    const fake = await busyPool(1, { maxLifetime: 1000, lifetimeJitter: 0 });
    const looks = lookUp(fake, 1, 2, 3);
    await answerAll(fake, 1);
    vi.advanceTimersByTime(1001);
    await answerAll(fake, 2);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1', 'offered 2', 'execute 3']);
    expect(fake.server.live).toEqual([1]);
    expect(outcomes(looks)).toEqual(['done', 'done', 'waits']);
  });

  it('stays in line where it cannot be offered, and those behind it', async () => {
    const fake = await busyPool(1);
    const [first, , third] = [new Look(1), new Look(2, false), new Look(3)].map((look) => {
      fake.pool.run(look);
      return look;
    });
    await answerAll(fake, 4);
    expect([first?.outcome, third?.outcome]).toEqual(['done', 'done']);
    expect(fake.server.commands).toEqual(['execute 0', 'execute 1', 'execute 2', 'offered 3']);
  });
});
