import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  ConnectionError,
  open,
  type Connection,
  type ConnectionConfig,
  type Database,
} from 'kingbase-native';
import { startFaultProxy } from '../support/fault-proxy.js';
import { rejectionOf, until } from '../support/rejections.js';
import { targets, type Target } from '../support/targets.js';
import { terminateUnnoticed } from '../support/terminate.js';

const LOST = { code: 'KB_CONNECTION_LOST' };

// One of each library and of each transport: each loss takes a process of its own to bring about.
const chosen = targets().filter((_target, i) => i % 3 === 0);

describe.each(chosen)('$name', (target: Target) => {
  const table = `retried_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
  let db: Database;
  let admin: Database;

  beforeEach(async () => {
    db = open({ ...target.config, pool: { max: 4 } });
    admin = open({ ...target.config, pool: { max: 1 } });
    await admin.script(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (v int4)`);
  });
  afterEach(async () => {
    await db.close();
    await admin.exec(`DROP TABLE ${table}`);
    await admin.close();
  });

  const terminate = (processIds: readonly number[]): void => terminateUnnoticed(inject('server'), processIds);
  const written = async (): Promise<unknown[]> =>
    (await admin.query(`SELECT v FROM ${table}`, [], { rowMode: 'array' })).rows.map(([v]) => v);

  /** So many idle connections of the pool; their server processes. */
  async function idle(count: number): Promise<number[]> {
    const connections = await Promise.all(Array.from({ length: count }, () => db.connect()));
    const processIds = connections.map(({ backendPid }) => backendPid);
    await Promise.all(connections.map((connection) => connection.release()));
    expect(db.stats()).toMatchObject({ openConnections: count, idle: count });
    return processIds;
  }

  describe('where all idle connections have died unnoticed', () => {
    const calls: Record<string, () => Promise<unknown>> = {
      query: () => db.query(`INSERT INTO ${table} VALUES (1) RETURNING v`),
      'query with parameters': () => db.query(`INSERT INTO ${table} VALUES ($1)`, [1]),
      exec: () => db.exec(`INSERT INTO ${table} VALUES (1)`),
      'exec that is prepared for its parameters': () =>
        db.exec(`INSERT INTO ${table} SELECT unnest($1::int4[])`, [[1]]),
      'exec with a signal and a timeout': () =>
        db.exec(`INSERT INTO ${table} VALUES (1)`, [], {
          signal: new AbortController().signal,
          timeout: 60_000,
        }),
      script: () => db.script(`INSERT INTO ${table} VALUES (1)`),
      begin: async () => {
        await using transaction = await db.begin();
        await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
        await transaction.commit();
      },
      transaction: () => db.transaction((transaction) => transaction.exec(`INSERT INTO ${table} VALUES (1)`)),
    };

    it.each(Object.keys(calls))('%s succeeds on another, and once', async (name) => {
      terminate(await idle(4));
      await calls[name]!();
      expect(await written()).toEqual([1]);
      expect(db.stats()).toMatchObject({ openConnections: 1, idle: 1, inUse: 0 });
    });

    it('prepare and what was prepared before go on', async () => {
      await using before = await db.prepare(`INSERT INTO ${table} VALUES ($1)`);
      await before.exec([1]);
      terminate(await idle(3));
      await before.exec([2]);
      terminate(await idle(3));
      await using after = await db.prepare(`INSERT INTO ${table} VALUES ($1)`);
      await after.exec([3]);
      expect(await written()).toEqual([1, 2, 3]);
    });

    it('many calls at a time all succeed, and once each', async () => {
      terminate(await idle(4));
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => db.exec(`INSERT INTO ${table} VALUES ($1)`, [i])),
      );
      expect((await written()).sort((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 40 }, (_, i) => i),
      );
    });

    it('ping says that the server is there', async () => {
      terminate(await idle(2));
      await db.ping();
    });
  });

  describe('is not for', () => {
    let connection: Connection;
    beforeEach(async () => {
      connection = await db.connect();
    });
    afterEach(() => connection.release());

    it('a checked-out connection, whose state is gone', async () => {
      terminate([connection.backendPid]);
      const error = await rejectionOf(connection.exec(`INSERT INTO ${table} VALUES (1)`));
      expect(error).toMatchObject({ ...LOST, outcome: 'not-sent' });
      expect(await written()).toEqual([]);
    });

    it('a transaction that has begun, unless it asks for that', async () => {
      for (const maxAttempts of [1, 3]) {
        let attempts = 0;
        const call = db.transaction(
          async (transaction) => {
            attempts++;
            await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
            terminate([transaction.backendPid]);
            await transaction.exec(`INSERT INTO ${table} VALUES (2)`);
          },
          maxAttempts === 1 ? {} : { retry: { maxAttempts, backoff: () => 0 } },
        );
        expect(await rejectionOf(call)).toMatchObject({ ...LOST, outcome: 'not-sent' });
        expect(attempts).toBe(maxAttempts);
      }
      expect(await written()).toEqual([]);
      expect(db.stats().inUse).toBe(1);
    });

    it('the commit of a transaction: what was done in it is undone, and that is known', async () => {
      await using transaction = await db.begin();
      await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
      terminate([transaction.backendPid]);
      expect(await rejectionOf(transaction.commit())).toMatchObject({ ...LOST, outcome: 'not-sent' });
      expect(await written()).toEqual([]);
    });

    it('what the server may have carried out', async () => {
      const sql = `INSERT INTO ${table} SELECT 1 FROM pg_sleep(60)`;
      const call = rejectionOf(db.exec(sql));
      const running = 'SELECT pid FROM pg_stat_activity WHERE query = $1';
      let pid: number | undefined;
      await until('the server runs the statement', async () => {
        pid = (await admin.queryRow<{ pid: number }>(running, [sql]))?.pid;
        return pid !== undefined;
      });
      await admin.query('SELECT pg_terminate_backend($1)', [pid]);
      const error = await call;
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ ...LOST, outcome: 'unknown', cause: { code: '57P01' } });
      expect(await written()).toEqual([]);
    });

    it('what the server has refused', async () => {
      await connection.release();
      await expect(db.exec('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
      expect(db.stats()).toMatchObject({ openConnections: 1 });
    });
  });
});

