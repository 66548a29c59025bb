import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, type EmbeddedServer, type ServerOptions } from '../../scripts/embedded-server.js';
import {
  copyData,
  followSettings,
  HBA,
  replicationSettings,
  until,
  value,
  withClient,
} from './replication.js';

/** A server that takes writes, and others that follow it by streaming replication. */
export interface TestCluster {
  /** The servers in the order of their making; the first is the primary at the beginning. */
  readonly servers: readonly EmbeddedServer[];
  /** Stops a standby from showing what it receives, until `resume`. */
  pause(standby: EmbeddedServer): Promise<void>;
  resume(standby: EmbeddedServer): Promise<void>;
  /** Has a standby follow another server; what it has beyond that one's history keeps it from doing so. */
  follow(standby: EmbeddedServer, primary: EmbeddedServer): Promise<void>;
  /** Starts a server that is down as a standby, of what has become the primary after it went down in order. */
  rejoin(server: EmbeddedServer, primary: EmbeddedServer): Promise<void>;
  /** Waits until the standbys show everything that the primary has committed. */
  replayed(primary: EmbeddedServer, standbys: readonly EmbeddedServer[]): Promise<void>;
  /** Runs SQL on a server, past everything that is tested. Gives the first value. */
  on(server: EmbeddedServer, sql: string): Promise<string>;
  stop(): Promise<void>;
}

const MANY_SEGMENTS = { wal_keep_segments: '32' };

/** Starts a primary and `standbys` servers that follow it. Commits do not wait for them, unless `settings` say so. */
export async function startTestCluster(
  standbys = 2,
  settings: ServerOptions['settings'] = {},
): Promise<TestCluster> {
  const servers: EmbeddedServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop('immediate')));
  };
  try {
    const primary = await startServer({
      settings: { ...replicationSettings(12), ...MANY_SEGMENTS, ...settings },
      hba: HBA,
    });
    servers.push(primary);
    const followers = await Promise.allSettled(
      Array.from({ length: standbys }, () =>
        startServer({
          // The copy's postgresql.conf has the primary's settings; these come after them.
          settings: { ...settings, ...followSettings(primary), recovery_target_timeline: 'latest' },
          hba: HBA,
          fill: (dataDirectory) => copyData(primary, dataDirectory),
        }),
      ),
    );
    for (const each of followers) if (each.status === 'fulfilled') servers.push(each.value);
    const failed = followers.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await until(primary, `SELECT count(*) = ${standbys} FROM pg_stat_replication WHERE state = 'streaming'`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    servers,
    stop,
    on: value,
    pause: async (standby) => {
      await value(standby, "SELECT pg_wal_replay_pause()::text || ''");
      await until(standby, 'SELECT pg_is_wal_replay_paused()');
    },
    resume: (standby) =>
      withClient(standby, async (client) => {
        await client.query('SELECT pg_wal_replay_resume()');
      }),
    follow: async (standby, primary) => {
      standby.configure(followSettings(primary));
      await standby.restart('fast');
    },
    rejoin: async (server, primary) => {
      const signal = join(server.dataDirectory, 'standby.signal');
      writeFileSync(signal, '');
      const { uid, gid } = statSync(server.dataDirectory);
      chownSync(signal, uid, gid);
      server.configure({ ...followSettings(primary), recovery_target_timeline: 'latest' });
      await server.up();
    },
    replayed: async (primary, others) => {
      const position = await value(primary, 'SELECT pg_current_wal_insert_lsn()');
      await Promise.all(
        others.map((each) => until(each, `SELECT pg_last_wal_replay_lsn() >= '${position}'`)),
      );
    },
  };
}
