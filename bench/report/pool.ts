/** What `pool-overhead.ts` prints. */
export interface PoolOverhead {
  /** µs; what an acquire and a release may cost. */
  limit: number;
  measured: { what: string; us: number; limited: boolean }[];
  /** Other pools, for comparison. */
  compared: { what: string; us: number }[];
}
