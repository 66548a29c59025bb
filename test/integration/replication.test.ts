import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { startReplicationPair, type ReplicationPair } from '../support/replication.js';
import { targets } from '../support/targets.js';

async function withClient<T>(server: EmbeddedServer, use: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, database } = server;
  const client = new Client({ host, port, user, database });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const column = (server: EmbeddedServer, sql: string): Promise<unknown[]> =>
  withClient(server, async (client) => {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows.map(([value]) => value);
  });

const execute = (server: EmbeddedServer, sql: string): Promise<unknown> =>
  withClient(server, (client) => client.query(sql));

// Each test leaves the pair to the next: starting it is what takes the time.
describe('a replication pair', () => {
  let pair: ReplicationPair;
  beforeAll(async () => {
    pair = await startReplicationPair();
    await execute(pair.primary, 'CREATE TABLE t (id int4 PRIMARY KEY)');
  });
  afterAll(() => pair.stop());

  it('shows on the standby what the primary has committed', async () => {
    await execute(pair.primary, 'INSERT INTO t VALUES (1)');
    await pair.replayed();
    expect(await column(pair.standby, 'SELECT id FROM t')).toEqual([1]);
    expect(await column(pair.primary, 'SELECT pg_is_in_recovery()')).toEqual([false]);
    expect(await column(pair.standby, 'SELECT pg_is_in_recovery()')).toEqual([true]);
    await expect(execute(pair.standby, 'INSERT INTO t VALUES (2)')).rejects.toMatchObject({ code: '25006' });
  });

  it('refuses writes on a read-only primary until it is none', async () => {
    pair.readOnly(true);
    await expect(execute(pair.primary, 'INSERT INTO t VALUES (2)')).rejects.toMatchObject({ code: '25006' });
    pair.readOnly(false);
    await execute(pair.primary, 'INSERT INTO t VALUES (2)');
  });

  it('loses nothing that a synchronous commit has confirmed when the primary crashes', async () => {
    const { primary, standby } = pair;
    primary.configure({ synchronous_standby_names: '*' });
    await execute(primary, 'INSERT INTO t VALUES (3)');
    await primary.down('immediate');
    await pair.promote();
    expect(pair.primary).toBe(standby);
    expect(pair.standby).toBe(primary);
    expect(await column(pair.primary, 'SELECT id FROM t ORDER BY id')).toEqual([1, 2, 3]);
    await execute(pair.primary, 'INSERT INTO t VALUES (4)');
  });

  it('takes the former primary back as a standby', async () => {
    await pair.demote();
    await execute(pair.primary, 'INSERT INTO t VALUES (5)');
    await pair.replayed();
    expect(await column(pair.standby, 'SELECT id FROM t ORDER BY id')).toEqual([1, 2, 3, 4, 5]);
    await expect(execute(pair.standby, 'INSERT INTO t VALUES (6)')).rejects.toMatchObject({ code: '25006' });
  });

  it('throws away what a former primary has written that nobody followed', async () => {
    await pair.promote();
    // Both take writes now.
    await execute(pair.standby, 'INSERT INTO t VALUES (100)');
    await execute(pair.primary, 'INSERT INTO t VALUES (6)');
    await pair.demote();
    await pair.replayed();
    expect(await column(pair.standby, 'SELECT id FROM t ORDER BY id')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('goes on after the standby was away', async () => {
    await pair.standby.down();
    await execute(pair.primary, 'INSERT INTO t VALUES (7)');
    await pair.standby.up();
    await pair.replayed();
    expect(await column(pair.standby, 'SELECT max(id) FROM t')).toEqual([7]);
  });

  it('lets clients find the server that takes writes, before and after they change places', async () => {
    const clients = targets().filter(({ transport }) => transport === 'TCP');
    const serving = (): Promise<unknown[]> =>
      Promise.all(
        clients.map(async ({ config }) => {
          const hosts = [pair.standby, pair.primary].map(({ host, port }) => ({ host, port }));
          await using db = open({
            ...config,
            host: undefined,
            port: undefined,
            hosts,
            target_session_attrs: 'read-write',
          });
          return await db.queryRow('SELECT inet_server_port() AS port');
        }),
      );
    expect(await serving()).toEqual(clients.map(() => ({ port: pair.primary.port })));
    const former = pair.primary;
    await former.down();
    await pair.promote();
    await pair.demote();
    expect(pair.standby).toBe(former);
    expect(await serving()).toEqual(clients.map(() => ({ port: pair.primary.port })));
  });
});

it('makes a pair of a current PostgreSQL, too', async () => {
  const pair = await startReplicationPair({ version: 18 });
  try {
    await execute(pair.primary, 'CREATE TABLE t AS SELECT 1 AS id');
    await pair.replayed();
    expect(await column(pair.standby, 'SELECT id FROM t')).toEqual([1]);
  } finally {
    await pair.stop();
  }
}, 120_000);
