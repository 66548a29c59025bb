import { ConnectionError } from 'kingbase-native';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../../scripts/embedded-server.js';

export const LEDGER_TABLE = `
  CREATE TABLE ledger (entry int8 NOT NULL, part int4 NOT NULL);
  CREATE INDEX ON ledger (entry)`;

/**
 * What the program was told of a write.
 *
 * - `acknowledged`: it was made; it must be there, once.
 * - `late`: the same, though its cancel had been asked for. A cancel that comes while the server waits for its standby
 *   ends the waiting and not the write, with a warning (PostgreSQL manual, "Synchronous Replication"); so it need not
 *   have survived a failover.
 * - `refused`: it was not made; it must not be there.
 * - `unknown`: nobody knows; it may be there once.
 */
export type Fate = 'acknowledged' | 'late' | 'refused' | 'unknown';

/** One write: a row, or as many as a transaction makes, all or none. */
export interface Entry {
  readonly id: number;
  readonly parts: number;
  fate: Fate | undefined;
  /** `performance.now()` when the program was told. */
  settledAt: number;
}

/** Whether a failed call says that nobody knows whether it was carried out. */
export function saysUnknown(error: unknown): boolean {
  return error instanceof ConnectionError && error.outcome === 'unknown';
}

/** Keeps account of every write, outside of the database, and compares in the end. Nothing in it keeps a row unique. */
export class Ledger {
  private readonly entries: Entry[] = [];
  private lastFailover = -Infinity;

  enter(parts: number): Entry {
    const entry: Entry = { id: this.entries.length + 1, parts, fate: undefined, settledAt: Infinity };
    this.entries.push(entry);
    return entry;
  }

  settle(entry: Entry, fate: Fate): void {
    if (entry.fate === 'acknowledged' || entry.fate === 'late') {
      throw new Error(`Write ${entry.id} has ended twice.`);
    }
    entry.fate = fate;
    entry.settledAt = performance.now();
  }

  /** A primary has been replaced by its standby. */
  failedOver(): void {
    this.lastFailover = performance.now();
  }

  get counts(): Record<Fate | 'unsettled', number> {
    const counts = { acknowledged: 0, late: 0, refused: 0, unknown: 0, unsettled: 0 };
    for (const { fate } of this.entries) counts[fate ?? 'unsettled']++;
    return counts;
  }

  /** Compares with what the server has. */
  async compare(server: EmbeddedServer): Promise<Comparison> {
    const times = await readTimes(server);
    const comparison: Comparison = { lost: [], twice: [], ghosts: [], torn: [], unknownMade: 0 };
    for (const entry of this.entries) {
      const parts = times.get(entry.id) ?? new Map<number, number>();
      const whole = parts.size === entry.parts;
      if (parts.size > 0 && !whole) comparison.torn.push(entry.id);
      if ([...parts.values()].some((count) => count > 1)) comparison.twice.push(entry.id);
      const excused = entry.fate === 'late' && entry.settledAt < this.lastFailover;
      if ((entry.fate === 'acknowledged' || entry.fate === 'late') && !whole && !excused) {
        comparison.lost.push(entry.id);
      }
      if (entry.fate === 'refused' && parts.size > 0) comparison.ghosts.push(entry.id);
      if (entry.fate === 'unknown' && whole) comparison.unknownMade++;
    }
    return comparison;
  }
}

export interface Comparison {
  /** Acknowledged, and not there. */
  readonly lost: number[];
  /** There more than once. */
  readonly twice: number[];
  /** Said not to have been made, and there. */
  readonly ghosts: number[];
  /** Half a transaction. */
  readonly torn: number[];
  /** How many of those of which nobody knew have been made. */
  unknownMade: number;
}

/** How often each part of each entry is there. */
async function readTimes(server: EmbeddedServer): Promise<Map<number, Map<number, number>>> {
  const { host, port, user, database } = server;
  const client = new Client({ host, port, user, database });
  await client.connect();
  try {
    const { rows } = await client.query<{ entry: string; part: number; times: string }>(
      'SELECT entry, part, count(*) AS times FROM ledger GROUP BY entry, part',
    );
    const times = new Map<number, Map<number, number>>();
    for (const row of rows) {
      const id = Number(row.entry);
      const parts = times.get(id) ?? new Map<number, number>();
      times.set(id, parts.set(row.part, Number(row.times)));
    }
    return times;
  } finally {
    await client.end();
  }
}
