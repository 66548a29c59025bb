import { openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Times {
  wallMs: number;
  /** User and system time of the process with all its threads. */
  cpuUs: number;
  /** The same of the JavaScript thread alone; absent where the platform does not tell. */
  jsCpuUs: number | undefined;
}

/** Starts the clocks of a measurement; the function it returns reads them. */
export function startClocks(): () => Times {
  const jsCpu = jsThreadCpu();
  const cpu = process.cpuUsage();
  const wall = performance.now();
  return () => {
    const wallMs = performance.now() - wall;
    const { user, system } = process.cpuUsage(cpu);
    const jsCpuNow = jsThreadCpu();
    return {
      wallMs,
      cpuUs: user + system,
      jsCpuUs: jsCpu === undefined || jsCpuNow === undefined ? undefined : jsCpuNow - jsCpu,
    };
  };
}

const still = new Int32Array(new SharedArrayBuffer(4));
const digits = Buffer.alloc(64);
let schedulerFile: number | undefined;

function jsThreadCpu(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  // Opened once, as opening it costs more than a small operation does. It stays the file of the thread that opened it.
  schedulerFile ??= openSync('/proc/thread-self/schedstat', 'r');
  // The kernel brings a running thread's figure up to date at its next tick (up to 4 ms) or when it goes to sleep.
  Atomics.wait(still, 0, 0, 0.05);
  const length = readSync(schedulerFile, digits, 0, digits.length, 0);
  return Number.parseInt(digits.toString('latin1', 0, length), 10) / 1000;
}

/** Runs `work` and tells for how many ms at most the event loop did not turn meanwhile. */
export async function longestBlock<T>(work: () => Promise<T>): Promise<{ result: T; blockMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(5);
  delay.reset();
  const result = await work();
  await sleep(3);
  delay.disable();
  return { result, blockMs: delay.max / 1e6 };
}

/** The most memory the process has had resident so far. */
export const peakRssMb = (): number => process.resourceUsage().maxRSS / 1024;
