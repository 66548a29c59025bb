import { copyIn, copyOut } from './copy.js';
import { w1 } from './w1-lookup.js';
import { w2 } from './w2-pool.js';
import { w3 } from './w3-wide.js';
import { w4Ascii, w4Chinese } from './w4-text.js';
import { w5 } from './w5-insert.js';
import { w6Scram, w6Trust } from './w6-connect.js';
import { w7 } from './w7-stream.js';
import { w8 } from './w8-limits.js';
import { w9 } from './w9-transaction.js';
import { w10 } from './w10-service.js';
import { w11Lookup, w11Pool, w11Wide } from './w11-tls.js';
import { w12 } from './w12-many.js';
import { w13 } from './w13-mixed.js';
import { w14 } from './w14-tracing.js';
import { w15Insert, w15Select } from './w15-builders.js';
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
  W8: w8,
  W9: w9,
  W10: w10,
  'W11-lookup': w11Lookup,
  'W11-pool': w11Pool,
  'W11-wide': w11Wide,
  W12: w12,
  W13: w13,
  W14: w14,
  'W15-select': w15Select,
  'W15-insert': w15Insert,
} satisfies Record<string, Workload>;
export type WorkloadName = keyof typeof workloads;
export const workloadNames = Object.keys(workloads) as WorkloadName[];
