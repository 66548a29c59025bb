import { createRequire } from 'node:module';
import { AbortedTransactionError, Kysely, sql } from 'kysely';
import { isDatabaseError, open, type Database } from 'kingbase-native';
import { KingbaseDialect } from 'kingbase-native/kysely';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { KyselyShop } from './kysely-shop.js';
import { MOST } from './shop-model.js';
import { testShop } from './shop.js';

testShop('KingbaseDialect', ({ host, port, user, database, schema, application, clientLibrary, options }) => {
  const config = { host, port, user, database, clientLibrary, options };
  return new KyselyShop(
    new KingbaseDialect({ ...config, applicationName: application, pool: { max: MOST } }),
    schema,
    String,
  );
});

/** Far longer than a test may take. */
const LONG = sql<{ slept: unknown }>`SELECT pg_sleep(60) AS slept`;

describe.each(inject('libraries'))('kingbase-native/kysely on $name', ({ path, flavour }) => {
  let db: Database;
  let observer: Database;
  let kysely: Kysely<Record<string, Record<string, unknown>>>;
  const printed = vi.spyOn(console, 'error');

  beforeEach(() => {
    const { host, port, user, database } = inject('server');
    const config = { host, port, user, database, clientLibrary: path };
    db = open({ ...config, pool: { max: 1 } });
    observer = open({ ...config, pool: { max: 1 } });
    kysely = new Kysely({ dialect: new KingbaseDialect(db) });
    printed.mockClear();
  });
  afterEach(async () => {
    await kysely.destroy();
    await db.close();
    await observer.close();
  });

  const backend = async (): Promise<number> => {
    const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(kysely);
    return rows[0]!.pid;
  };
  /** Aborts when the server is at the statement. */
  const abortWhenRunning = (pid: number, reason: Error): AbortSignal => {
    const controller = new AbortController();
    const running = vi.waitFor(
      async () => {
        const found = await observer.query(
          `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`,
          [pid],
        );
        expect(found.rowCount).toBe(1);
      },
      { timeout: 10_000 },
    );
    void running.finally(() => {
      controller.abort(reason);
    });
    return controller.signal;
  };

  it('is the same by require', () => {
    const required = createRequire(__filename)('kingbase-native/kysely') as { KingbaseDialect: unknown };
    expect(required.KingbaseDialect).toBe(KingbaseDialect);
  });

  it('leaves a database open that it was given', async () => {
    expect(await backend()).toBeTypeOf('number');
    await kysely.destroy();
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('gives values and errors as the driver does', async () => {
    const { rows } = await sql`SELECT 9007199254740993 AS big, '1.50'::numeric AS exact`.execute(kysely);
    expect(rows).toEqual([{ big: 9007199254740993n, exact: '1.50' }]);
    const error: unknown = await sql`SELECT 1 / 0`.execute(kysely).catch((failed: unknown) => failed);
    expect(isDatabaseError(error, 'division_by_zero')).toBe(true);
  });

  it.each(['ignore query', 'cancel query', 'kill session'] as const)(
    'stops a statement on the server by a signal, told to "%s"',
    async (inflightQueryAbortStrategy) => {
      const pid = await backend();
      const reason = new Error('no longer wanted');
      const signal = abortWhenRunning(pid, reason);
      await expect(LONG.execute(kysely, { signal, inflightQueryAbortStrategy })).rejects.toBe(reason);
      // The only connection of the pool is to be had again long before the statement would have ended.
      const next = await backend();
      if (inflightQueryAbortStrategy === 'kill session') expect(next).not.toBe(pid);
      else expect(next).toBe(pid);
      expect(printed).not.toHaveBeenCalled();
    },
  );

  it('stops a stream by a signal', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const numbers = kysely
      .selectFrom(sql<{ n: number }>`generate_series(1, 10000000)`.as<'numbers'>(sql`numbers(n)`))
      .select('n')
      .stream({ chunkSize: 100, signal: controller.signal });
    const read = async (): Promise<void> => {
      for await (const { n } of numbers) if (n === 150) controller.abort(reason);
    };
    await expect(read()).rejects.toBe(reason);
    expect(await backend()).toBeTypeOf('number');
    expect(printed).not.toHaveBeenCalled();
  });

  it('says that a transaction was not committed in which a statement had failed', async () => {
    const transaction = kysely.transaction().execute(async (tx) => {
      await sql`SELECT 1 / 0`.execute(tx).catch(() => undefined);
    });
    await expect(transaction).rejects.toBeInstanceOf(AbortedTransactionError);
  });

  it('begins transactions as they are asked for', async () => {
    const settings = await kysely
      .transaction()
      .setIsolationLevel('serializable')
      .setAccessMode('read only')
      .execute(async (tx) => {
        const { rows } =
          await sql`SELECT current_setting('transaction_isolation') AS level, current_setting('transaction_read_only') AS only`.execute(
            tx,
          );
        return rows;
      });
    expect(settings).toEqual([{ level: 'serializable', only: 'on' }]);
  });

  it('tells of schemas, tables and columns', async () => {
    // A database of its own: the catalogue of another would change while it is read.
    const { host, port, user } = inject('server');
    const database = `introspected_${flavour}`;
    await db.exec(`DROP DATABASE IF EXISTS ${database}`);
    await db.exec(`CREATE DATABASE ${database}`);
    const alone = open({ host, port, user, database, clientLibrary: path, pool: { max: 1 } });
    const { introspection } = new Kysely({ dialect: new KingbaseDialect(alone) });
    try {
      await alone.exec(
        'CREATE TABLE introspected (id serial PRIMARY KEY, 名称 text NOT NULL, price numeric(12, 2))',
      );
      const tables = await introspection.getTables();
      const table = tables.find(({ name }) => name === 'introspected');
      expect(table?.columns).toEqual([
        expect.objectContaining({
          name: 'id',
          dataType: 'int4',
          isAutoIncrementing: true,
          isNullable: false,
        }),
        expect.objectContaining({ name: '名称', dataType: 'text', isNullable: false }),
        expect.objectContaining({ name: 'price', dataType: 'numeric', isNullable: true }),
      ]);
      const schemas = await introspection.getSchemas();
      expect(schemas.map(({ name }) => name)).toContain('public');
    } finally {
      await alone.close();
      await db.exec(`DROP DATABASE ${database}`);
    }
  });
});
