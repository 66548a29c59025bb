import { createHistogram } from 'node:perf_hooks';
import { peakRssMb, startClocks } from '../clocks.js';
import { perOperation } from './samples.js';
import type { Measurement } from './workload.js';

/**
 * Keeps so many operations in flight: each loop begins its next when the one before has ended. The warm-up lasts until each loop
 * has done one and 0.6 s have passed.
 *
 * @returns figures per operation with their latencies, and how many operations there were in all
 */
export async function inFlight(
  loops: number,
  seconds: number,
  operation: (n: number) => Promise<void>,
): Promise<{ measurement: Measurement; operations: number }> {
  let n = 0;
  const latency = createHistogram();
  const run = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    const loop = async () => {
      for (let began = performance.now(); began < end;) {
        await operation(n++);
        const ended = performance.now();
        latency.record(Math.max(1, Math.round((ended - began) * 1e6)));
        began = ended;
      }
    };
    await Promise.all(Array.from({ length: loops }, loop));
  };

  await run(600);
  const warmUp = n;
  latency.reset();
  const stop = startClocks();
  await run(seconds * 1000);
  return {
    measurement: {
      ...perOperation(stop(), n - warmUp),
      p50: latency.percentile(50) / 1000,
      p99: latency.percentile(99) / 1000,
      rss: peakRssMb(),
    },
    operations: n,
  };
}
