import { copyIn, copyOut } from './copy.js';
import { w1 } from './w1-lookup.js';
import { w2 } from './w2-pool.js';
import { w3 } from './w3-wide.js';
import { w4Ascii, w4Chinese } from './w4-text.js';
import { w5 } from './w5-insert.js';
import { w6Scram, w6Trust } from './w6-connect.js';
import { w7 } from './w7-stream.js';
import type { Workload } from './workload.js';

export const workloads = {
  W1: w1,
  W2: w2,
  W3: w3,
  'W4-ascii': w4Ascii,
  'W4-chinese': w4Chinese,
  W5: w5,
  'COPY-in': copyIn,
  'COPY-out': copyOut,
  'W6-trust': w6Trust,
  'W6-scram': w6Scram,
  W7: w7,
} satisfies Record<string, Workload>;
export type WorkloadName = keyof typeof workloads;
export const workloadNames = Object.keys(workloads) as WorkloadName[];
