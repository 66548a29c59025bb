import { ConnectionError, TimeoutError } from 'kingbase-native';
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
 * - `aborted`: the program itself has given it up, and its reason is all that it gets back; it may be there once, where
 *   the server could not be told in time.
 * - `unknown`: nobody knows, and the error says so; it may be there once.
 */
export type Fate = 'acknowledged' | 'late' | 'refused' | 'aborted' | 'unknown';

/** One write: a row, or as many as a transaction makes, all or none. */
export interface Entry {
  readonly id: number;
  readonly kind: string;
  readonly parts: number;
  fate: Fate | undefined;
  /** `performance.now()` when the program was told. */
  settledAt: number;
  error: string;
}

/** Whether a failed call says that nobody knows whether it was carried out. */
export function saysUnknown(error: unknown): boolean {
  const mayHaveRun = error instanceof ConnectionError || error instanceof TimeoutError;
  return mayHaveRun && error.outcome === 'unknown';
}

/** Keeps account of every write, outside of the database, and compares in the end. Nothing in it keeps a row unique. */
export class Ledger {
  private readonly entries: Entry[] = [];
  private lastFailover = -Infinity;

  enter(kind: string, parts = 1): Entry {
    const id = this.entries.length + 1;
    const entry: Entry = { id, kind, parts, fate: undefined, settledAt: Infinity, error: '' };
    this.entries.push(entry);
    return entry;
  }

  settle(entry: Entry, fate: Fate, error?: unknown): void {
    if (entry.fate === 'acknowledged' || entry.fate === 'late') {
      throw new Error(`Write ${entry.id} has ended twice.`);
    }
    entry.fate = fate;
    entry.settledAt = performance.now();
    // Not the error itself: there are many, and with their stacks they would look like a leak.
    entry.error = error instanceof Error ? `${error.name}: ${error.message}` : '';
  }

  /** A primary has been replaced by its standby. */
  failedOver(): void {
    this.lastFailover = performance.now();
  }

  get counts(): Record<Fate | 'unsettled', number> {
    const counts = { acknowledged: 0, late: 0, refused: 0, aborted: 0, unknown: 0, unsettled: 0 };
    for (const { fate } of this.entries) counts[fate ?? 'unsettled']++;
    return counts;
  }

  /** Compares with what the server has. */
  async compare(server: EmbeddedServer): Promise<Comparison> {
    const times = await readTimes(server);
    const comparison: Comparison = {
      lost: [],
      twice: [],
      ghosts: [],
      torn: [],
      unknownMade: 0,
      abortedMade: 0,
    };
    for (const entry of this.entries) {
      const parts = times.get(entry.id) ?? new Map<number, number>();
      const whole = parts.size === entry.parts;
      if (parts.size > 0 && !whole) comparison.torn.push(describe(entry));
      if ([...parts.values()].some((count) => count > 1)) comparison.twice.push(describe(entry));
      const excused = entry.fate === 'late' && entry.settledAt < this.lastFailover;
      if ((entry.fate === 'acknowledged' || entry.fate === 'late') && !whole && !excused) {
        comparison.lost.push(describe(entry));
      }
      if (entry.fate === 'refused' && parts.size > 0) comparison.ghosts.push(describe(entry));
      if (entry.fate === 'unknown' && whole) comparison.unknownMade++;
      if (entry.fate === 'aborted' && whole) comparison.abortedMade++;
    }
    return comparison;
  }
}

export interface Comparison {
  /** Acknowledged, and not there. */
  readonly lost: string[];
  /** There more than once. */
  readonly twice: string[];
  /** Said not to have been made, and there. */
  readonly ghosts: string[];
  /** Half a transaction. */
  readonly torn: string[];
  /** How many of those of which nobody knew have been made. */
  unknownMade: number;
  /** How many of those that were aborted have been made. */
  abortedMade: number;
}

function describe({ id, kind, fate, error }: Entry): string {
  return `${id}, a ${kind}, ${fate ?? 'unsettled'} ${error}`;
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
