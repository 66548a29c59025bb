/** The counters of a pool: those of Go's `sql.DBStats`, durations in ms, and three of our own at the end. */
export interface PoolStats {
  readonly maxOpenConnections: number;
  readonly openConnections: number;
  readonly inUse: number;
  readonly idle: number;
  readonly waitCount: number;
  readonly waitDuration: number;
  readonly maxIdleClosed: number;
  readonly maxIdleTimeClosed: number;
  readonly maxLifetimeClosed: number;
  readonly connecting: number;
  readonly reconnects: number;
  readonly heartbeatFailures: number;
}

/** The counters of several pools together, which may have no more than `most` connections. */
export function sumOf(all: readonly PoolStats[], most = Infinity): PoolStats {
  const [first, ...others] = all;
  if (first === undefined) throw new Error('there is no pool');
  const sum: Record<string, number> = { ...first };
  for (const stats of others) {
    for (const [name, count] of Object.entries(stats)) sum[name] = (sum[name] ?? 0) + (count as number);
  }
  const total = sum as unknown as PoolStats;
  return { ...total, maxOpenConnections: Math.min(total.maxOpenConnections, most) };
}

/** What a pool counts from its beginning on; the other numbers of {@link PoolStats} are those of now. */
export class Counters {
  maxIdleClosed = 0;
  maxIdleTimeClosed = 0;
  maxLifetimeClosed = 0;
  reconnects = 0;
  heartbeatFailures = 0;
  /** Sessions lost and not yet replaced. */
  private lost = 0;

  sessionLost(): void {
    this.lost++;
  }

  sessionOpened(): void {
    if (this.lost === 0) return;
    this.lost--;
    this.reconnects++;
  }
}
