import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import {
  columnsOf,
  cursorRows,
  insertColumns,
  slices,
  unnestRows,
  valuesRows,
  type InsertRow,
  type OpenClient,
  type Row,
} from '../client.js';

/** Type numbers of arrays, of which postgres cannot tell a date's from its values. */
const [int4Array, int8Array, float8Array, textArray, timestamptzArray] = [1007, 1016, 1022, 1009, 1185];

export const open: OpenClient = async ({ host, port, user, password, database }, { connections }) => {
  const sql = postgres({
    host,
    port,
    user,
    database,
    ...(password !== undefined && { password }),
    max: connections,
    // It would otherwise ask each new connection for the array types of the server, of which nothing here is used.
    fetch_types: false,
  });
  // It connects at the first query. (`reserve()`, in 3.4.9, never resolves without `fetch_types`.)
  if (connections === 1) await sql.unsafe('select 1');

  const unnest = (rows: InsertRow[], returning: boolean) =>
    sql.begin(async (tx) => {
      const returned: Row[] = [];
      for (const slice of slices(rows, unnestRows)) {
        const columns = columnsOf(slice);
        const [id, account, amount, name, created] = [
          tx.array(columns.id, int4Array),
          tx.array(columns.account, int8Array),
          tx.array(columns.amount, float8Array),
          tx.array(columns.name, textArray),
          tx.array(columns.created_at, timestamptzArray),
        ];
        const result = returning
          ? await tx<Row[]>`insert into bench_insert (id, account, amount, name, created_at)
              select * from unnest(${id}, ${account}, ${amount}, ${name}, ${created}) returning id`
          : await tx<Row[]>`insert into bench_insert (id, account, amount, name, created_at)
              select * from unnest(${id}, ${account}, ${amount}, ${name}, ${created})`;
        for (const row of result) returned.push(row);
      }
      return returned;
    });

  return {
    lookup: async (id) =>
      (await sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`)[0],
    fetchAll: (text) => sql.unsafe<Row[]>(text),
    insert: {
      values: (rows) =>
        sql.begin(async (tx) => {
          for (const slice of slices(rows, valuesRows)) {
            await tx`insert into bench_insert ${tx(slice, ...insertColumns)}`;
          }
          return undefined;
        }),
      unnest: async (rows) => {
        await unnest(rows, false);
        return undefined;
      },
      'unnest returning': (rows) => unnest(rows, true),
    },
    stream: {
      cursor: async (text, use) => {
        for await (const rows of sql.unsafe<Row[]>(text).cursor(cursorRows)) {
          for (const row of rows) use(row);
        }
      },
    },
    copyIn: async (text, chunks) => {
      await pipeline(Readable.from(chunks), await sql.unsafe(text).writable());
    },
    copyOut: async (text, use) => {
      const bytes: AsyncIterable<Buffer> = await sql.unsafe(text).readable();
      for await (const chunk of bytes) use(chunk);
    },
    close: () => sql.end(),
  };
};
