import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  open,
  type ConnectionConfig,
  type Database,
  type ChannelNotification,
  type Subscription,
} from 'kingbase-native';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  let admin: Database;
  let applicationName: string;
  let count = 0;
  const opened: Database[] = [];
  const openDatabase = (config: ConnectionConfig = {}): Database => {
    const database = open({ ...target.config, ...config });
    opened.push(database);
    return database;
  };
  beforeEach(() => {
    // Of its own in each test: sessions of the one before may still be ending.
    applicationName = `listener ${++count}`;
    db = openDatabase({ applicationName });
    admin = openDatabase({ pool: { max: 1 } });
  });
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close({ timeout: 1_000 }))));

  const notify = (channel: string, payload: string): Promise<unknown> =>
    admin.query('SELECT pg_notify($1, $2)', [channel, payload]);
  /** Waits until everything has arrived that was notified before: notifications come in order. */
  async function settled(on: Database = db): Promise<void> {
    await using barrier = await collect('barrier', on);
    await notify('barrier', 'x');
    await until('the barrier is reached', () => barrier.payloads.length > 0);
  }

  interface Collected extends AsyncDisposable {
    subscription: Subscription;
    notifications: ChannelNotification[];
    readonly payloads: string[];
  }
  async function collect(channel: string, on: Database = db): Promise<Collected> {
    const notifications: ChannelNotification[] = [];
    const subscription = await on.listen(channel, (notification) => notifications.push(notification));
    return {
      subscription,
      notifications,
      get payloads() {
        return notifications.map(({ payload }) => payload);
      },
      [Symbol.asyncDispose]: () => subscription.close(),
    };
  }

  describe('a notification', () => {
    it('comes with its channel, its payload and the process that sent it', async () => {
      const { notifications } = await collect('news');
      const sender = await admin.queryRow<{ pid: number }>(`SELECT pg_backend_pid() AS pid`);
      for (const payload of ['', '中文，𠀀 "x"', '长'.repeat(2_600)]) await notify('news', payload);
      await settled();
      expect(notifications).toStrictEqual(
        ['', '中文，𠀀 "x"', '长'.repeat(2_600)].map((payload) => ({
          channel: 'news',
          payload,
          processId: sender!.pid,
        })),
      );
    });

    it('comes in the order of the commits, and not from what is rolled back', async () => {
      const { notifications } = await collect('news');
      const undone = admin.transaction(async (transaction) => {
        await transaction.query(`SELECT pg_notify('news', 'undone')`);
        throw new Error('of the program');
      });
      await expect(undone).rejects.toThrow('of the program');
      await admin.transaction(async (transaction) => {
        for (let i = 0; i < 100; i++) await transaction.query(`SELECT pg_notify('news', $1::text)`, [`${i}`]);
        expect(notifications).toEqual([]);
      });
      await settled();
      expect(notifications.map(({ payload }) => payload)).toEqual(
        Array.from({ length: 100 }, (_, i) => `${i}`),
      );
    });

    it('comes to every handler of its channel, and to no other', async () => {
      const [one, other, elsewhere] = [
        await collect('news'),
        await collect('news'),
        await collect('weather'),
      ];
      await notify('news', 'n');
      await notify('weather', 'w');
      await settled();
      expect([one.payloads, other.payloads, elsewhere.payloads]).toEqual([['n'], ['n'], ['w']]);
      await one.subscription.close();
      await notify('news', 'again');
      await settled();
      expect([one.payloads, other.payloads]).toEqual([['n'], ['n', 'again']]);
    });

    it('from the program itself comes, too', async () => {
      const { payloads, notifications } = await collect('news');
      await db.transaction((transaction) => transaction.exec(`NOTIFY news, 'mine'`));
      await settled();
      expect(notifications.map(({ payload }) => payload)).toEqual(['mine']);
      expect(payloads).toEqual([]);
    });

    it('is told once, though the program listens on a connection of the pool as well', async () => {
      const collected = await collect('news');
      await using connection = await db.connect();
      await connection.exec('LISTEN news');
      await notify('news', 'once');
      await connection.query('SELECT 1');
      await settled();
      expect(collected.payloads).toEqual(['once']);
    });
  });

  describe('a channel', () => {
    it.each(['Mixed Case', 'with "quotes"', '中文 频道', 'select', "it's", 'a;b--c'])(
      'is taken as it is written: %s',
      async (channel) => {
        const { notifications } = await collect(channel);
        await notify(channel, 'p');
        await settled();
        expect(notifications).toMatchObject([{ channel, payload: 'p' }]);
      },
    );

    it.each(['', 'with a \0', 'x'.repeat(64), '长'.repeat(22)])(
      'that no server can have is refused: %j',
      async (channel) => {
        expect(await rejectionOf(db.listen(channel, () => undefined))).toMatchObject({
          name: 'UsageError',
          code: 'KB_BAD_IDENTIFIER',
        });
        await until('no session is kept for it', async () => (await sessions()) === 0);
      },
    );

    it('may be as long as a name can be', async () => {
      const channel = '长'.repeat(21);
      const { notifications } = await collect(channel);
      await notify(channel, 'p');
      await settled();
      expect(notifications).toMatchObject([{ channel }]);
    });
  });

  /** How many sessions there are for listening, besides those of the pool. */
  const sessions = async (): Promise<number> => {
    const sql = 'SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE application_name = $1';
    return (await admin.queryRow<{ n: number }>(sql, [applicationName]))!.n - db.stats().openConnections;
  };

  describe('the session', () => {
    it('is one for all channels, besides the pool, and goes with the last of them', async () => {
      db.configurePool({ max: 1 });
      const held = await db.connect();
      const all = await Promise.all(['a', 'b', 'c'].map((channel) => collect(channel)));
      expect(await sessions()).toBe(1);
      expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 1 });
      for (const { subscription } of all) {
        await subscription.close();
        await subscription.close();
      }
      await until('the session has ended', async () => (await sessions()) === 0);
      await using again = await collect('a');
      await notify('a', 'after');
      await until('it has come', () => again.payloads.length === 1);
      await held.release();
    });

    it('ends with the database, and so does listening', async () => {
      const collected = await collect('news');
      await db.close();
      await until('the session has ended', async () => (await sessions()) === 0);
      await collected.subscription.close();
      expect(await rejectionOf(db.listen('news', () => undefined))).toMatchObject({ code: 'KB_POOL_CLOSED' });
    });

    it('that is being opened when the database is closed does not stay', async () => {
      const listening = rejectionOf(db.listen('news', () => undefined));
      await db.close();
      expect(await listening).toMatchObject({ name: 'PoolError', code: 'KB_POOL_CLOSED' });
      await until('no session is left', async () => (await sessions()) === 0);
    });

    it('that cannot be had is an error of listen', async () => {
      const nowhere = openDatabase({ database: 'does not exist' });
      expect(await rejectionOf(nowhere.listen('news', () => undefined))).toMatchObject({ code: '3D000' });
    });
  });

  describe('after a loss', () => {
    let proxy: FaultProxy;
    let far: Database;
    beforeEach(async () => {
      proxy = await startFaultProxy(inject('server'));
      far = openDatabase({
        host: proxy.host,
        port: proxy.port,
        applicationName,
        pool: { heartbeatInterval: 100, heartbeatTimeout: 200 },
      });
    });
    afterEach(() => proxy.stop());

    const gapOf = (subscription: Subscription): Promise<void> =>
      new Promise((resolve) => {
        const handler = (): void => {
          subscription.off('gap', handler);
          resolve();
        };
        subscription.on('gap', handler);
      });

    it.each(['rst', 'fin'] as const)(
      'by %s all channels are listened to again, and each is told of the gap',
      async (how) => {
        const all = [await collect('a', far), await collect('a', far), await collect('b', far)];
        await notify('a', 'before');
        await settled(far);
        const gaps = all.map(({ subscription }) => gapOf(subscription));
        proxy.cut(how);
        await Promise.all(gaps);
        await notify('a', 'after');
        await notify('b', 'after');
        await settled(far);
        expect(all.map(({ payloads }) => payloads)).toEqual([
          ['before', 'after'],
          ['before', 'after'],
          ['after'],
        ]);
        expect(await sessions()).toBe(1);
      },
    );

    it('that takes a while it goes on trying', async () => {
      const collected = await collect('a', far);
      await proxy.refuse(true);
      const gap = gapOf(collected.subscription);
      const { accepted } = proxy.counters;
      proxy.cut('rst');
      await notify('a', 'missed');
      await delay(300);
      expect(proxy.counters.accepted).toBe(accepted);
      await proxy.refuse(false);
      await gap;
      await notify('a', 'after');
      await settled(far);
      expect(collected.payloads).toEqual(['after']);
    });

    it('without a word it is noticed by the heartbeat', async () => {
      const collected = await collect('a', far);
      const gap = gapOf(collected.subscription);
      proxy.blackHole(true, 1);
      await gap;
      await notify('a', 'after');
      await settled(far);
      expect(collected.payloads).toEqual(['after']);
    });

    it('what is listened to anew meanwhile does not make it forget the others', async () => {
      const before = await collect('a', far);
      const gap = gapOf(before.subscription);
      const { open: connections } = proxy.counters;
      expect(connections).toBe(1);
      proxy.cut('rst');
      await until('the loss is noticed', () => proxy.counters.open === 0);
      const meanwhile = await collect('b', far);
      await gap;
      await notify('a', 'a');
      await notify('b', 'b');
      await settled(far);
      expect([before.payloads, meanwhile.payloads]).toEqual([['a'], ['b']]);
      expect(await sessions()).toBe(1);
    });

    it('nothing is listened to that was closed meanwhile', async () => {
      const collected = await collect('a', far);
      await proxy.refuse(true);
      proxy.cut('rst');
      await until('the loss is noticed', () => proxy.counters.open === 0);
      await collected.subscription.close();
      await proxy.refuse(false);
      const { accepted } = proxy.counters;
      await delay(300);
      expect(proxy.counters.accepted).toBe(accepted);
    });
  });

  it.each(['subscription', 'database', 'exit'] as const)(
    'keeps the process alive for as long as it listens: ends by %s',
    async (end) => {
      const channel = `program ${end}`;
      const input = JSON.stringify({ config: target.config, channel, end });
      const program = join(__dirname, '../support/programs/listening.mjs');
      const child = spawn(process.execPath, [program, input], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const closed = once(child, 'close') as Promise<[number | null]>;
      await once(child.stderr, 'data');
      await notify(channel, 'first');
      // Long enough for a process to end that nothing keeps alive.
      await delay(200);
      expect(child.exitCode).toBeNull();
      await notify(channel, 'end');
      const [code] = await closed;
      expect({ code, output: JSON.parse(output) as unknown }).toEqual({ code: 0, output: ['first', 'end'] });
    },
  );
});
