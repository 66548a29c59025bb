import { setTimeout } from 'node:timers';
import { setImmediate } from 'node:timers/promises';
import type { Connection, Database, Transaction } from 'kingbase-native';
import { between, pick, type Random } from './random.js';

export interface StormResult {
  cancelled: number;
  completed: number;
  /** Calls of neighbours, on the same connections and on others, none of which was to be cancelled. */
  neighbours: number;
  /** What should not have happened, in words. */
  violations: string[];
}

export interface StormOptions {
  /** How many calls are cancelled. */
  readonly cancels: number;
  /** How many are under way at a time. */
  readonly parallel: number;
  readonly random: Random;
}

/** A call that gives `value` back, and the moment at which it may be cancelled. */
type Call = (
  db: Database | Connection | Transaction,
  value: number,
  signal: AbortSignal,
  random: Random,
) => Promise<number>;

const valueOf = async (row: Promise<{ value: number } | undefined>): Promise<number> =>
  (await row)?.value ?? NaN;

/** Statements that take no time, some time, or send much, by every way there is. */
const CALLS: readonly Call[] = [
  (db, value, signal) => valueOf(db.queryRow('SELECT $1::int4 AS value', [value], { signal })),
  (db, value, signal, random) =>
    valueOf(db.queryRow('SELECT $1::int4 AS value FROM pg_sleep($2)', [value, random() / 200], { signal })),
  async (db, value, signal) => {
    const sql = 'SELECT i, $1::int4 AS value FROM generate_series(1, 2000) AS i';
    const { rows } = await db.query<{ value: number }>(sql, [value], { signal });
    return rows.length === 2000 ? (rows.at(-1)?.value ?? NaN) : NaN;
  },
  async (db, value, signal) => {
    const results = await db.script(`SELECT pg_sleep(0.001); SELECT generate_series(1, ${value % 100})`, {
      signal,
    });
    return results[1]?.rowsAffected === value % 100 ? value : NaN;
  },
  async (db, value, signal) => {
    const statement = await db.prepare('SELECT $1::int4 AS value FROM pg_sleep(0.001)', { signal });
    try {
      return await valueOf(statement.queryRow([value], { signal }));
    } finally {
      await statement.close();
    }
  },
];

/**
 * Cancels calls at random moments: before they begin, while they are sent, while they run, when they have just ended.
 * Each must end either with its own result or with the reason of its own cancel, and a call that follows on the same
 * connection, or runs next to it, must not notice.
 */
export async function cancelStorm(db: Database, options: StormOptions): Promise<StormResult> {
  const { cancels, parallel, random } = options;
  const result: StormResult = { cancelled: 0, completed: 0, neighbours: 0, violations: [] };
  let started = 0;
  let over = false;

  const neighbour = async (on: Database | Connection, value: number): Promise<void> => {
    result.neighbours++;
    const row = await on
      .queryRow<{ value: number }>('SELECT $1::int4 AS value FROM pg_sleep(0.001)', [value])
      .catch((error: unknown) => error);
    if ((row as { value?: unknown }).value !== value) {
      result.violations.push(`A call that was not cancelled ended with ${String(row)}.`);
    }
  };

  /** Every statement again, as it is. */
  const uncancelled = async (tx: Transaction, value: number): Promise<void> => {
    result.neighbours++;
    for (const call of CALLS) {
      const given = await call(tx, value, new AbortController().signal, random).catch(
        (error: unknown) => error,
      );
      if (given !== value) result.violations.push(`In a transaction, a call gave ${String(given)}.`);
    }
  };

  const one = async (on: Database | Connection, value: number): Promise<void> => {
    const controller = new AbortController();
    const reason = new Error(`cancel ${value}`);
    const call = pick(random, CALLS)(on, value, controller.signal, random).then(
      (given) => {
        result.completed++;
        if (given !== value) result.violations.push(`Call ${value} gave ${given}.`);
      },
      (error: unknown) => {
        result.cancelled++;
        if (error !== reason) result.violations.push(`Call ${value} ended with ${String(error)}.`);
      },
    );
    const abort = (): void => controller.abort(reason);
    switch (between(random, 0, 3)) {
      case 0:
        queueMicrotask(abort);
        break;
      case 1:
        void setImmediate().then(abort);
        break;
      default:
        setTimeout(abort, random() * 6);
    }
    await call;
  };

  const cancelling = async (): Promise<void> => {
    while (started < cancels) {
      const value = started++;
      if (random() < 0.5) {
        await one(db, value);
        continue;
      }
      // The next call on the very connection is the one that a late cancel would hit; and in a transaction nothing is
      // tried a second time.
      const connection = await db.connect();
      try {
        const first = one(connection, value);
        await Promise.all([first, neighbour(connection, -value)]);
        await connection.transaction((tx) => uncancelled(tx, value));
      } finally {
        await connection.release();
      }
    }
  };
  const undisturbed = async (): Promise<void> => {
    for (let value = 1; !over; value++) await neighbour(db, value);
  };

  const bystanders = [undisturbed(), undisturbed()];
  await Promise.all(Array.from({ length: parallel }, cancelling));
  over = true;
  await Promise.all(bystanders);
  return result;
}
