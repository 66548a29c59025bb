import { once } from 'node:events';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { startMessageProxy, type MessageName, type MessageProxy } from '../support/message-proxy.js';
import { until } from '../support/rejections.js';

/** ms: what the driver gives a command of its own. */
const PATIENCE = 300;
/** Generous: what is bounded is that an end comes by a limit of the driver, and not by the network's. */
const LATEST = 10 * PATIENCE;

interface Case {
  readonly what: string;
  /** From this message on nothing passes on its connection, in either direction. */
  readonly at: MessageName;
  readonly nth?: number;
  /** What is done; resolves or rejects when its caller would go on. */
  readonly run: (db: Database) => Promise<unknown>;
  /** What its caller gets. */
  readonly ends: 'well' | object;
}

const ignore = (): undefined => undefined;

class Change extends Error {}

const inTransaction =
  (work: (tx: Transaction) => Promise<unknown>) =>
  (db: Database): Promise<unknown> =>
    db.transaction(work);

const CASES: readonly Case[] = [
  {
    what: 'ROLLBACK',
    at: '>ROLLBACK',
    run: inTransaction(() => Promise.reject(new Change())),
    ends: Change,
  },
  {
    what: 'ROLLBACK by hand',
    at: '>ROLLBACK',
    run: async (db) => {
      const tx = await db.begin();
      await tx.rollback();
    },
    ends: 'well',
  },
  {
    what: 'ROLLBACK of what a released connection has left open',
    at: '>ROLLBACK',
    run: async (db) => {
      const connection = await db.connect();
      await connection.begin();
      await connection.release();
    },
    ends: 'well',
  },
  {
    what: 'BEGIN TRANSACTION with a limit',
    at: '>BEGIN',
    run: (db) => db.begin({ timeout: 200 }),
    ends: { code: 'KB_TIMEOUT' },
  },
  {
    what: 'DEALLOCATE',
    at: '>DEALLOCATE',
    run: async (db) => {
      const statement = await db.prepare('SELECT 1');
      await statement.query();
      await statement.close();
      await db.query('SELECT 2', [], { timeout: 10 * PATIENCE });
    },
    ends: 'well',
  },
  {
    what: 'the reset of a released connection',
    at: '>DISCARD',
    run: async (db) => {
      db.configurePool({ resetOnRelease: ['all'] });
      await (await db.connect()).release();
    },
    ends: 'well',
  },
  {
    what: 'the look-up of a type',
    at: '>look-up',
    run: async (db) => {
      const row = await db.queryRow(`SELECT 'ok'::swallowed_mood AS mood`);
      expect(row).toEqual({ mood: 'ok' });
    },
    ends: 'well',
  },
  {
    what: 'the look-up of a type in a call with a limit',
    at: '>look-up',
    run: (db) => db.queryRow(`SELECT 'ok'::swallowed_mood AS mood`, [], { timeout: 100 }),
    ends: 'well',
  },
  {
    what: 'the end of rows that are left',
    at: '<D',
    nth: 2,
    run: async (db) => {
      for await (const batch of db.rows('SELECT generate_series(1, 100000) AS i').batches()) {
        if (batch.length > 0) break;
      }
    },
    ends: 'well',
  },
  {
    what: 'CopyFail of a destroyed COPY',
    at: '>f',
    run: async (db) => {
      const stream = db.copyFrom('COPY swallowed FROM STDIN');
      const closed = once(stream, 'close').catch(ignore);
      stream.write('1\n'.repeat(100_000), () => stream.destroy());
      await closed;
    },
    ends: 'well',
  },
  {
    what: 'the closing of the database',
    at: '<ready SELECT',
    run: async (db) => {
      const call = db.query('SELECT 1').catch(ignore);
      await db.close({ timeout: 100 });
      await call;
    },
    ends: 'well',
  },
];

describe.each(inject('libraries'))(
  'what a half-open connection swallows ends by a limit, with $name',
  ({ path }) => {
    const { host, port, user, database } = inject('server');
    let proxy: MessageProxy | undefined;
    let db: Database | undefined;

    afterEach(async () => {
      proxy?.resetHeld();
      await db?.close({ timeout: 0 });
      await proxy?.stop();
    });

    it.each(CASES)('$what', async ({ at, nth = 1, run, ends }) => {
      const admin = open({ host, port, user, database, clientLibrary: path });
      await admin.script(`
      DROP TABLE IF EXISTS swallowed; CREATE TABLE swallowed (id int4);
      DROP TYPE IF EXISTS swallowed_mood; CREATE TYPE swallowed_mood AS ENUM ('ok')`);
      await admin.close();
      proxy = await startMessageProxy({ host, port }, [{ at, nth, where: 'before', action: 'hold' }]);
      db = open({
        host: proxy.host,
        port: proxy.port,
        user,
        database,
        clientLibrary: path,
        sslMode: 'disable',
        connectTimeout: 2_000,
        pool: { max: 1, acquireTimeout: 10_000, heartbeatInterval: PATIENCE, heartbeatTimeout: PATIENCE },
      });
      const started = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const forEver = new Promise((resolve) => {
        timer = setTimeout(() => resolve('it goes on for ever'), LATEST);
      });
      const outcome = await Promise.race([
        run(db).then(
          () => 'well',
          (error: unknown) => error,
        ),
        forEver,
      ]);
      clearTimeout(timer);
      if (typeof ends === 'function') expect(outcome).toBeInstanceOf(ends);
      else if (typeof ends === 'string') expect(outcome).toBe(ends);
      else {
        expect(outcome).toBeInstanceOf(Error);
        expect(outcome).toMatchObject(ends);
      }
      expect(performance.now() - started).toBeLessThan(LATEST);
      const hit = (): number => proxy?.links.filter(({ fault }) => fault !== undefined).length ?? 0;
      await until('the message has been swallowed', () => hit() === 1);

      // And no place in the pool is lost by it.
      if (at === '<ready SELECT') return;
      await until('nothing is in use', () => db?.stats().inUse === 0);
      expect(await db.queryRow('SELECT 1 AS one', [], { timeout: LATEST })).toEqual({ one: 1 });
    });
  },
);
