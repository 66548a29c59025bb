import { setTimeout as sleep } from 'node:timers/promises';
import { KingbaseError, type Database } from 'kingbase-native';
import { between, type Random } from '../resilience/support/random.js';
import type { World } from './world.js';

/** ms between two resets. */
const PAUSE = { from: 200, to: 600 };
/** ms between two transactions of a task. */
const REST = { from: 1, to: 20 };

type Outcome = 'committed' | 'failed' | 'unknown';

/** Transactions while connections are reset, and what became of each in the end. */
export interface JitterCounts {
  readonly transactions: number;
  readonly cuts: number;
  readonly committed: number;
  readonly failed: number;
  readonly unknown: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** There more than once. */
  readonly doubled: number;
  /** There, though it was said that they are not. */
  readonly denied: number;
}

/** Runs transactions in `tasks` tasks, each of its own row, while connections are reset at random. */
export async function underJitter(
  world: World,
  db: Database,
  random: Random,
  tasks: number,
  seconds: number,
): Promise<{ counts: JitterCounts; codes: ReadonlyMap<string, number> }> {
  await db.exec('CREATE TABLE account (task int4 PRIMARY KEY, total int4 NOT NULL)');
  await db.exec('CREATE TABLE journal (task int4 NOT NULL, number int4 NOT NULL)');
  await db.exec('INSERT INTO account SELECT i, 0 FROM generate_series(1, $1::int4) AS i', [tasks]);
  const outcomes = new Map<string, Outcome>();
  const codes = new Map<string, number>();
  const end = performance.now() + seconds * 1_000;
  const task = async (number: number): Promise<void> => {
    for (let i = 0; performance.now() < end; i++) {
      try {
        await db.transaction(
          async (tx) => {
            await tx.exec('UPDATE account SET total = total + 1 WHERE task = $1', [number]);
            await tx.exec('INSERT INTO journal VALUES ($1, $2)', [number, i]);
          },
          { retry: { resolve: true } },
        );
        outcomes.set(`${number}/${i}`, 'committed');
      } catch (error) {
        const code = error instanceof KingbaseError ? error.code : String(error);
        codes.set(code, (codes.get(code) ?? 0) + 1);
        const unknown = error instanceof Error && 'outcome' in error && error.outcome === 'unknown';
        outcomes.set(`${number}/${i}`, unknown ? 'unknown' : 'failed');
      }
      await sleep(between(random, REST.from, REST.to));
    }
  };
  let cuts = 0;
  const cutting = (async () => {
    while (performance.now() < end) {
      await sleep(between(random, PAUSE.from, PAUSE.to));
      cuts += world.cut(6, 'primary');
    }
  })();
  await Promise.all([cutting, ...Array.from({ length: tasks }, (_each, index) => task(index + 1))]);
  const { rows } = await db.query<{ key: string; times: number }>(
    "SELECT task || '/' || number AS key, count(*)::int4 AS times FROM journal GROUP BY 1",
  );
  const totals = await db.query<{ task: number; total: number }>('SELECT task, total FROM account');
  const there = new Map(rows.map(({ key, times }) => [key, times]));
  const count = (which: (outcome: Outcome, times: number) => boolean): number =>
    [...outcomes].filter(([key, outcome]) => which(outcome, there.get(key) ?? 0)).length;
  const journalled = rows.reduce((sum, { times }) => sum + times, 0);
  const added = totals.rows.reduce((sum, { total }) => sum + total, 0);
  if (journalled !== added) throw new Error(`${added} were added, and ${journalled} are in the journal`);
  return {
    codes,
    counts: {
      transactions: outcomes.size,
      cuts,
      committed: count((outcome) => outcome === 'committed'),
      failed: count((outcome) => outcome === 'failed'),
      unknown: count((outcome) => outcome === 'unknown'),
      lost: count((outcome, times) => outcome === 'committed' && times === 0),
      doubled: count((_outcome, times) => times > 1),
      denied: count((outcome, times) => outcome === 'failed' && times > 0),
    },
  };
}
