import type { Database } from 'kingbase-native';

/** How the pool stood at a moment. */
export interface Sample {
  /** ms since the beginning. */
  at: number;
  open: number;
  inUse: number;
  waiting: number;
}

export interface Life {
  samples: Sample[];
  /** ms since the beginning: connections made and closed, with why. */
  events: { at: number; kind: 'connect' | 'disconnect'; reason: string }[];
  /** ms: from the first failure to connect to the next connection. */
  outages: { from: number; to: number | undefined }[];
}

/** Writes down what a pool tells of itself. Calls that wait are seen by those that got no connection at once. */
export class PoolRecorder {
  readonly life: Life = { samples: [], events: [], outages: [] };
  private readonly start = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly db: Database,
    private readonly waiting: () => number,
  ) {
    const connect = (): void => {
      const outage = this.life.outages.at(-1);
      if (outage !== undefined) outage.to ??= this.now();
      this.note('connect', 'made');
    };
    const disconnect = ({ reason }: { reason: string }): void => this.note('disconnect', reason);
    const unreachable = (): void => {
      const outage = this.life.outages.at(-1);
      if (outage === undefined || outage.to !== undefined)
        this.life.outages.push({ from: this.now(), to: undefined });
      this.sample();
    };
    db.on('connect', connect);
    db.on('disconnect', disconnect);
    db.on('unreachable', unreachable);
    this.undo.push(() => {
      db.off('connect', connect);
      db.off('disconnect', disconnect);
      db.off('unreachable', unreachable);
    });
    this.timer = setInterval(() => this.sample(), 20);
    this.sample();
  }

  stop(): Life {
    clearInterval(this.timer);
    this.sample();
    for (const each of this.undo) each();
    return this.life;
  }

  private now(): number {
    return performance.now() - this.start;
  }

  private note(kind: 'connect' | 'disconnect', reason: string): void {
    this.life.events.push({ at: this.now(), kind, reason });
    this.sample();
  }

  private sample(): void {
    const { openConnections: open, inUse } = this.db.stats();
    this.life.samples.push({ at: this.now(), open, inUse, waiting: this.waiting() });
  }
}
