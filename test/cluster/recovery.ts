import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from 'kingbase-native';
import type { World } from './world.js';

/** Clients of each kind. */
const CLIENTS = 4;
/** ms that it is waited for what has happened to be over. */
const SETTLING = 1_000;

/** When calls of a kind succeeded, one client after the other until they are stopped. */
class Probe {
  private readonly successes: number[] = [];
  private stopping = false;
  private readonly running: Promise<unknown>;

  constructor(call: () => Promise<unknown>) {
    this.running = Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (!this.stopping) {
          const succeeded = await call().then(
            () => true,
            () => false,
          );
          if (succeeded) this.successes.push(performance.now());
          await sleep(2);
        }
      }),
    );
  }

  /** The first success that came after. */
  async after(moment: number): Promise<number> {
    for (;;) {
      const first = this.successes.find((each) => each > moment);
      if (first !== undefined) return first;
      await sleep(1);
    }
  }

  /** The longest time without a success from `since` on. */
  longestGap(since: number): number {
    const from = Math.max(0, this.successes.findIndex((each) => each > since) - 1);
    const after = this.successes.slice(from);
    return after.reduce((gap, each, index) => Math.max(gap, each - (after[index - 1] ?? each)), 0);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }
}

/** Has each kind of change of the primary happen `times`, and says how long writes and reads were kept from succeeding, in ms. */
export async function recoveryTimes(world: World, db: Database, times: number): Promise<void> {
  const kinds: Record<string, () => Promise<void>> = {
    switchover: () => world.switchOver(),
    crash: () => world.failOver(false),
    partition: () => world.failOver(true),
  };
  const limit = { timeout: 30_000 };
  await db.exec('INSERT INTO entry (key, version) SELECT -i, 0 FROM generate_series(1, 100) AS i');
  let key = 0;
  const writes = new Probe(() =>
    db.exec('UPDATE entry SET version = version + 1 WHERE key = $1', [-(++key % 100) - 1], limit),
  );
  const eventual = new Probe(() =>
    db.readOnly.query('SELECT version FROM entry WHERE key = -1', [], { ...limit, consistency: 'eventual' }),
  );
  const causal = new Probe(() => db.readOnly.query('SELECT version FROM entry WHERE key = -1', [], limit));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const rows: Record<string, Record<string, number>> = {};
  for (const [name, happen] of Object.entries(kinds)) {
    const measured: Record<string, number[]> = {};
    const note = (what: string, time: number): void => void (measured[what] ??= []).push(time);
    for (let time = 0; time < times; time++) {
      const begun = performance.now();
      await Promise.all([writes.after(begun), eventual.after(begun), causal.after(begun)]);
      delay.reset();
      await happen();
      const first = await writes.after(world.promotedAt);
      await sleep(SETTLING);
      note('writes, from the promotion on', first - world.promotedAt);
      note('writes, in all', writes.longestGap(begun));
      note('causal reads', causal.longestGap(begun));
      note('eventual reads', eventual.longestGap(begun));
      note('this process stood still', delay.max / 1e6);
    }
    for (const [what, all] of Object.entries(measured)) {
      const sorted = all.map(Math.round).sort((a, b) => a - b);
      (rows[what] ??= {})[`${name}: median`] = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
      (rows[what] ??= {})[`${name}: worst`] = sorted.at(-1) ?? NaN;
    }
  }
  await Promise.all([writes.stop(), eventual.stop(), causal.stop()]);
  console.log(`ms without a success, ${times} of each:`);
  console.table(rows);
}
