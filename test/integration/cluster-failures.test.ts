import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TopologyNode } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import type { TestCluster } from '../support/cluster.js';
import {
  libraries,
  startWorld,
  type World,
  PORT,
  VALUE,
  portsOf,
  write,
  type Value,
} from './with-cluster.js';

let cluster: TestCluster;
let primary: EmbeddedServer;
let standbys: EmbeddedServer[];
let openCluster: World['openCluster'];

describe.each(libraries())('servers of a cluster that fail or change places, with $name', ({ path }) => {
  beforeAll(async () => {
    ({ cluster, primary, standbys, openCluster } = await startWorld(path));
  });
  afterAll(() => cluster.stop());

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

  it('runs again on the only standby what was lost there and may not go to the primary', async () => {
    const [only] = standbys;
    if (only === undefined) throw new Error('there is no standby');
    const hosts = [primary, only].map(({ host, port }) => ({ host, port }));
    await using db = openCluster({ primaryFallback: false, maxWait: 60_000 }, { hosts });
    const read = db.readOnly.queryRow(
      'SELECT pg_sleep(0.3)::text AS slept, inet_server_port() AS port /* only */',
    );
    const { pid } = await running('only');
    await cluster.on(only, `SELECT pg_terminate_backend(${pid})`);
    expect(await read).toMatchObject({ port: only.port });
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
    // What waits for its first connection another may take over.
    const served = (): Promise<Set<number>> =>
      portsOf(40, () => db.readOnly.queryRow<{ port: number }>(PORT));
    while (!(await served()).has(one.port));
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
