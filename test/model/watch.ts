/** ms that a call may take beyond its limit: what the driver itself may take to give up, and a busy machine. */
export const GRACE = 3_000;
/** ms after which even a call without a limit counts as one that never ends; nothing here takes so long. */
const FOR_EVER = 20_000;

interface Pending {
  readonly what: string;
  readonly since: number;
  readonly limit: number | undefined;
}

/** Sees that every promise is settled in time. */
export class Watch {
  private readonly pending = new Set<Pending>();
  private readonly late = new Set<Pending>();

  /** @param limit ms after which the driver has to give up by itself; undefined: none, the caller gave none */
  async see<T>(what: string, limit: number | undefined, promise: Promise<T>): Promise<T> {
    const entry: Pending = { what, limit, since: performance.now() };
    this.pending.add(entry);
    try {
      return await promise;
    } finally {
      this.pending.delete(entry);
    }
  }

  /** Whether something is going on, and all of it may go on for as long as a connection is half-open, for `ms` now. */
  waitsWithoutLimit(ms: number): boolean {
    const now = performance.now();
    return (
      this.pending.size > 0 &&
      [...this.pending].every(({ limit, since }) => limit === undefined && now - since > ms)
    );
  }

  /** What is too late, each once. */
  newlyLate(): string[] {
    const now = performance.now();
    const late: string[] = [];
    for (const entry of this.pending) {
      const allowed = entry.limit === undefined ? FOR_EVER : entry.limit + GRACE;
      if (now - entry.since <= allowed || this.late.has(entry)) continue;
      this.late.add(entry);
      late.push(
        `${entry.what} has not ended, ${Math.round(now - entry.since)} ms after it began; its limit is ${entry.limit ?? 'none'}.`,
      );
    }
    return late;
  }
}
