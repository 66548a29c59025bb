import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type BatchStrategy, type Connection, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const STRATEGIES: BatchStrategy[] = ['copy', 'unnest', 'values'];

/** Rows of ids from `from` on; the last is given twice where the batch is to fail. */
async function* slowly(from: number, count: number, fails = false): AsyncGenerator<[number, string]> {
  for (let i = 0; i < count; i++) {
    if (i % 400 === 0) await new Promise(setImmediate);
    yield [from + i, 'batch'];
  }
  if (fails) yield [from, 'again'];
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  let tables = 0;
  const schema = 'batch_one_call_test';
  beforeAll(async () => {
    db = open(target.config);
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await db.close();
  });

  async function create(columns = 'id int4 PRIMARY KEY, name text'): Promise<string> {
    const table = `${schema}.t${++tables}`;
    await db.exec(`CREATE TABLE ${table} (${columns})`);
    return table;
  }

  async function idsOf(table: string, where = 'true'): Promise<number[]> {
    const { rows } = await db.query<{ id: number }>(`SELECT id FROM ${table} WHERE ${where} ORDER BY id`);
    return rows.map(({ id }) => id);
  }

  async function onConnection(use: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await db.connect();
    try {
      await use(connection);
    } finally {
      await connection.release();
    }
  }

  it.each(STRATEGIES)('what others do on the connection meanwhile stays when a batch fails: %s', (strategy) =>
    onConnection(async (connection) => {
      const table = await create();
      const batch = connection.batchInsert(table, ['id', 'name'], slowly(1, 6_000, true), { strategy });
      const ended = batch.then(
        () => false,
        () => true,
      );
      const acknowledged: number[] = [];
      for (let id = 100_000, over = false; !over; id++) {
        await connection.exec(`INSERT INTO ${table} VALUES ($1, 'other')`, [id]);
        acknowledged.push(id);
        over = await Promise.race([ended, new Promise<false>((resolve) => setImmediate(resolve, false))]);
      }
      expect(await ended).toBe(true);
      expect(await idsOf(table)).toEqual(acknowledged);
    }),
  );

  it.each(STRATEGIES)('two at once in one transaction: %s', async (strategy) => {
    const table = await create();
    await db.transaction(async (tx) => {
      await Promise.all([
        tx.batchInsert(table, ['id', 'name'], slowly(0, 3_000), { strategy }),
        tx.batchInsert(table, ['id', 'name'], slowly(10_000, 3_000), { strategy }),
      ]);
    });
    expect(await idsOf(table)).toHaveLength(6_000);
  });

  it.each(STRATEGIES)('of two at once in one transaction one may fail: %s', async (strategy) => {
    const table = await create();
    await db.transaction(async (tx) => {
      const [failed] = await Promise.allSettled([
        tx.batchInsert(table, ['id', 'name'], slowly(0, 3_000, true), { strategy }),
        tx.batchInsert(table, ['id', 'name'], slowly(10_000, 3_000), { strategy }),
        tx.exec(`INSERT INTO ${table} VALUES (99999, 'other')`),
      ]);
      expect(failed).toMatchObject({ status: 'rejected', reason: { code: '23505' } });
    });
    const ids = await idsOf(table);
    expect(ids).toHaveLength(3_001);
    expect(ids[0]).toBe(10_000);
  });

  it.each([{ onBadRow: 'collect' }, { transaction: 'perChunk', chunkRows: 500 }] as const)(
    'with the option %o',
    (options) =>
      onConnection(async (connection) => {
        const table = await create();
        const [batch, ...others] = await Promise.allSettled([
          connection.batchInsert(table, ['id', 'name'], slowly(0, 3_000, true), options),
          ...Array.from({ length: 50 }, (_, i) =>
            connection.exec(`INSERT INTO ${table} VALUES ($1, 'other')`, [100_000 + i]),
          ),
        ]);
        if ('transaction' in options) expect(batch.status).toBe('rejected');
        else expect(batch).toMatchObject({ value: { rowsInserted: 3_000, badRows: [{ index: 3_000 }] } });
        expect(others.every(({ status }) => status === 'fulfilled')).toBe(true);
        expect(await idsOf(table, `name = 'other'`)).toHaveLength(50);
      }),
  );

  it('rows that wait for a call on the same connection end in an error, not in a wait without end', () =>
    onConnection(async (connection) => {
      const table = await create();
      const rows = async function* (): AsyncGenerator<[number, string]> {
        yield* slowly(0, 1_000);
        for (let id = 5_000; id < 5_010; id++) {
          const row = await connection.queryRow<{ name: string }>(`SELECT 'x' AS name`);
          yield [id, row?.name ?? ''];
        }
      };
      const error = await rejectionOf(connection.batchInsert(table, ['id', 'name'], rows()));
      expect(error).toMatchObject({ code: 'KB_ROWS_OPEN' });
      expect(error.message).toContain('batchInsert()');
      expect(await idsOf(table)).toEqual([]);
      expect(await connection.queryRow('SELECT 1 AS n')).toEqual({ n: 1 });
    }));

  it('ends with the transaction that it is part of', async () => {
    const table = await create();
    let closed = false;
    const forEver = async function* (): AsyncGenerator<[number, string]> {
      try {
        yield* slowly(0, 1_000);
        await new Promise<never>(() => undefined);
      } finally {
        closed = true;
      }
    };
    let batch: Promise<unknown> | undefined;
    const transaction = db.transaction((tx) => (batch = tx.batchInsert(table, ['id', 'name'], forEver())), {
      timeout: 300,
    });
    await expect(transaction).rejects.toMatchObject({ code: 'KB_TIMEOUT' });
    await expect(batch).rejects.toMatchObject({ code: 'KB_TIMEOUT' });
    expect(closed).toBe(false); // it waits within: nobody can close it
    expect(await idsOf(table)).toEqual([]);
    expect(db.stats().inUse).toBe(0);
  });

  it.each(['whole', 'perChunk'] as const)(
    'behind a call that loses the connection it says so: %s',
    async (transaction) => {
      const table = await create();
      const connection = await db.connect();
      const last = connection.query('SELECT pg_terminate_backend(pg_backend_pid())');
      const batch = connection.batchInsert(table, ['id', 'name'], [[1, 'one']], { transaction });
      await expect(last).rejects.toThrow();
      await expect(batch).rejects.toMatchObject({ code: 'KB_CONNECTION_LOST' });
      await connection.release();
      expect(await idsOf(table)).toEqual([]);
    },
  );

  it('leaves nothing behind when there are no rows to be had', async () => {
    const { signal } = new AbortController();
    const listeners: unknown[] = [];
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: never, options?: never) => {
      listeners.push(listener);
      add(type, listener, options);
    };
    signal.removeEventListener = (type: string, listener: never) => {
      listeners.splice(listeners.indexOf(listener), 1);
      remove(type, listener);
    };
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const throwing = {
      [Symbol.iterator](): never {
        throw new Error('no iterator');
      },
    };
    for (const rows of [throwing, 5 as never, { length: 3 } as never]) {
      await expect(db.batchInsert('t', ['id'], rows, { signal, timeout: 100_000 })).rejects.toThrow();
    }
    expect(listeners).toEqual([]);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(timers);
  });
});
