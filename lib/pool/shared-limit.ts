/** What a limit for several pools needs of each of them. */
export interface Sharer {
  /** Since when the first waits; Infinity where nobody does. `performance.now()`. */
  readonly firstSince: number;
  /** Whether it would make a connection for somebody who waits, if there were a place. */
  readonly wantsPlace: boolean;
  /** Whether it has a connection, or makes one. */
  readonly hasPlaces: boolean;
  /** Connections that nobody uses, and since when the oldest of them: Infinity where there is none. */
  readonly idleCount: number;
  readonly idleSince: number;
  /** Closes the connection that nobody has used for the longest time. */
  dropOldest(): void;
  /** Makes one connection for somebody who waits. */
  growByOne(): void;
  keepMinimum(): void;
}

/** ms: by so much the first of another pool must have waited longer for a connection to be closed that has work here. */
const PATIENCE = 100;

/**
 * How many connections several pools may have together. A place is taken for each attempt to connect, and given back when that
 * has failed or the connection is closed. Whoever waits goes before whatever is idle: where no place is free, the oldest
 * idle connection of the others is closed. Where none is idle either, a pool gives up a connection that comes back to
 * it if another pool's first waits for longer than its own: at once where the other has none at all, and else only if
 * that is clear, since each exchange costs a connection.
 */
export class SharedLimit {
  private readonly pools = new Set<Sharer>();
  private taken = 0;
  /** Places are being given away; what is given back meanwhile is for that. */
  private giving = false;

  constructor(readonly max: number) {}

  join(pool: Sharer): void {
    this.pools.add(pool);
  }

  /** Places that the pool could have now. */
  roomFor(pool: Sharer): number {
    let room = this.max - this.taken;
    for (const other of this.pools) if (other !== pool) room += other.idleCount;
    return room;
  }

  /** Takes a place; false where there is none. `waitedFor`: somebody waits for the connection, so that room is made for it. */
  take(pool: Sharer, waitedFor: boolean): boolean {
    if (!waitedFor && this.giving) return false;
    if (this.taken >= this.max && !(waitedFor && this.makeRoom(pool))) return false;
    this.taken++;
    return true;
  }

  giveBack(): void {
    this.taken--;
    if (this.giving) return;
    this.giving = true;
    for (let next = this.next(); next !== undefined && this.taken < this.max; next = this.next()) {
      const before = this.taken;
      next.growByOne();
      if (this.taken === before) break;
    }
    this.giving = false;
    if (this.taken < this.max) for (const pool of this.pools) pool.keepMinimum();
  }

  /** Whether the pool is to close a connection that has come back to it, for another's sake. */
  isDue(pool: Sharer): boolean {
    if (this.taken < this.max) return false;
    const next = this.next(pool);
    if (next === undefined) return false;
    return next.firstSince + (next.hasPlaces ? PATIENCE : 0) < pool.firstSince;
  }

  /** Whose first has waited for the longest time, of those who want a place. */
  private next(except?: Sharer): Sharer | undefined {
    let next: Sharer | undefined;
    for (const pool of this.pools) {
      if (pool === except || !pool.wantsPlace) continue;
      if (next === undefined || pool.firstSince < next.firstSince) next = pool;
    }
    return next;
  }

  private makeRoom(pool: Sharer): boolean {
    let oldest: Sharer | undefined;
    for (const other of this.pools) {
      if (other === pool || other.idleCount === 0) continue;
      if (oldest === undefined || other.idleSince < oldest.idleSince) oldest = other;
    }
    if (oldest === undefined) return false;
    const { giving } = this;
    this.giving = true;
    oldest.dropOldest();
    this.giving = giving;
    return this.taken < this.max;
  }
}
