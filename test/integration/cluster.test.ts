import diagnostics from 'node:diagnostics_channel';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  open,
  type ClusterEntry,
  type ClusterOptions,
  type Database,
  type LogEntry,
  type TopologyNode,
} from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { startTestCluster, type TestCluster } from '../support/cluster.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { startMessageProxy } from '../support/message-proxy.js';
import { commandLine } from '../support/command-line.js';
import { targets } from '../support/targets.js';

let cluster: TestCluster;
let primary: EmbeddedServer;
let standbys: EmbeddedServer[];
let library: string;

const PORT = 'SELECT inet_server_port() AS port';

function openCluster(options: ClusterOptions = {}, config: object = {}): Database {
  const [target] = targets();
  if (target === undefined) throw new Error('there is no library');
  const { user, database } = target.config;
  return open({
    user,
    database,
    clientLibrary: library,
    hosts: cluster.servers.map(({ host, port }) => ({ host, port })),
    cluster: options,
    ...config,
  });
}

const portsOf = async (
  count: number,
  run: () => Promise<{ port: number } | undefined>,
): Promise<Set<number>> =>
  new Set((await Promise.all(Array.from({ length: count }, run))).map((row) => row?.port ?? 0));

describe.each(inject('libraries'))('a cluster, with $name', ({ path }) => {
  beforeAll(async () => {
    library = path;
    cluster = await startTestCluster(2, { max_standby_streaming_delay: '0' });
    const [first, ...others] = cluster.servers;
    if (first === undefined) throw new Error('there is no server');
    primary = first;
    standbys = others;
    await cluster.on(primary, 'CREATE TABLE t (id int4 PRIMARY KEY, n int4)');
    await cluster.on(primary, 'CREATE TABLE u (id int4)');
    await cluster.on(primary, 'CREATE SEQUENCE s');
    await cluster.on(primary, 'INSERT INTO t VALUES (1, 0)');
    await cluster.replayed(primary, standbys);
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

  it('shows in reads what was written before', async () => {
    await using db = openCluster({ maxWait: 5_000 });
    for (let n = 1; n <= 50; n++) {
      await db.exec('INSERT INTO t VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET n = $1', [n]);
      const row = await db.readOnly.queryRow<{ n: number; port: number }>(
        'SELECT n, inet_server_port() AS port FROM t WHERE id = 1',
      );
      expect(row?.n).toBe(n);
      expect(row?.port).not.toBe(primary.port);
    }
  });

  const VALUE = 'SELECT n, inet_server_port() AS port FROM t WHERE id = 1';
  interface Value {
    n: number;
    port: number;
  }
  const write = (db: Database, n: number): Promise<unknown> =>
    db.exec('UPDATE t SET n = $1 WHERE id = 1', [n]);

  describe('whose standbys do not go on', () => {
    beforeAll(() => Promise.all(standbys.map((each) => cluster.pause(each))));
    afterAll(async () => {
      await Promise.all(standbys.map((each) => cluster.resume(each)));
      await cluster.replayed(primary, standbys);
    });

    it('has the primary serve what must show a write, after maxWait, and only that', async () => {
      await using db = openCluster({ maxWait: 20 });
      await write(db, 100);
      expect(await db.readOnly.queryRow(VALUE)).toEqual({ n: 100, port: primary.port });
      const old = await db.readOnly.with({ consistency: 'eventual' }).queryRow<Value>(VALUE);
      expect(old?.n).not.toBe(100);
      expect(old?.port).not.toBe(primary.port);
      expect(await db.readOnly.queryRow(VALUE, [], { consistency: 'primary' })).toEqual({
        n: 100,
        port: primary.port,
      });
      // Of another program, which does not say what it must show.
      await using other = openCluster();
      expect(await other.readOnly.queryRow<Value>(VALUE)).not.toMatchObject({ n: 100 });
      const after = await db.position();
      expect(await other.readOnly.queryRow(VALUE, [], { after, maxWait: 0 })).toMatchObject({ n: 100 });
      expect(await other.readOnly.with({ after, maxWait: 0 }).queryRow(VALUE)).toMatchObject({ n: 100 });
    });

    it('refuses where the primary is excluded', async () => {
      await using db = openCluster({ maxWait: 20, primaryFallback: false });
      await write(db, 101);
      await expect(db.readOnly.query(VALUE)).rejects.toMatchObject({ code: 'KB_NO_STANDBY' });
      expect((await db.readOnly.queryRow(VALUE, [], { consistency: 'eventual' }))?.['n']).not.toBe(101);
    });

    it('lets a signal and a time limit end the wait, and serves who waits when a standby goes on', async () => {
      await using db = openCluster({ maxWait: 60_000 });
      await write(db, 102);
      await expect(db.readOnly.query(VALUE, [], { timeout: 50 })).rejects.toMatchObject({
        code: 'KB_TIMEOUT',
        message: expect.stringContaining('no standby had what it must show') as string,
      });
      const controller = new AbortController();
      const aborted = db.readOnly.query(VALUE, [], { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(aborted).rejects.toThrow('enough');
      const waiting = db.readOnly.queryRow(VALUE);
      const [one] = standbys;
      if (one === undefined) throw new Error('there is no standby');
      await cluster.resume(one);
      expect(await waiting).toEqual({ n: 102, port: one.port });
      await cluster.pause(one);
    });

    it('shows nothing older than maxLag where that is asked for', async () => {
      await using db = openCluster({ consistency: 'bounded', maxLag: 300, maxWait: 10 });
      await db.readOnly.query(VALUE);
      await write(db, 103);
      const written = performance.now();
      const seen = new Set<number>();
      for (let late = 0; late < 5;) {
        const asked = performance.now();
        const row = await db.readOnly.queryRow<Value>(VALUE);
        if (row !== undefined) seen.add(row.n);
        if (asked > written + 300) {
          expect(row?.n).toBe(103);
          late++;
        }
        await sleep(10);
      }
      // At first the standbys serve, which do not have it.
      expect(seen.size).toBe(2);
      expect(db.topology().nodes.some(({ lag }) => lag !== undefined && lag.bytes > 0 && lag.ms > 0)).toBe(
        true,
      );
    });

    it('shows nothing that is further behind than so many bytes where that is asked for', async () => {
      await using db = openCluster({ consistency: 'bounded', maxLag: { bytes: 1_000_000 }, maxWait: 5_000 });
      await write(db, 106);
      expect((await db.readOnly.queryRow<Value>(VALUE))?.port).not.toBe(primary.port);
      await db.query("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 2000000))::text");
      const near = { maxWait: 20 };
      expect(await db.readOnly.queryRow<Value>(VALUE, [], near)).toEqual({ n: 106, port: primary.port });
      const far = { maxLag: { bytes: 8_000_000 } };
      expect((await db.readOnly.queryRow<Value>(VALUE, [], far))?.port).not.toBe(primary.port);
    });

    it('lets reads that wait end before it closes', async () => {
      const db = openCluster({ maxWait: 100 });
      await write(db, 104);
      const waiting = db.readOnly.queryRow(VALUE);
      await db.close();
      expect(await waiting).toEqual({ n: 104, port: primary.port });
      await expect(db.readOnly.query(VALUE)).rejects.toMatchObject({ code: 'KB_POOL_CLOSED' });
      const hurried = openCluster({ maxWait: 60_000 });
      await write(hurried, 105);
      const refused = expect(hurried.readOnly.query(VALUE)).rejects.toMatchObject({ code: 'KB_POOL_CLOSED' });
      await hurried.close({ timeout: 20 });
      await refused;
    });
  });

  it('shows a write whose answer was lost, if it has been carried out', async () => {
    const [target] = targets();
    const proxy = await startMessageProxy({ ...target!.config, ...primary }, [
      { at: '<UPDATE', nth: 2, where: 'before', action: 'rst' },
    ]);
    const hosts = [proxy, ...standbys].map(({ host, port }) => ({ host, port }));
    try {
      await using db = openCluster({ maxWait: 100 }, { hosts, sslMode: 'disable' });
      await write(db, 4710);
      await db.position();
      await cluster.replayed(primary, standbys);
      await Promise.all(standbys.map((each) => cluster.pause(each)));
      await expect(write(db, 4711)).rejects.toMatchObject({ outcome: 'unknown' });
      expect(await db.readOnly.queryRow(VALUE)).toEqual({ n: 4711, port: primary.port });
    } finally {
      await Promise.all(standbys.map((each) => cluster.resume(each)));
      await proxy.stop();
    }
  });

  it('takes a standby that has all for up to date where the log goes on in a new file', async () => {
    await using db = openCluster({ maxWait: 20_000 });
    await db.query('SELECT pg_switch_wal()::text');
    expect((await db.readOnly.queryRow<Value>(VALUE))?.port).not.toBe(primary.port);
  });

  it('sends reads only to the standby that is not behind', async () => {
    const [slow, quick] = standbys;
    if (slow === undefined || quick === undefined) throw new Error('there are no standbys');
    await cluster.pause(slow);
    try {
      await using db = openCluster({ maxWait: 60_000 });
      for (let n = 200; n < 220; n++) {
        await write(db, n);
        expect(await db.readOnly.queryRow(VALUE)).toEqual({ n, port: quick.port });
      }
    } finally {
      await cluster.resume(slow);
    }
  });

  it('tells a channel and the log which server is the primary, which serve reads and which are behind', async () => {
    const [slow] = standbys;
    if (slow === undefined) throw new Error('there are no standbys');
    const told: ClusterEntry[] = [];
    const logged: LogEntry[] = [];
    let behind: (entry: ClusterEntry) => void = () => undefined;
    const lag = new Promise<ClusterEntry>((resolve) => (behind = resolve));
    const listen = (message: unknown): void => {
      const entry = message as ClusterEntry;
      told.push(entry);
      if (entry.event === 'lag' && entry.behind && entry.port === slow.port) behind(entry);
    };
    diagnostics.subscribe('kingbase:topology', listen);
    try {
      const log = (entry: LogEntry): void => void logged.push(entry);
      await using db = openCluster({ recheckInterval: 20, maxLag: { bytes: 100_000 } }, { log });
      await db.readOnly.query(VALUE);
      await cluster.pause(slow);
      await db.query("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 200000))::text");
      expect(await lag).toMatchObject({
        event: 'lag',
        port: slow.port,
        lag: { bytes: expect.any(Number) as number },
      });
    } finally {
      await cluster.resume(slow);
      diagnostics.unsubscribe('kingbase:topology', listen);
    }
    const { host, port, database } = primary;
    expect(told).toContainEqual({ event: 'primary', database, host, port, timeline: 1 });
    expect(told.filter(({ event }) => event === 'standby')).toEqual(
      expect.arrayContaining(
        standbys.map(({ port }) => ({
          event: 'standby',
          database,
          host,
          port,
          serves: true,
          code: undefined,
        })),
      ),
    );
    expect(logged).toEqual(expect.arrayContaining(told));
  });

  it('never goes back in a session', async () => {
    const [slow] = standbys;
    if (slow === undefined) throw new Error('there are no standbys');
    await using db = openCluster();
    await using writer = openCluster();
    const session = db.readOnly.session();
    // What was there before is greater.
    await write(writer, 299);
    await cluster.replayed(primary, standbys);
    let last = 0;
    for (let n = 300; n < 340; n++) {
      if (n % 10 === 5) await cluster.pause(slow);
      await write(writer, n);
      const row = await session.queryRow<Value>(VALUE);
      expect(row?.n).toBeGreaterThanOrEqual(last);
      last = row?.n ?? 0;
      if (n % 10 === 9) await cluster.resume(slow);
    }
    await cluster.resume(slow);
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

  /** Waits until a statement with the comment runs on one of the standbys, and gives that and the session. */
  async function running(comment: string): Promise<{ server: EmbeddedServer; pid: string }> {
    for (;;) {
      for (const server of standbys) {
        const pid = await cluster.on(
          server,
          `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%/* ${comment} */%' AND pid <> pg_backend_pid()`,
        );
        if (pid !== '') return { server, pid };
      }
    }
  }

  it('runs elsewhere what was lost on a standby', async () => {
    await using db = openCluster();
    await db.readOnly.query(VALUE);
    const read = db.readOnly.queryRow<{ port: number }>(
      'SELECT pg_sleep(0.3)::text, inet_server_port() AS port /* lost */',
    );
    const { server, pid } = await running('lost');
    await cluster.on(server, `SELECT pg_terminate_backend(${pid})`);
    const row = await read;
    expect(row?.port).not.toBe(server.port);
    expect(standbys.map(({ port }) => port)).toContain(row?.port);
  });

  it('runs elsewhere what stands in the way of replay', async () => {
    await using db = openCluster();
    const read = db.readOnly.query(
      'SELECT (SELECT count(*) FROM u), pg_sleep(0.5)::text, inet_server_port() AS port /* conflict */',
    );
    await running('conflict');
    await db.exec('TRUNCATE u');
    expect((await read).rows).toHaveLength(1);
  });

  it('goes on without a standby that has crashed, and takes it back', async () => {
    const [one, other] = standbys;
    if (one === undefined || other === undefined) throw new Error('there are no standbys');
    await using db = openCluster({ recheckInterval: 100 });
    const back = new Promise<void>((resolve) => {
      db.on('standby', ({ port, serves }) => {
        if (port === one.port && serves && crashed) resolve();
      });
    });
    let crashed = false;
    const errors: unknown[] = [];
    let reading = true;
    const readers = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (reading) await db.readOnly.query(VALUE).catch((error: unknown) => errors.push(error));
      }),
    );
    await portsOf(20, () => db.readOnly.queryRow<{ port: number }>(PORT));
    await one.down('immediate');
    crashed = true;
    const ports = await portsOf(20, () => db.readOnly.queryRow<{ port: number }>(PORT));
    expect([...ports]).toEqual([other.port]);
    await one.up();
    await back;
    reading = false;
    await readers;
    expect(errors).toEqual([]);
    expect(await portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT))).toContain(one.port);
  });

  it('takes a primary that refuses writes by a setting for what it is', async () => {
    await using db = openCluster();
    await write(db, 400);
    primary.configure({ default_transaction_read_only: 'on' });
    const refused = async (): Promise<void> => {
      while (
        await write(db, 401).then(
          () => true,
          () => false,
        )
      )
        await sleep(5);
    };
    await refused();
    await expect(write(db, 401)).rejects.toMatchObject({ code: '25006' });
    expect(db.topology().primary).toEqual({ host: primary.host, port: primary.port });
    primary.configure({ default_transaction_read_only: 'off' });
    while (
      !(await write(db, 402).then(
        () => true,
        () => false,
      ))
    )
      await sleep(5);
  });

  it('follows the primary when it crashes and another takes over', async () => {
    const [next, last] = standbys;
    if (next === undefined || last === undefined) throw new Error('there are no standbys');
    await using db = openCluster({ recheckInterval: 100 }, { applicationName: 'limited', pool: { max: 1 } });
    await write(db, 500);
    await cluster.replayed(primary, standbys);
    await portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT));
    const changed = new Promise<{ port: number; timeline: number }>((resolve) => db.on('primary', resolve));
    await primary.down('immediate');
    // Reads that need nothing of the primary go on.
    expect(await db.readOnly.queryRow(VALUE, [], { consistency: 'eventual' })).toMatchObject({ n: 500 });
    await using late = openCluster();
    await expect(write(late, 501)).rejects.toMatchObject({ code: 'KB_NO_PRIMARY' });
    const waiting = write(db, 502).catch((error: unknown) => error);
    await next.promote();
    expect(await changed).toMatchObject({ port: next.port, timeline: 2 });
    const outcome = await waiting;
    // What was lost on its way says so; what had not begun is carried out.
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'KB_CONNECTION_LOST' });
    await write(db, 503);
    expect(await db.queryRow(PORT)).toEqual({ port: next.port });
    // Those for reads of the time when it was a standby are no more.
    const connections = 'SELECT count(*) FROM pg_stat_activity WHERE application_name = ';
    while (Number(await cluster.on(next, `${connections}'limited'`)) > 1 + 1) await sleep(5);
    await cluster.follow(last, next);
    await cluster.replayed(next, [last]);
    await write(db, 504);
    // Until it is known to be there again, reads go to the primary.
    while (db.topology().nodes.find(({ port }) => port === last.port)?.role !== 'standby') await sleep(10);
    expect(await db.readOnly.queryRow(VALUE, [], { maxWait: 20_000 })).toEqual({ n: 504, port: last.port });

    // The former primary comes back as it was, which is no standby and not the primary either.
    await primary.up();
    while (db.topology().nodes.find(({ port }) => port === primary.port)?.role !== 'primary') await sleep(10);
    await write(db, 505);
    expect(await db.queryRow(PORT)).toEqual({ port: next.port });
    expect(await db.readOnly.queryRow<Value>(VALUE)).toMatchObject({ n: 505 });
    await using fresh = openCluster();
    expect(await fresh.queryRow(PORT)).toEqual({ port: next.port });

    // And it is not written to when it is the only one left.
    await next.down('fast');
    let refusal: unknown;
    while (!(
      (refusal = await write(db, 506).catch((error: unknown) => error)) instanceof Error &&
      'code' in refusal &&
      refusal.code === 'KB_SPLIT_BRAIN'
    ))
      await sleep(20);
    expect(refusal).toMatchObject({ outcome: 'not-sent' });
    await primary.down('fast');
    await next.up();
    await write(db, 507);
    [primary, standbys] = [next, [last]];
  });

  it('follows a planned change of places', async () => {
    const [next] = standbys;
    if (next === undefined) throw new Error('there is no standby');
    await using db = openCluster({ recheckInterval: 100 });
    await write(db, 600);
    await cluster.replayed(primary, standbys);
    const former = primary;
    await former.down('fast');
    await next.promote();
    await write(db, 601);
    await cluster.rejoin(former, next);
    await cluster.replayed(next, [former]);
    expect(await db.queryRow(PORT)).toEqual({ port: next.port });
    while (!db.topology().nodes.some(({ port, role }) => port === former.port && role === 'standby'))
      await sleep(10);
    expect(await db.readOnly.queryRow(VALUE, [], { maxWait: 20_000 })).toEqual({ n: 601, port: former.port });
  });

  it('tells who has a connection of a primary why it is cut when another has overtaken that', async () => {
    await using db = openCluster({ recheckInterval: 100 });
    await db.readOnly.query(PORT);
    const seen = (): TopologyNode | undefined => db.topology().nodes.find(({ role }) => role === 'standby');
    while (seen() === undefined) await sleep(10);
    const standby = seen();
    const idle = await db.begin();
    await idle.query(PORT);
    const running = db.query('SELECT pg_sleep(60)');
    const why = /(another server is|two servers claim to be) the primary/;
    const told = expect(running).rejects.toMatchObject({
      code: 'KB_CONNECTION_LOST',
      outcome: 'unknown',
      message: expect.stringMatching(why) as string,
    });
    await cluster.servers.find(({ port }) => port === standby?.port)?.promote();
    await told;
    await expect(idle.query(PORT)).rejects.toMatchObject({
      code: 'KB_CONNECTION_LOST',
      outcome: 'not-sent',
      cause: { message: expect.stringMatching(why) as string },
    });
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
