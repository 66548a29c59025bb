import diagnostics from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEntry, Database, LogEntry } from 'kingbase-native';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import type { TestCluster } from '../support/cluster.js';
import { startMessageProxy } from '../support/message-proxy.js';
import { targets } from '../support/targets.js';
import { libraries, startWorld, type World, VALUE, write, type Value } from './with-cluster.js';

let cluster: TestCluster;
let primary: EmbeddedServer;
let standbys: EmbeddedServer[];
let openCluster: World['openCluster'];

describe.each(libraries())('what reads of a cluster show, with $name', ({ path }) => {
  beforeAll(async () => {
    ({ cluster, primary, standbys, openCluster } = await startWorld(path));
  });
  afterAll(() => cluster.stop());

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

  it('shows what a read has written on the primary, wherever the program or chance has sent it', async () => {
    for (const [primaryShare, terms] of [
      [0, { consistency: 'primary' }],
      [0.5, {}],
    ] as const) {
      await using db = openCluster({ maxWait: 20, primaryShare });
      await write(db, 300);
      await cluster.replayed(primary, standbys);
      // The standbys have all that is known to have been written, and nothing that comes.
      await db.readOnly.queryRow(VALUE, [], { maxWait: 60_000 });
      await Promise.all(standbys.map((each) => cluster.pause(each)));
      try {
        for (let i = 0; i < 12; i++) {
          const written = await db.readOnly.queryRow<Value>('UPDATE t SET n = n + 1 RETURNING n', [], terms);
          expect(await db.readOnly.queryRow(VALUE)).toEqual({ n: written?.n, port: primary.port });
        }
      } finally {
        await Promise.all(standbys.map((each) => cluster.resume(each)));
      }
    }
  });

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

  it.each<[string, (db: Database, n: number) => Promise<unknown>]>([
    ['on the database', write],
    [
      'as a read on the primary',
      (db, n): Promise<unknown> =>
        db.readOnly.query('UPDATE t SET n = $1 WHERE id = 1', [n], { consistency: 'primary' }),
    ],
  ])('shows a write %s whose answer was lost, if it has been carried out', async (_how, writeSo) => {
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
      await expect(writeSo(db, 4711)).rejects.toMatchObject({ outcome: 'unknown' });
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
});
