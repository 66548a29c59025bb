import { w1 } from './w1-lookup.js';
import { w2 } from './w2-pool.js';
import { w3 } from './w3-wide.js';
import type { Workload } from './workload.js';

export const workloads = { W1: w1, W2: w2, W3: w3 } satisfies Record<string, Workload>;
export type WorkloadName = keyof typeof workloads;
export const workloadNames = Object.keys(workloads) as WorkloadName[];
