import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import type { TestCluster } from '../support/cluster.js';
import { commandLine } from '../support/command-line.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { targets } from '../support/targets.js';
import { libraries, startWorld, type World, PORT, portsOf, write } from './with-cluster.js';

let cluster: TestCluster;
let primary: EmbeddedServer;
let standbys: EmbeddedServer[];
let openCluster: World['openCluster'];

describe.each(libraries())('a cluster, with $name', ({ path }) => {
  beforeAll(async () => {
    ({ cluster, primary, standbys, openCluster } = await startWorld(path));
  });
  afterAll(() => cluster.stop());

  it('sends calls on the database to the primary, and reads to the standbys', async () => {
    await using db = openCluster();
    expect(await db.queryRow(PORT)).toEqual({ port: primary.port });
    const ports = await portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT));
    expect([...ports].sort()).toEqual(standbys.map(({ port }) => port).sort());
    expect(db.topology()).toMatchObject({
      primary: { port: primary.port },
      nodes: [{ role: 'primary' }, { role: 'standby' }, { role: 'standby' }],
    });
  });

  it('has a pool for each server, and the limit of the pool for each', async () => {
    await using db = openCluster({}, { applicationName: 'counted', pool: { max: 2 } });
    await db.readOnly.query(PORT);
    const slow = 'SELECT pg_sleep(0.2)::text';
    const calls = Array.from({ length: 12 }, (_each, index) => (index % 3 ? db.readOnly : db).query(slow));
    const count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted' AND query LIKE ";
    const most = cluster.servers.map(() => 0);
    let done = false;
    const all = Promise.all(calls).then(() => (done = true));
    while (!done) {
      const now = await Promise.all(
        cluster.servers.map((each) => cluster.on(each, `${count}'%pg_sleep%' AND state = 'active'`)),
      );
      now.forEach((each, index) => (most[index] = Math.max(most[index] ?? 0, Number(each))));
    }
    await all;
    expect(most).toEqual([2, 2, 2]);
    expect(db.stats()).toMatchObject({ maxOpenConnections: 6, openConnections: 6 });
  });

  it.each([1, 8])('gives each standby its share of the reads by weight, of %i at a time', async (atATime) => {
    const [heavy, light] = standbys;
    if (heavy === undefined || light === undefined) throw new Error('there are no standbys');
    const weights = { [`${heavy.host}:${heavy.port}`]: 3, [`${light.host}:${light.port}`]: 1 };
    await using db = openCluster({ weights, consistency: 'eventual', recheckInterval: 50 });
    // The connections are there before it is counted.
    await Promise.all(Array.from({ length: 60 }, () => db.readOnly.query('SELECT pg_sleep(0.02)::text')));
    let had = 0;
    let reads = 0;
    // Where one of them is slow at the moment, that counts more than the weights.
    const alike = (): boolean => db.topology().nodes.every(({ latency = Infinity }) => latency < 10);
    await Promise.all(
      Array.from({ length: atATime }, async () => {
        while (reads < 1_200) {
          const counts = alike();
          const row = await db.readOnly.queryRow<{ port: number }>(PORT);
          if (!counts || !alike()) continue;
          reads++;
          if (row?.port === heavy.port) had++;
        }
      }),
    );
    expect(had / reads).toBeGreaterThan(0.55);
    expect(had / reads).toBeLessThan(0.9);
  });

  it('sends nothing to a standby after the first failure there', async () => {
    const [one, other] = standbys;
    if (one === undefined || other === undefined) throw new Error('there are no standbys');
    const proxy = await startFaultProxy(one, Math.random);
    try {
      const hosts = [primary, proxy, other].map(({ host, port }) => ({ host, port }));
      await using db = openCluster({ consistency: 'eventual' }, { hosts, sslMode: 'disable' });
      await portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT));
      const role = (): string | undefined =>
        db.topology().nodes.find(({ port }) => port === proxy.port)?.role;
      expect(role()).toBe('standby');
      await proxy.stop();
      // Whoever is on the way there is run elsewhere, and all who come after that go there at once.
      await portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT));
      while (role() !== 'down') await sleep(5);
      const node = (): number => db.topology().nodes.find(({ port }) => port === proxy.port)?.inFlight ?? NaN;
      for (let i = 0; i < 200; i++) {
        const read = db.readOnly.queryRow<{ port: number }>(PORT);
        expect(node()).toBe(0);
        expect((await read)?.port).toBe(other.port);
      }
    } finally {
      await proxy.stop();
    }
  });

  it('has no more connections than cluster.maxConnections, and a write its turn among reads', async () => {
    await using db = openCluster({ maxConnections: 2, maxWait: 5_000 }, { applicationName: 'whole' });
    const slow = 'SELECT pg_sleep(0.05)::text';
    await Promise.all([db.readOnly.query(slow), db.readOnly.query(slow)]);
    const calls = Array.from({ length: 30 }, (_each, index) => (index % 3 ? db.readOnly : db).query(slow));
    const all = Promise.all(calls);
    let most = 0;
    let done = false;
    void all.finally(() => (done = true));
    while (!done) {
      const { openConnections, connecting } = db.stats();
      most = Math.max(most, openConnections + connecting);
      await sleep(5);
    }
    await all;
    expect(most).toBe(2);
    expect(db.stats()).toMatchObject({ maxOpenConnections: 2, openConnections: 2, inUse: 0 });
  });

  it('serves rows, prepared statements, COPY, templates, transactions and connections', async () => {
    await using db = openCluster();
    const ports = new Set(standbys.map(({ port }) => port));
    const isStandby = ({ port }: { port: number }): boolean => ports.has(port);
    for await (const row of db.readOnly.rows<{ port: number }>(PORT)) expect(row).toSatisfy(isStandby);
    const statement = await db.readOnly.prepare<{ port: number }>(PORT);
    for (let i = 0; i < 10; i++) expect(await statement.queryRow()).toSatisfy(isStandby);
    expect(ports).toContain(Number(await text(db.readOnly.copyTo(`COPY (${PORT}) TO STDOUT`))));
    expect(await db.readOnly.sql<{ port: number }>`SELECT inet_server_port() AS port`.one()).toSatisfy(
      isStandby,
    );
    await db.readOnly
      .transaction(async (tx) => {
        expect(await tx.queryRow<{ port: number }>(PORT)).toSatisfy(isStandby);
        await expect(tx.exec('INSERT INTO u VALUES (1)')).rejects.toMatchObject({ code: '25006' });
      })
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'KB_TRANSACTION_ROLLED_BACK' }));
    await using connection = await db.readOnly.connect();
    expect(await connection.queryRow<{ port: number }>(PORT)).toSatisfy(isStandby);
    expect(() => db.readOnly.copyFrom()).toThrow(expect.objectContaining({ code: 'KB_READ_ONLY' }) as Error);
    await expect(db.readOnly.script()).rejects.toMatchObject({ code: 'KB_READ_ONLY' });
    await expect(db.readOnly.batchInsert('u', ['id'], [[1]])).rejects.toMatchObject({ code: 'KB_READ_ONLY' });
  });

  it('keeps a connection for reading from writing on the primary, too', async () => {
    await using db = openCluster({ consistency: 'primary' }, { pool: { max: 1 } });
    await using connection = await db.readOnly.connect();
    expect(await connection.queryRow(PORT)).toEqual({ port: primary.port });
    await expect(connection.exec('INSERT INTO u VALUES (1)')).rejects.toMatchObject({ code: '25006' });
    await connection.release();
    await db.exec('INSERT INTO u VALUES (1)');
  });

  it('runs on the primary what a standby refuses', async () => {
    await using db = openCluster();
    const row = await db.readOnly.queryRow<{ v: bigint; port: number }>(
      "SELECT nextval('s') AS v, inet_server_port() AS port",
    );
    expect(row).toMatchObject({ port: primary.port });
    const all = await Promise.all(
      Array.from({ length: 10 }, () => db.readOnly.queryRow<{ v: bigint }>("SELECT nextval('s') AS v")),
    );
    // Each once.
    expect(new Set(all.map((each) => each?.v)).size).toBe(10);
  });

  it('sends what surely reads to the standbys by itself where it is asked to', async () => {
    await using db = openCluster({ automatic: true, maxWait: 5_000 });
    const ports = new Set(standbys.map(({ port }) => port));
    const portOf = async (sql: string): Promise<number | undefined> =>
      (await db.queryRow<{ port: number }>(sql))?.port;
    // What its functions do is asked once; until it is known the primary serves.
    expect(await portOf(PORT)).toBe(primary.port);
    while (!ports.has((await portOf(PORT)) ?? 0)) await sleep(5);
    await write(db, 350);
    expect(await db.queryRow<{ n: number }>('SELECT n FROM t WHERE id = $1', [1])).toEqual({ n: 350 });
    for await (const row of db.rows<{ port: number }>(PORT)) expect(ports).toContain(row.port);
    const volatile = `SELECT random() AS r, inet_server_port() AS port`;
    for (let i = 0; i < 5; i++) expect(await portOf(volatile)).toBe(primary.port);
    expect(await portOf(`${PORT} FROM t FOR SHARE`)).toBe(primary.port);
    expect(await db.transaction((tx) => tx.queryRow(PORT))).toEqual({ port: primary.port });
    expect(await db.queryRow(PORT, [], { consistency: 'primary' })).toEqual({ port: primary.port });
    // A view that writes does not show in the text; the standby refuses it, and the primary runs it.
    await db.exec("CREATE VIEW v AS SELECT nextval('s') AS n");
    expect(await db.queryRow('SELECT n FROM v')).toMatchObject({ n: expect.any(BigInt) as bigint });
    // So it is with a temporary table, as long as there is one connection.
    db.configurePool({ max: 1 });
    await db.exec('CREATE TEMPORARY TABLE only_here AS SELECT 5 AS five');
    expect(await db.queryRow('SELECT five FROM only_here')).toEqual({ five: 5 });
  });

  it('is shown on the command line', async () => {
    const [target] = targets();
    if (target === undefined) throw new Error('there is no library');
    const { user, database, clientLibrary } = target.config;
    if (typeof clientLibrary !== 'string') throw new Error('there is no path of a library');
    const hosts = cluster.servers.map(({ host, port }) => `${host}:${port}`).join();
    const connection = `kingbase://${user}@${hosts}/${database}`;
    const environment = { KINGBASE_CLIENT_LIBRARY: clientLibrary };
    const shown = await commandLine(['topology', connection], { environment });
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const [head, , ...rows] = shown.stdout.trim().split('\n');
    expect(head).toMatch(/^server +\| role +\| lag/);
    expect(rows.map((row) => row.split('|')[1]?.trim())).toEqual(['primary', 'standby', 'standby']);
    const chinese = await commandLine(['topology', connection, '--lang', 'zh'], { environment });
    expect(chinese.stdout).toContain('主库');
    const json = await commandLine(['topology', connection, '--json'], { environment });
    expect(JSON.parse(json.stdout)).toMatchObject({ primary: { port: primary.port } });
    const [standby] = standbys;
    const alone = `kingbase://${user}@127.0.0.1:${standby?.port ?? 0}/${database}`;
    const none = await commandLine(['topology', alone], { environment });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('is a primary') as string });
    const nobody = await commandLine(['topology', `kingbase://${user}@127.0.0.1:1/${database}`], {
      environment,
    });
    expect(nobody).toMatchObject({ code: 4, stdout: '' });
  });
});

it('has a view for reading without a cluster, too', async () => {
  const [target] = targets();
  if (target === undefined) throw new Error('there is no library');
  await using db = open(target.config);
  expect(await db.readOnly.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  expect(await db.readOnly.with({ consistency: 'eventual' }).queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  await db.readOnly.session().transaction(async (tx) => {
    expect(await tx.queryRow('SHOW transaction_read_only')).toEqual({ transaction_read_only: 'on' });
  });
  expect(db.topology()).toEqual({ primary: undefined, nodes: [] });
  expect(await db.position()).toMatch(/^[\da-f]+-[\da-f]+$/);
});
