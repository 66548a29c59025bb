import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** What a process holds of the system's. */
export interface ProcessHandles {
  /** Open files and sockets. */
  readonly files: number;
  readonly threads: number;
}

/** Linux tells of both under /proc. */
export function processHandles(): ProcessHandles {
  return { files: readdirSync('/proc/self/fd').length, threads: readdirSync('/proc/self/task').length };
}

/** Resident memory in MiB. */
export function residentMemory(): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** Waits, for what tells nobody when it is so; false when it was not so in the time (ms). */
export async function becomes(
  condition: () => boolean | Promise<boolean>,
  limit: number,
  interval = 20,
): Promise<boolean> {
  const end = performance.now() + limit;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() > end) return false;
    await setTimeout(interval);
  }
}
