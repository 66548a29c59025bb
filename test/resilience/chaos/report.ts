import type { PoolStats } from 'kingbase-native';
import type { Comparison, Ledger } from './ledger.js';
import type { Watch } from './watch.js';

/** How many examples are shown of what a proof failed by. */
const EXAMPLES = 10;

interface Proof {
  readonly name: string;
  readonly holds: boolean;
  readonly evidence: readonly unknown[];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Collects what a run has shown, and prints it. */
export class Report {
  private readonly recoveries = new Map<string, number[]>();
  private readonly proofs: Proof[] = [];

  constructor(private readonly seed: number) {}

  /** @param time ms from the end of the fault to the first write that began afterwards and succeeded */
  recovered(fault: string, time: number): void {
    const times = this.recoveries.get(fault) ?? [];
    times.push(time);
    this.recoveries.set(fault, times);
  }

  prove(name: string, holds: boolean, evidence: readonly unknown[] = []): void {
    this.proofs.push({ name, holds, evidence });
  }

  get passed(): boolean {
    return this.proofs.every(({ holds }) => holds);
  }

  print(
    watch: Watch,
    ledger: Ledger,
    comparison: Comparison,
    stats: PoolStats,
    [memoryBefore, memoryAfter]: readonly [number, number],
  ): void {
    table(`Operations: ${watch.operations}, of which these succeeded`, watch.byKind);
    table('Operations that failed, by class and code', watch.errors);

    const all = [...this.recoveries.values()].flat();
    console.log(`\nFaults: ${all.length}; ms to recover afterwards, median and worst`);
    for (const [name, times] of this.recoveries) line(name, times.length, median(times), Math.max(...times));
    line('all', all.length, median(all), Math.max(...all));

    const { acknowledged, late, refused, aborted, unknown } = ledger.counts;
    console.log(
      `\nWrites: ${acknowledged + late} acknowledged (${late} of them in spite of a cancel), ${refused} refused, ` +
        `${aborted} aborted (${comparison.abortedMade} of them made), ` +
        `${unknown} unknown (${comparison.unknownMade} of them made)`,
    );
    console.log(
      `Pool: ${stats.reconnects} reconnects, ${stats.heartbeatFailures} failed heartbeats, ` +
        `${stats.maxLifetimeClosed} closed at the end of their life, ${stats.waitCount} waits ` +
        `of ${(stats.waitDuration / stats.waitCount).toFixed(1)} ms on average`,
    );
    console.log(`Calls with a time limit went beyond it by ${watch.worstOverrun.toFixed(0)} ms at most`);
    console.log(
      `Memory: ${memoryBefore.toFixed(0)} MiB at the start, ${memoryAfter.toFixed(0)} MiB at the end`,
    );

    console.log('\nProofs');
    for (const { name, holds, evidence } of this.proofs) {
      console.log(`  ${holds ? 'holds ' : 'FAILED'}  ${name}`);
      if (holds) continue;
      for (const item of evidence.slice(0, EXAMPLES)) console.log(`            ${String(item)}`);
      if (evidence.length > EXAMPLES) console.log(`            … ${evidence.length} in all`);
    }
    console.log(
      this.passed ? '\nEvery proof holds.' : `\nA proof has failed. Repeat with --seed ${this.seed}.`,
    );
  }
}

function table(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`\n${title}`);
  for (const [name, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    console.log(`  ${String(count).padStart(7)}  ${name}`);
  }
}

function line(name: string, count: number, middle: number, worst: number): void {
  console.log(
    `  ${String(count).padStart(4)}  ${name.padEnd(46)} ${middle.toFixed(0).padStart(6)} ${worst.toFixed(0).padStart(6)}`,
  );
}
