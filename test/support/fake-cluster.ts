import { Cluster, type ClusterHost } from '../../lib/cluster/cluster.js';
import { nothing } from '../../lib/base/nothing.js';
import { parseConfig, type ClusterOptions, type PoolOptions } from '../../lib/config/index.js';
import { Script, type ScriptResult } from '../../lib/driver/operations/script.js';
import type { Session } from '../../lib/driver/session.js';
import { SessionPool } from '../../lib/pool/session-pool.js';
import { FakeServer, poolOptions } from './fake-sessions.js';

/** One server of a fake cluster: what it says of itself, and the connections that were made to it. */
export class FakeMember extends FakeServer {
  standby = true;
  timeline = 1;
  place = '0/5000';
  /** How often a connection was asked for that is not only to ask the server what it is. */
  pooled = 0;
  /** What such connections are refused with. */
  refusesPooled: Error | undefined;

  constructor(readonly host: string) {
    super({}, host);
    this.rows = (sql) =>
      sql.includes('pg_is_in_recovery')
        ? [[this.standby, this.place, this.timeline.toString(this.standby ? 10 : 16), '8192']]
        : undefined;
  }

  /** What was asked of it that is no question about itself. */
  get calls(): string[] {
    return this.commands.filter((sql) => !sql.includes('pg_is_in_recovery'));
  }
}

/** A cluster on fake servers, of which the first is the primary. */
export interface FakeCluster {
  readonly cluster: Cluster;
  readonly members: readonly FakeMember[];
  /** Why connections of the pools were closed. */
  readonly closed: string[];
  /** Which standbys have fallen behind, or have caught up. */
  readonly lags: string[];
  readonly write: (sql: string) => Promise<ScriptResult[]>;
  readonly read: (sql: string) => Promise<ScriptResult[]>;
}

export function fakeCluster(
  names: string,
  options: ClusterOptions = {},
  pool: PoolOptions = {},
): FakeCluster {
  const config = parseConfig({ host: names, cluster: options }, {}, {}, () => 'x');
  if (config.cluster === undefined) throw new Error('there are no options');
  const members = config.hosts.map(({ host }) => new FakeMember(host));
  const [primary] = members;
  if (primary === undefined) throw new Error('there is no server');
  primary.standby = false;
  const closed: string[] = [];
  const lags: string[] = [];
  const host: ClusterHost = {
    connect: (address, events, watching, signal): Promise<Session> => {
      const member = members.find((each) => each.host === address.host);
      if (member === undefined) throw new Error('there is no such server');
      if (!watching) {
        member.pooled++;
        if (member.refusesPooled !== undefined) return Promise.reject(member.refusesPooled);
      }
      return member.open(signal, events);
    },
    pool: (open, events, writable, role) =>
      new SessionPool(
        poolOptions(pool),
        writable,
        open,
        {
          opened: nothing,
          unreachable: nothing,
          leftOpen: nothing,
          ...events,
          closed: (session, reason, error) => {
            closed.push(`${session.address}: ${reason}`);
            events.closed?.(session, reason, error);
          },
        },
        role,
      ),
    patience: () => 1_000,
    primaryChanged: nothing,
    standbyChanged: nothing,
    lagChanged: ({ name, behind }) => lags.push(`${name} ${behind ? 'is behind' : 'has caught up'}`),
  };
  const cluster = new Cluster(config.hosts, config.cluster, host);
  const reads = cluster.readRunner(cluster.terms);
  const on =
    (runner: { run(operation: Script): void }) =>
    (sql: string): Promise<ScriptResult[]> =>
      new Promise((resolve, reject) => {
        runner.run(new Script(sql, resolve, reject));
      });
  return { cluster, members, closed, lags, write: on(cluster.writer), read: on(reads) };
}
