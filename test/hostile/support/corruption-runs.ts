import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Line, Orders } from '../corruptions-child.js';

export interface Summary {
  /** What must not be, each with how to see it again. */
  readonly findings: string[];
  readonly succeeded: number;
  readonly failed: number;
}

const root = join(__dirname, '..', '..', '..');

/** Without a word for so long, the child's event loop stands still. In ms. */
const SILENCE = 120_000;

/** Makes the runs in processes of their own: one that dies or hangs is a finding, and the next goes on behind it. */
export async function corruptionRuns(orders: Orders): Promise<Summary> {
  const summary = { findings: [] as string[], succeeded: 0, failed: 0 };
  const again = (run: number): string => `runs 1, seed ${orders.seed + run}, ${orders.inFlight} in flight`;
  for (let first = 0; first < orders.runs;) {
    const rest = { ...orders, seed: orders.seed + first, runs: orders.runs - first };
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(root, 'test', 'hostile', 'corruptions-child.ts'), JSON.stringify(rest)],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let reached = 0;
    let done = false;
    let stderr = '';
    let timer = setTimeout(() => child.kill('SIGKILL'), SILENCE);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      timer.refresh();
      const line = JSON.parse(text) as Line;
      if ('done' in line) {
        done = true;
        summary.succeeded += line.succeeded;
        summary.failed += line.failed;
        return;
      }
      reached = line.run;
      if ('finding' in line) {
        summary.findings.push(`${line.finding} (${line.call}; ${line.kind}; ${again(first + line.run)})`);
      }
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    timer = setTimeout(() => undefined, 0);
    if (code !== 0 || !done) {
      summary.findings.push(
        `the process ended with ${signal ?? code} (near ${again(first + reached)}):\n${stderr}`,
      );
      first += Math.max(reached, 1) + 100;
      continue;
    }
    const hung = summary.findings.some((finding) => finding.includes('does not end'));
    if (!hung) break;
    first += reached + 1;
    if (summary.findings.length > 50) break;
  }
  return summary;
}
