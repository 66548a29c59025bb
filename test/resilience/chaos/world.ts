import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureVersion } from 'node:tls';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../../scripts/embedded-server.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { startReplicationPair, type ReplicationPair } from '../../support/replication.js';
import { becomes } from '../support/process-handles.js';
import { startTlsProxy, type TlsProxy } from '../../support/tls-proxy.js';
import type { Random } from '../support/random.js';
import { LEDGER_TABLE, type Ledger } from './ledger.js';

/** How the load's connections are told apart from ours at the server. */
export const APPLICATION = 'chaos';

/** Two servers, one the standby of the other, each behind a proxy of its own. */
export class World {
  private constructor(
    readonly pair: ReplicationPair,
    private readonly proxies: ReadonlyMap<EmbeddedServer, FaultProxy>,
    private readonly ledger: Ledger,
    readonly random: Random,
    /** Those that end TLS, between the others and the servers. */
    private readonly tlsProxies: readonly TlsProxy[],
  ) {}

  /** @param tls the version in which the load is encrypted; undefined for not at all */
  static async create(ledger: Ledger, random: Random, tls?: SecureVersion): Promise<World> {
    const pair = await startReplicationPair({ settings: { max_connections: '40' } });
    const servers = [pair.primary, pair.standby];
    const tlsProxies: TlsProxy[] = [];
    const proxies = await Promise.all(
      servers.map(async (server) => {
        const tlsProxy = tls && (await startTlsProxy(server, tls));
        if (tlsProxy) tlsProxies.push(tlsProxy);
        return [server, await startFaultProxy(tlsProxy ?? server, random)] as const;
      }),
    );
    const world = new World(pair, new Map(proxies), ledger, random, tlsProxies);
    await world.asAdministrator((client) => client.query(LEDGER_TABLE));
    await world.waitForCommitsToWait();
    return world;
  }

  get encrypted(): boolean {
    return this.tlsProxies.length > 0;
  }

  get servers(): EmbeddedServer[] {
    return [...this.proxies.keys()];
  }

  /** Where the load connects to. */
  get hosts(): { host: string; port: number }[] {
    return this.everyProxy.map(({ host, port }) => ({ host, port }));
  }

  get everyProxy(): FaultProxy[] {
    return [...this.proxies.values()];
  }

  /** The proxy in front of the primary. */
  get proxy(): FaultProxy {
    const proxy = this.proxies.get(this.pair.primary);
    if (proxy === undefined) throw new Error('The primary has no proxy.');
    return proxy;
  }

  /** With a connection that goes past the proxies. */
  async asAdministrator<T>(
    use: (client: Client) => Promise<T>,
    server: EmbeddedServer = this.pair.primary,
  ): Promise<T> {
    const client = await connectTo(server);
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  }

  /** Server processes of the load. */
  async backends(server: EmbeddedServer = this.pair.primary): Promise<number[]> {
    const sql = 'SELECT pid FROM pg_stat_activity WHERE application_name = $1';
    const { rows } = await this.asAdministrator(
      (client) => client.query<{ pid: number }>(sql, [APPLICATION]),
      server,
    );
    return rows.map(({ pid }) => pid);
  }

  /** What there is of connections of the load, in words. */
  async connections(): Promise<string[]> {
    const sql = `SELECT format('process %s at port %s, %s, %s: %s', pid, inet_server_port(), state, wait_event, query) AS text
      FROM pg_stat_activity WHERE application_name = $1`;
    const lists = await Promise.all(
      [...this.proxies].map(async ([server, { counters }]) => {
        const { rows } = await this.asAdministrator(
          (client) => client.query<{ text: string }>(sql, [APPLICATION]),
          server,
        );
        const words = rows.map(({ text }) => text);
        if (counters.open > 0) words.push(`${counters.open} at the proxy in front of port ${server.port}`);
        return words;
      }),
    );
    return lists.flat();
  }

  /** Lets the standby take over, and makes a new standby of what was the primary afterwards. */
  async failOver(): Promise<() => Promise<void>> {
    await this.pair.promote();
    // Nobody follows the new primary yet, and its commits would wait for ever.
    this.pair.primary.configure({ synchronous_standby_names: '' });
    return async () => {
      await this.pair.demote();
      await this.waitForCommitsToWait();
      this.ledger.failedOver();
    };
  }

  /** From now on a commit is acknowledged only when the standby has it, so that a failover loses none. */
  private async waitForCommitsToWait(): Promise<void> {
    this.pair.primary.configure({ synchronous_standby_names: '*' });
    await this.asAdministrator(async (client) => {
      const sql = `SELECT 1 FROM pg_stat_replication
        WHERE sync_state = 'sync' AND current_setting('synchronous_standby_names') = '*'`;
      const waits = await becomes(async () => (await client.query(sql)).rowCount === 1, 20_000);
      if (!waits) throw new Error('The standby does not follow synchronously.');
    });
    // The session above has read the new settings; the process that the commits ask may be a moment behind.
    await sleep(200);
    await this.pair.replayed();
  }

  /** Takes every connection that the server has left; gives what gives them back. */
  async takeAllConnections(): Promise<() => Promise<void>> {
    const taken: Client[] = [];
    try {
      for (;;) taken.push(await connectTo(this.pair.primary));
    } catch (error) {
      if ((error as { code?: string }).code !== '53300') throw error;
    }
    return async () => {
      await Promise.all(taken.map((client) => client.end()));
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.everyProxy.map((proxy) => proxy.stop()));
    await Promise.all(this.tlsProxies.map((proxy) => proxy.close()));
    await this.pair.stop();
  }
}

async function connectTo({ host, port, user, database }: EmbeddedServer): Promise<Client> {
  const client = new Client({ host, port, user, database });
  // The server may go while the client is idle.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
