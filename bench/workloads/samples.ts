import type { Times } from '../clocks.js';
import { median, medianOfKnown } from '../statistics.js';
import type { Measurement } from './workload.js';

/** Rate, and processor time in µs per operation. */
export function perOperation({ wallMs, cpuUs, jsCpuUs }: Times, operations: number): Measurement {
  return {
    rate: (operations / wallMs) * 1000,
    cpu: cpuUs / operations,
    jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / operations,
  };
}

/** Rate in rows, and processor time in ms for all the rows, as medians of what was repeated. */
export function perRepeat(samples: readonly Times[], rowCount: number): Measurement {
  const jsCpuUs = medianOfKnown(samples.map((sample) => sample.jsCpuUs));
  return {
    rate: (rowCount / median(samples.map((sample) => sample.wallMs))) * 1000,
    cpu: median(samples.map((sample) => sample.cpuUs)) / 1000,
    jsCpu: jsCpuUs === undefined ? undefined : jsCpuUs / 1000,
  };
}
