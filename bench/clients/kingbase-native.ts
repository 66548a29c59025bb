import type { Readable, Writable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open as openDatabase } from 'kingbase-native';
import {
  insertColumns,
  lookupSql,
  type Client as BenchClient,
  type InsertRow,
  type OpenClient,
  type Row,
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

export const open: OpenClient = async ({ library, ...server }, { connections }) => {
  const db = openDatabase({
    ...server,
    ...(library !== undefined && { clientLibrary: library }),
    pool: { max: connections },
    // The peers give int8 as a string; ours would give a bigint.
    types: { int8: 'string' },
  });
  const connection = connections === 1 ? await db.connect() : undefined;
  const session = connection ?? db;
  return {
    lookup: async (id) => (await session.query<Row>(lookupSql, [id])).rows[0],
    fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
    ...bulkOf(session),
    close: async () => {
      await connection?.[Symbol.asyncDispose]();
      await db.close();
    },
  };
};

function bulkOf(session: object): Pick<BenchClient, 'insert' | 'stream' | 'copyIn' | 'copyOut'> {
  const has = (method: keyof Bulk): boolean => method in session;
  const bulk = session as Bulk;
  const insert =
    (options: { strategy?: string; returning?: readonly string[] }) => async (rows: InsertRow[]) =>
      (await bulk.batchInsert('bench_insert', insertColumns, rows, options)).rows;
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
      copyIn: (sql: string, chunks: readonly Buffer[]) =>
        pipeline(ReadableStream.from(chunks), bulk.copyFrom(sql)),
    }),
    ...(has('copyTo') && {
      copyOut: async (sql: string, use: (chunk: Buffer) => void) => {
        const bytes: AsyncIterable<Buffer> = bulk.copyTo(sql);
        for await (const chunk of bytes) use(chunk);
      },
    }),
  };
}
