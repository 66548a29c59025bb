import { describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { outputOf } from '../support/run-program.js';
import { targets } from '../support/targets.js';

/** So many that most find every connection busy and are sent by the core itself. */
const CALLS = 300;
const PID = 'select pg_backend_pid() as pid, $1::int as n';

describe.each(targets())('$name: the session of a call', ({ config }) => {
  /** With `sql` prepared on both connections. */
  async function withPool(sql: string, use: (db: Database) => Promise<void>): Promise<void> {
    const db = open({ ...config, pool: { max: 2 } });
    try {
      for (let i = 0; i < 4; i++) await Promise.all([1, 2].map(() => db.query(sql, [1])));
      await use(db);
    } finally {
      await db.close({ timeout: 5_000 });
    }
  }

  it('is told once when it begins, also of a call that has waited', async () => {
    await withPool(PID, async (db) => {
      const told: number[][] = Array.from({ length: CALLS }, () => []);
      const results = await Promise.all(
        told.map((mine, n) =>
          db.queryRow<{ pid: number }>(PID, [n], { onSession: (processId) => mine.push(processId) }),
        ),
      );
      expect(told).toEqual(results.map((row) => [row?.pid]));
    });
  });

  it('is told of calls with a limit, and of those on a connection', async () => {
    await withPool(PID, async (db) => {
      const told: number[] = [];
      const onSession = (processId: number): void => void told.push(processId);
      const rows = [await db.queryRow<{ pid: number }>(PID, [1], { onSession, timeout: 20_000 })];
      await using connection = await db.connect();
      rows.push(await connection.queryRow<{ pid: number }>(PID, [1], { onSession }));
      expect(told).toEqual(rows.map((row) => row?.pid));
    });
  });

  it('is told before anything is sent: what is thrown then rejects the call', async () => {
    const db = open({ ...config, pool: { max: 1 } });
    const thrown = new Error('of the program');
    const refusing = {
      onSession: (): void => {
        throw thrown;
      },
    };
    const taken = "select nextval('session_of_call') as n where $1::int > 0";
    await db.script('create sequence session_of_call');
    try {
      const outcomes = await Promise.allSettled([
        db.queryRow(taken, [1], refusing),
        ...Array.from({ length: 60 }, () => db.exec(taken, [1], refusing)),
        db.queryRow(taken, [1]),
      ]);
      expect(
        outcomes.slice(0, -1).every((each) => each.status === 'rejected' && each.reason === thrown),
      ).toBe(true);
      expect(outcomes.at(-1)).toMatchObject({ status: 'fulfilled', value: { n: 1n } });
    } finally {
      await db.script('drop sequence session_of_call');
      await db.close();
    }
  });

  it('is told of a call that has begun already, whose outcome stands whatever is thrown then', async () => {
    const output = await outputOf<Record<'inserted' | 'refused' | 'wrong' | 'uncaught' | 'odd', number>>(
      'throwing-on-session',
      config,
    );
    expect(output.wrong).toBe(0);
    // All that was thrown is told once: to the call, or to nobody in particular.
    expect(output.uncaught + output.refused).toBe(output.odd);
    expect(output.uncaught).toBeGreaterThan(0);
  });

  it('is closed when the call fails and says so, and nobody else loses anything by it', async () => {
    const sql = 'select pg_backend_pid() as pid, 10 / $1::int as n';
    await withPool(sql, async (db) => {
      const began = new Map<number, number[]>();
      const results = await Promise.allSettled(
        Array.from({ length: CALLS }, (_, n) =>
          db.queryRow<{ pid: number }>(sql, [n % 30], {
            discardOnError: true,
            onSession: (processId) => began.set(processId, [...(began.get(processId) ?? []), n % 30]),
          }),
        ),
      );
      expect(
        results.map((each) => (each.status === 'rejected' ? (each.reason as { code: string }).code : '')),
      ).toEqual(results.map((_, n) => (n % 30 === 0 ? '22012' : '')));
      // After what has failed nothing was begun on its session.
      const ends = [...began.values()].map(
        (mine) => mine.indexOf(0) === -1 || mine.indexOf(0) === mine.length - 1,
      );
      expect(ends).not.toContain(false);
      expect(began.size).toBeGreaterThan(2);
    });
  });

  it('is not lost to a call that is under way there when the rows of another cannot be read', async () => {
    const thrown = new Error('of the program');
    const parse = (text: string): number => {
      if (text === '7') throw thrown;
      return Number(text);
    };
    const types = { 23: { parse } };
    await withPool('select $1::int as n', async (db) => {
      const results = await Promise.allSettled(
        Array.from({ length: CALLS }, (_, n) =>
          db.queryRow<{ n: number }>('select $1::int as n', [n % 10], { types, discardOnError: true }),
        ),
      );
      expect(results).toEqual(
        results.map((_, n) =>
          n % 10 === 7
            ? { status: 'rejected', reason: thrown }
            : { status: 'fulfilled', value: { n: n % 10 } },
        ),
      );
    });
  });

  it('is not waited for any more by calls that are refused', async () => {
    const db = open({ ...config, pool: { max: 1 } });
    const reason = new Error('of the program');
    await using connection = await db.connect();
    const waiting = Promise.allSettled([db.query('select 2'), db.connect(), db.script('select 3')]);
    db.refuseWaiting(reason);
    expect(await waiting).toEqual(Array.from({ length: 3 }, () => ({ status: 'rejected', reason })));
    const late = db.queryRow('select 4 as n');
    expect(await connection.queryRow('select 1 as n')).toEqual({ n: 1 });
    await connection.release();
    expect(await late).toEqual({ n: 4 });
    await db.close();
  });

  it.each(['rows', 'scriptRows', 'batchInsert'] as const)('is no option of %s', async (call) => {
    const db = open({ ...config });
    const options = { discardOnError: true };
    const asked = {
      rows: () => db.rows('select 1', [], options)[Symbol.asyncIterator]().next(),
      scriptRows: () => db.scriptRows('select 1', options),
      batchInsert: () => db.batchInsert('t', ['a'], [[1]], options),
    };
    await expect((async () => asked[call]())()).rejects.toMatchObject({ code: 'KB_BAD_OPTION' });
    await db.close();
  });
});
