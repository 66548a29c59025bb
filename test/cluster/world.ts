import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { open, type ClusterOptions, type Database } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { between, pick, type Random } from '../resilience/support/random.js';
import { startTestCluster, type TestCluster } from '../support/cluster.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { copyData } from '../support/replication.js';
import { TABLE } from './workload.js';

interface Member {
  readonly server: EmbeddedServer;
  /** Before the server: clients know only this. */
  readonly proxy: FaultProxy;
}

export const FAULTS = ['pause', 'restart', 'crash', 'reset', 'partition', 'switchover', 'failover'] as const;
export type Fault = (typeof FAULTS)[number];

/** A cluster whose commits wait for one of two standbys, and what can happen to it. */
export class World {
  private primary: Member;
  /** When a standby was last made the primary. `performance.now()`. */
  promotedAt = 0;

  private constructor(
    private readonly cluster: TestCluster,
    private readonly members: readonly Member[],
    private readonly random: Random,
  ) {
    this.primary = this.member(0);
  }

  static async start(random: Random): Promise<World> {
    const cluster = await startTestCluster();
    const members = await Promise.all(
      cluster.servers.map(async (server) => ({ server, proxy: await startFaultProxy(server, random) })),
    );
    const world = new World(cluster, members, random);
    await cluster.on(world.primary.server, TABLE);
    for (const { server } of members) server.configure({ synchronous_standby_names: 'ANY 1 (*)' });
    return world;
  }

  /** Ends some connections of clients, by chance. Gives how many. */
  cut(most: number, where: 'primary' | 'anywhere' = 'anywhere'): number {
    const member = where === 'primary' ? this.primary : pick(this.random, this.members);
    return member.proxy.cut('rst', between(this.random, 1, most));
  }

  open(clientLibrary: string, options: ClusterOptions, max = 6): Database {
    const { user, database } = this.primary.server;
    return open({
      user,
      database,
      clientLibrary,
      hosts: this.members.map(({ proxy: { host, port } }) => ({ host, port })),
      connectTimeout: 2_000,
      pool: { max, heartbeatTimeout: 500, acquireTimeout: 4_000 },
      cluster: options,
    });
  }

  private member(index: number): Member {
    const member = this.members[index];
    if (member === undefined) throw new Error('there is no such server');
    return member;
  }

  private get standbys(): Member[] {
    return this.members.filter((member) => member !== this.primary);
  }

  /** Lets it happen, and waits until it is over. */
  async happen(fault: Fault): Promise<void> {
    const standby = pick(this.random, this.standbys);
    switch (fault) {
      case 'pause':
        await this.cluster.pause(standby.server);
        await sleep(between(this.random, 200, 1_500));
        await this.cluster.resume(standby.server);
        break;
      case 'restart':
        await standby.server.restart('fast');
        break;
      case 'crash':
        await standby.server.restart('immediate');
        break;
      case 'reset':
        this.cut(6);
        break;
      case 'partition': {
        const { proxy } = pick(this.random, this.members);
        proxy.blackHole(true);
        await sleep(between(this.random, 300, 1_500));
        proxy.blackHole(false);
        break;
      }
      case 'switchover':
        await this.switchOver();
        break;
      case 'failover':
        await this.failOver(this.random() < 0.5);
    }
  }

  /** All standbys stop showing what is written from now on. */
  async pauseAll(): Promise<void> {
    await Promise.all(this.standbys.map(({ server }) => this.cluster.pause(server)));
  }

  async resumeAll(): Promise<void> {
    await Promise.all(this.standbys.map(({ server }) => this.cluster.resume(server)));
  }

  /** The primary goes down in order, the standby that has most takes its place, and the former follows that. */
  async switchOver(): Promise<void> {
    const former = this.primary;
    await former.server.down('fast');
    const next = await this.promote();
    await this.cluster.rejoin(former.server, next.server);
  }

  /** The primary is cut off or crashes; another takes over; the former comes back for a moment as it was. */
  async failOver(cutOff: boolean): Promise<void> {
    const former = this.primary;
    if (cutOff) former.proxy.blackHole(true);
    else await former.server.down('immediate');
    const next = await this.promote();
    // What nobody has confirmed to a client is not waited for; it finds none who would confirm it.
    if (!cutOff) await former.server.up();
    former.proxy.blackHole(false);
    await sleep(300);
    await former.server.down('immediate');
    // Not in one go, for which this process would stand still, and with it the clients that are watched.
    await rm(former.server.dataDirectory, { recursive: true });
    await copyData(next.server, former.server.dataDirectory);
    former.server.configure({ unix_socket_directories: former.server.socketDirectory });
    await this.cluster.rejoin(former.server, next.server);
  }

  /** Makes the standby that has received most the primary, which the other then follows. */
  private async promote(): Promise<Member> {
    const received = await Promise.all(
      this.standbys.map(async (member) => ({
        member,
        place: Number(
          await this.cluster.on(
            member.server,
            "SELECT pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')",
          ),
        ),
      })),
    );
    received.sort((a, b) => b.place - a.place);
    const [first, ...others] = received.map(({ member }) => member);
    if (first === undefined) throw new Error('there is no standby');
    await first.server.promote();
    this.promotedAt = performance.now();
    this.primary = first;
    for (const other of others) await this.cluster.follow(other.server, first.server);
    return first;
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ proxy }) => proxy.stop()));
    await this.cluster.stop();
  }
}
