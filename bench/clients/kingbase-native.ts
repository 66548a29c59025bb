import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open as openDatabase, type Queryable } from 'kingbase-native';
import {
  balanceOf,
  balanceSql,
  insertColumns,
  insertRowSql,
  ledgerSql,
  lookupSql,
  setBalanceSql,
  type Client as BenchClient,
  type InsertRow,
  type OpenClient,
  type OpenOptions,
  type Row,
  type Target,
} from '../client.js';

/** The part of the contract that measured revisions may lack: a workload that needs what is absent leaves it out. */
interface Bulk {
  batchInsert(
    table: string,
    columns: readonly string[],
    rows: Iterable<InsertRow>,
    options?: { strategy?: string; returning?: readonly string[] },
  ): Promise<{ rowsInserted: number; rows?: Row[] }>;
  rows(sql: string): AsyncIterable<Row> & { batches(): AsyncIterable<Row[]> };
  copyFrom(sql: string): Writable;
  copyTo(sql: string): Readable;
}

export const open: OpenClient = (target, options) => openWith(target, options, false);

export async function openWith(
  target: Target,
  { connections, closedAtOnce = false }: OpenOptions,
  pipeline: boolean,
): Promise<BenchClient> {
  if (closedAtOnce) return openedAndClosed(target);
  const db = databaseOf(target, { max: connections }, pipeline);
  const connection = connections === 1 ? await db.connect() : undefined;
  const session = connection ?? db;
  return {
    ...queriesOf(session),
    ...bulkOf(session),
    able: !pipeline || db.clientLibrary().capabilities.pipeline,
    transfer: {
      '': (account, amount) =>
        session.transaction(async (tx) => {
          const balance = balanceOf((await tx.query<Row>(balanceSql, [account])).rows) + amount;
          await tx.exec(setBalanceSql, [account, balance]);
          await tx.exec(ledgerSql, [account, amount, balance]);
          return balance;
        }),
      together: (account, amount) =>
        session.transaction(async (tx) => {
          const balance = balanceOf((await tx.query<Row>(balanceSql, [account])).rows) + amount;
          await Promise.all([
            tx.exec(setBalanceSql, [account, balance]),
            tx.exec(ledgerSql, [account, amount, balance]),
          ]);
          return balance;
        }),
    },
    close: async () => {
      await connection?.[Symbol.asyncDispose]();
      await db.close();
    },
  };
}

function databaseOf(
  { library, ca, ...server }: Target,
  pool: { max: number; maxIdle?: number },
  pipeline = false,
) {
  return openDatabase({
    ...server,
    ...(library !== undefined && { clientLibrary: library }),
    ...(ca !== undefined && { sslmode: 'verify-ca', sslrootcert: ca }),
    pool,
    // The peers give int8 as a string; ours would give a bigint.
    types: { int8: 'string' },
    ...(pipeline && { pipeline }),
  });
}

let database: ReturnType<typeof databaseOf> | undefined;

/** A program opens its database once. What it releases is closed where no idle connection is to be kept. */
async function openedAndClosed(target: Target): Promise<BenchClient> {
  database ??= databaseOf(target, { max: 1, maxIdle: 0 });
  const connection = await database.connect();
  return { ...queriesOf(connection), close: () => connection[Symbol.asyncDispose]() };
}

const queriesOf = (
  session: Queryable,
): Pick<BenchClient, 'lookup' | 'lookupWithin' | 'fetchAll' | 'insertRow'> => ({
  lookup: async (id) => (await session.query<Row>(lookupSql, [id])).rows[0],
  lookupWithin: async (id, limits) => (await session.query<Row>(lookupSql, [id], limits)).rows[0],
  insertRow: async ({ id, account, amount, name, created_at }) => {
    await session.exec(insertRowSql, [id, account, amount, name, created_at]);
  },
  fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
});

function bulkOf(session: object): Pick<BenchClient, 'insert' | 'stream' | 'copyIn' | 'copyOut'> {
  const has = (method: keyof Bulk): boolean => method in session;
  const bulk = session as Bulk;
  const insert =
    (options: { strategy?: string; returning?: readonly string[] }) => async (rows: InsertRow[]) =>
      (await bulk.batchInsert('bench_rows', insertColumns, rows, options)).rows;
  return {
    ...(has('batchInsert') && {
      insert: {
        auto: insert({}),
        copy: insert({ strategy: 'copy' }),
        unnest: insert({ strategy: 'unnest' }),
        values: insert({ strategy: 'values' }),
        'unnest returning': insert({ strategy: 'unnest', returning: ['id'] }),
      },
    }),
    ...(has('rows') && {
      stream: {
        rows: async (sql: string, use: (row: Row) => void) => {
          for await (const row of bulk.rows(sql)) use(row);
        },
        batches: async (sql: string, use: (row: Row) => void) => {
          for await (const rows of bulk.rows(sql).batches()) for (const row of rows) use(row);
        },
      },
    }),
    ...(has('copyFrom') && {
      copyIn: (sql: string, chunks: readonly Buffer[]) => pipeline(Readable.from(chunks), bulk.copyFrom(sql)),
    }),
    ...(has('copyTo') && { copyOut: (sql: string, sink: Writable) => pipeline(bulk.copyTo(sql), sink) }),
  };
}
