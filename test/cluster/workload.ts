import { setTimeout as sleep } from 'node:timers/promises';
import { KingbaseError, type Database, type ReadOnly } from 'kingbase-native';
import { pick, type Random } from '../resilience/support/random.js';
import type { Event } from './history.js';

export const TABLE =
  "CREATE TABLE entry (key int4 PRIMARY KEY, version int4, items text[] NOT NULL DEFAULT '{}')";

/** How many keys are in use at a time, and ms for how long: so that lists stay short. */
const KEYS = 6;
const KEY_AGE = 1_500;
/** ms that a call may take. */
const LIMIT = 5_000;

interface Entry {
  version: number;
  items: string[];
}

/** Clients that write and read until they are stopped, and what they have seen. */
export class Workload {
  readonly events: Event[] = [];
  /** How many calls failed, by code. */
  readonly failures = new Map<string, number>();
  private readonly begun = performance.now();
  private stopping = false;
  private readonly running: Promise<unknown>;
  private items = 0;

  /**
   * @param programs each a database of its own
   * @param levels what reads are to show: one of these each
   */
  constructor(
    programs: readonly Database[],
    clients: number,
    private readonly levels: readonly Event['level'][],
    private readonly random: Random,
  ) {
    this.running = Promise.all(
      programs.flatMap((db, program) =>
        Array.from({ length: clients }, (_each, client) => this.client(db, program, client)),
      ),
    );
  }

  private async client(db: Database, program: number, client: number): Promise<void> {
    const session = db.readOnly.session();
    while (!this.stopping) {
      const age = Math.floor((performance.now() - this.begun) / KEY_AGE);
      const key = age * KEYS + Math.floor(this.random() * KEYS);
      const start = performance.now();
      const level = pick(this.random, this.levels);
      try {
        const done =
          this.random() < 0.3 ? await this.write(db, key) : await this.read(db, session, level, key);
        const end = performance.now();
        this.events.push({ ...done, program, client, key, start, end, level });
      } catch (error) {
        this.noteFailure(error);
        await sleep(5);
      }
    }
  }

  private async write(db: Database, key: number): Promise<Pick<Event, 'kind' | 'version' | 'items'>> {
    const item = `i${++this.items}`;
    const row = await db.queryRow<{ version: number }>(
      `INSERT INTO entry VALUES ($1, 1, ARRAY[$2]) ON CONFLICT (key)
       DO UPDATE SET version = entry.version + 1, items = entry.items || $2::text RETURNING version`,
      [key, item],
      { timeout: LIMIT },
    );
    return { kind: 'write', version: row?.version ?? 0, items: [item] };
  }

  private async read(
    db: Database,
    session: ReadOnly,
    level: Event['level'],
    key: number,
  ): Promise<Pick<Event, 'kind' | 'version' | 'items'>> {
    const view = level === 'causal' ? session : db.readOnly;
    const row = await view.queryRow<Entry>('SELECT version, items FROM entry WHERE key = $1', [key], {
      timeout: LIMIT,
      consistency: level,
    });
    return { kind: 'read', version: row?.version ?? 0, items: row?.items ?? [] };
  }

  private noteFailure(error: unknown): void {
    const code = error instanceof KingbaseError ? error.code : String(error);
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }
}

/** All entries, as a server shows them. */
export async function entriesOf(db: Database): Promise<Map<number, Entry>> {
  const { rows } = await db.query<Entry & { key: number }>('SELECT key, version, items FROM entry');
  return new Map(rows.map(({ key, version, items }) => [key, { version, items }]));
}
