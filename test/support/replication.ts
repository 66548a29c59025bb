import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { startServer, type EmbeddedServer, type ServerOptions } from '../../scripts/embedded-server.js';

/** A server that takes writes and one that follows it by streaming replication, and that can be read. */
export interface ReplicationPair {
  readonly primary: EmbeddedServer;
  readonly standby: EmbeddedServer;
  /**
   * Makes the standby the primary: the two change places here. What was the primary is left as it is; if it runs, it
   * goes on taking writes. For a crash, end it before (`primary.down('immediate')`), for a planned change `down()`.
   */
  promote(): Promise<void>;
  /** After `promote`: makes the former primary a standby, from a new copy of the data, whether or not it runs. */
  demote(): Promise<void>;
  /** Has the primary refuse writes in sessions that do not ask for them, as some failover managers do. */
  readOnly(on: boolean): void;
  /** Waits until the standby shows everything that the primary has committed. */
  replayed(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts two servers. Commits do not wait for the standby; with
 * `primary.configure({ synchronous_standby_names: '*' })` they do.
 */
export async function startReplicationPair(
  options: Pick<ServerOptions, 'version' | 'settings'> = {},
): Promise<ReplicationPair> {
  const primary = await startServer({
    version: options.version ?? 12,
    settings: { ...replicationSettings(options.version ?? 12), ...options.settings },
    hba: HBA,
  });
  try {
    const standby = await startServer({
      version: primary.version,
      // The copy's postgresql.conf has the primary's settings; these come after them.
      settings: { ...options.settings, ...followSettings(primary) },
      hba: HBA,
      fill: (dataDirectory) => copyData(primary, dataDirectory),
    });
    const pair = new Pair(primary, standby);
    try {
      await pair.streams();
    } catch (error) {
      await standby.stop('immediate');
      throw error;
    }
    return pair;
  } catch (error) {
    await primary.stop('immediate');
    throw error;
  }
}

export const HBA = [
  'local all all trust',
  'host all all 127.0.0.1/32 trust',
  'host replication all 127.0.0.1/32 trust',
];

/** So much of the past that a standby that was away for a while finds what it needs. */
export const replicationSettings = (version: number): Record<string, string> =>
  version < 13 ? { wal_keep_segments: '16' } : { wal_keep_size: '256MB' };

export const followSettings = ({ host, port, user }: EmbeddedServer): Record<string, string> => ({
  primary_conninfo: `host=${host} port=${port} user=${user}`,
  wal_retrieve_retry_interval: '100ms',
});

class Pair implements ReplicationPair {
  constructor(
    public primary: EmbeddedServer,
    public standby: EmbeddedServer,
  ) {}

  async promote(): Promise<void> {
    await this.standby.promote();
    [this.primary, this.standby] = [this.standby, this.primary];
  }

  async demote(): Promise<void> {
    const { primary, standby } = this;
    await standby.down('immediate');
    rmSync(standby.dataDirectory, { recursive: true });
    await copyData(primary, standby.dataDirectory);
    standby.configure({ unix_socket_directories: standby.socketDirectory, ...followSettings(primary) });
    await standby.up();
    await this.streams();
  }

  readOnly(on: boolean): void {
    this.primary.configure({ default_transaction_read_only: on ? 'on' : 'off' });
  }

  async replayed(): Promise<void> {
    const position = await value(this.primary, 'SELECT pg_current_wal_lsn()');
    await until(this.standby, `SELECT pg_last_wal_replay_lsn() >= '${position}'`);
  }

  async streams(): Promise<void> {
    await until(this.primary, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'");
  }

  async stop(): Promise<void> {
    await Promise.all([this.standby.stop(), this.primary.stop()]);
  }
}

/** A base backup by hand, since pg_basebackup is not among the programs at hand. */
export async function copyData(from: EmbeddedServer, dataDirectory: string): Promise<void> {
  const [start, stop] =
    from.version < 15
      ? ["pg_start_backup('copy', true, false)", 'pg_stop_backup(false, false)']
      : ["pg_backup_start('copy', true)", 'pg_backup_stop(false)'];
  const label = await withClient(from, async (client) => {
    await client.query(`SELECT ${start}`);
    await copyDirectory(from.dataDirectory, dataDirectory);
    const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
    return rows[0]?.labelfile ?? '';
  });
  for (const name of ['postmaster.pid', 'postmaster.opts']) rmSync(join(dataDirectory, name));
  const { uid, gid } = statSync(dataDirectory);
  for (const [name, content] of [
    ['backup_label', label],
    ['standby.signal', ''],
  ] as const) {
    writeFileSync(join(dataDirectory, name), content);
    chownSync(join(dataDirectory, name), uid, gid);
  }
}

/** Files may go while they are copied: the log that is written meanwhile tells of it. */
async function copyDirectory(from: string, to: string): Promise<void> {
  const copy = spawn('cp', ['-a', from, to], {
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [complaints] = await Promise.all([text(copy.stderr), once(copy, 'close')]);
  const serious = complaints.split('\n').filter((line) => !/^$|No such file or directory$/.test(line));
  if (serious.length > 0) throw new Error(`${from} could not be copied:\n${serious.join('\n')}`);
}

export async function withClient<T>(server: EmbeddedServer, use: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, database } = server;
  const client = new Client({ host, port, user, database });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The one value that a query gives. */
export function value(server: EmbeddedServer, sql: string): Promise<string> {
  return withClient(server, async (client) => {
    const { rows } = await client.query<[string]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0] ?? '';
  });
}

/** Replication tells nobody how far it is, so it has to be asked. */
export async function until(server: EmbeddedServer, condition: string): Promise<void> {
  const limit = performance.now() + 30_000;
  await withClient(server, async (client) => {
    for (;;) {
      const { rows } = await client.query<[boolean | null]>({ text: condition, rowMode: 'array' });
      if (rows[0]?.[0] === true) return;
      if (performance.now() > limit) throw new Error(`Not so after 30 seconds: ${condition}`);
      await setTimeout(10);
    }
  });
}
