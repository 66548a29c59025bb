import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { KingbaseError, open, type Database } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { until } from '../support/rejections.js';
import { startReplicationPair, type ReplicationPair } from '../support/replication.js';

const WRITERS = 8;

async function execute(server: EmbeddedServer, sql: string): Promise<unknown[]> {
  const { host, port, user, database } = server;
  const client = new Client({ host, port, user, database });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

/** Writes without pause, each writer one row after the other, until told to stop. */
class Writers {
  readonly acknowledged: number[] = [];
  readonly failures: unknown[] = [];
  private next = 0;
  private stopping = false;
  private readonly ended: Promise<unknown>;

  constructor(private readonly db: Database) {
    this.ended = Promise.all(Array.from({ length: WRITERS }, () => this.write()));
  }

  /** Resolves when so many more rows have been acknowledged. */
  progress(rows: number): Promise<void> {
    const goal = this.acknowledged.length + rows;
    return until(`${rows} more rows are written`, () => this.acknowledged.length >= goal);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.ended;
  }

  private async write(): Promise<void> {
    while (!this.stopping) {
      const id = this.next++;
      try {
        await this.db.exec('INSERT INTO written VALUES ($1)', [id]);
        this.acknowledged.push(id);
      } catch (error) {
        this.failures.push(error);
      }
    }
  }
}

// Each test leaves the pair to the next: starting it is what takes the time.
describe('failover', () => {
  let pair: ReplicationPair;
  let db: Database;

  beforeAll(async () => {
    pair = await startReplicationPair();
    await execute(pair.primary, 'CREATE TABLE written (id int4 NOT NULL)');
    pair.primary.configure({ synchronous_standby_names: '*' });
    const [library] = inject('libraries');
    const { user, database } = pair.primary;
    db = open({
      hosts: [pair.primary, pair.standby].map(({ host, port }) => ({ host, port })),
      user,
      database,
      target_session_attrs: 'read-write',
      sslMode: 'disable',
      connectTimeout: 2_000,
      clientLibrary: library?.path,
      pool: { max: WRITERS, acquireTimeout: 15_000, heartbeatInterval: 500, heartbeatTimeout: 500 },
    });
  });

  afterAll(async () => {
    await db.close({ timeout: 1_000 });
    await pair.stop();
  });

  const serverPort = async (): Promise<number | undefined> =>
    (await db.queryRow<{ port: number }>('SELECT inet_server_port() AS port'))?.port;

  it('of a crashed primary under load: the same program goes on at the new one, and nothing is lost', async () => {
    const writers = new Writers(db);
    await writers.progress(100);
    expect(await serverPort()).toBe(pair.primary.port);
    const crashed = pair.primary;
    await crashed.down('immediate');
    await pair.promote();
    // Nobody follows the new primary yet.
    pair.primary.configure({ synchronous_standby_names: '' });
    await writers.progress(100);
    await writers.stop();
    expect(await serverPort()).toBe(pair.primary.port);
    expect(pair.primary).not.toBe(crashed);

    for (const error of writers.failures) {
      expect(error).toBeInstanceOf(KingbaseError);
      expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    }
    expect(writers.failures.length).toBeLessThanOrEqual(WRITERS);
    const rows = await execute(pair.primary, 'SELECT id, count(*)::int4 AS times FROM written GROUP BY id');
    const times = new Map(rows.map((row) => Object.values(row as object) as [number, number]));
    expect(writers.acknowledged.filter((id) => times.get(id) !== 1)).toEqual([]);
    expect([...times.values()].filter((count) => count > 1)).toEqual([]);
  });

  it('leaves a primary that takes no writes any more within one failed statement', async () => {
    await pair.demote();
    const connections = await Promise.all(Array.from({ length: WRITERS }, () => db.connect()));
    await Promise.all(connections.map((connection) => connection.release()));
    const old = pair.primary;
    expect(await serverPort()).toBe(old.port);
    expect(db.stats().idle).toBe(WRITERS);

    pair.readOnly(true);
    await execute(old, 'SELECT pg_reload_conf()');
    await pair.promote();
    // Settings reach a session between two statements.
    await until(
      'the sessions know',
      async () =>
        (await db.queryRow<{ on: string }>(`SELECT current_setting('default_transaction_read_only') AS on`))
          ?.on === 'on',
    );
    const outcomes: string[] = [];
    for (let id = 1_000_000; id < 1_000_000 + 3 * WRITERS; id++) {
      outcomes.push(
        await db.exec('INSERT INTO written VALUES ($1)', [id]).then(
          () => 'written',
          (error: unknown) => (error as KingbaseError).code,
        ),
      );
    }
    expect(outcomes).toEqual(['25006', ...Array.from({ length: 3 * WRITERS - 1 }, () => 'written')]);
    expect(await serverPort()).toBe(pair.primary.port);
    expect(pair.primary).not.toBe(old);
  });
});
