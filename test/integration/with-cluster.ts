import { inject } from 'vitest';
import { open, type ClusterOptions, type Database } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { startTestCluster, type TestCluster } from '../support/cluster.js';
import { targets } from '../support/targets.js';

/** The port of the server that serves the query. */
export const PORT = 'SELECT inet_server_port() AS port';
/** What `write` has written last, and which server says so. */
export const VALUE = 'SELECT n, inet_server_port() AS port FROM t WHERE id = 1';
export interface Value {
  n: number;
  port: number;
}

/** A primary and two standbys with the tables t, of one row, and u and the sequence s. */
export interface World {
  readonly cluster: TestCluster;
  readonly primary: EmbeddedServer;
  readonly standbys: EmbeddedServer[];
  readonly openCluster: (options?: ClusterOptions, config?: object) => Database;
}

/** @param library its path */
export async function startWorld(library: string): Promise<World> {
  const cluster = await startTestCluster(2, { max_standby_streaming_delay: '0' });
  const [primary, ...standbys] = cluster.servers;
  if (primary === undefined) throw new Error('there is no server');
  await cluster.on(primary, 'CREATE TABLE t (id int4 PRIMARY KEY, n int4)');
  await cluster.on(primary, 'CREATE TABLE u (id int4)');
  await cluster.on(primary, 'CREATE SEQUENCE s');
  await cluster.on(primary, 'INSERT INTO t VALUES (1, 0)');
  await cluster.replayed(primary, standbys);
  const [target] = targets();
  if (target === undefined) throw new Error('there is no library');
  const { user, database } = target.config;
  return {
    cluster,
    primary,
    standbys,
    openCluster: (options = {}, config = {}) =>
      open({
        user,
        database,
        clientLibrary: library,
        hosts: cluster.servers.map(({ host, port }) => ({ host, port })),
        cluster: options,
        ...config,
      }),
  };
}

/** The libraries that the clusters are used with. */
export const libraries = (): { name: string; path: string }[] => inject('libraries');

export async function portsOf(
  count: number,
  run: () => Promise<{ port: number } | undefined>,
): Promise<Set<number>> {
  return new Set((await Promise.all(Array.from({ length: count }, run))).map((row) => row?.port ?? 0));
}

export const write = (db: Database, n: number): Promise<unknown> =>
  db.exec('UPDATE t SET n = $1 WHERE id = 1', [n]);