describe('an answer that is lost on its way', () => {
  const target = targets().find(({ transport }) => transport === 'TCP')!;
  const config: ConnectionConfig = target.config;

  it.each(['rst', 'fin'] as const)(
    'by %s makes the outcome unknown, though the server has done it',
    async (how) => {
      const { host, port } = inject('server');
      const proxy = await startFaultProxy({ host, port });
      const db = open({ ...config, host: proxy.host, port: proxy.port });
      const admin = open({ ...config, pool: { max: 2 } });
      try {
        await admin.script('DROP TABLE IF EXISTS lost_answer; CREATE TABLE lost_answer (v int4)');
        await db.ping();
        // The statement goes its way, and takes so long that its answer does not.
        const lock = await admin.connect();
        await lock.script('BEGIN; LOCK lost_answer');
        const call = rejectionOf(db.exec('INSERT INTO lost_answer VALUES (1)'));
        await until('the statement waits', async () => {
          const sql = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO lost%'`;
          return (await admin.queryRow(sql)) !== undefined;
        });
        proxy.blackHole(true);
        await lock.script('COMMIT');
        await lock.release();
        await until('the statement is done', async () => {
          const row = await admin.queryRow<{ n: bigint }>('SELECT count(*) AS n FROM lost_answer');
          return row?.n === 1n;
        });
        proxy.cut(how);
        expect(await call).toMatchObject({ ...LOST, outcome: 'unknown' });
        proxy.blackHole(false);
        // Run again by the driver it would be there twice.
        expect(await db.queryRow('SELECT count(*) AS n FROM lost_answer')).toEqual({ n: 1n });
        await admin.exec('DROP TABLE lost_answer');
      } finally {
        await Promise.all([db.close({ timeout: 1_000 }), admin.close({ timeout: 1_000 })]);
        await proxy.stop();
      }
    },
  );
});
