import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import {
  balanceOf,
  columnsOf,
  cursorRows,
  insertColumns,
  slices,
  stoppedBy,
  unnestRows,
  valuesRows,
  type InsertRow,
  type OpenClient,
  type Row,
} from '../client.js';

/** Type numbers of the elements, of which postgres cannot tell an array of dates' from its values. */
const [int4, int8, float8, text, timestamptz] = [23, 20, 701, 25, 1184];

export const open: OpenClient = async (
  { host, port, user, password, database, ca },
  { connections, closedAtOnce = false },
) => {
  const sql = postgres({
    host,
    port,
    user,
    database,
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ssl: { ca: readFileSync(ca), checkServerIdentity: () => undefined } }),
    max: connections,
    // Unless told not to, it asks each new connection for the server's array types, which inserts need.
    ...(closedAtOnce && { fetch_types: false }),
  });
  // It connects at the first query. (`reserve()`, in 3.4.9, never resolves without `fetch_types`.)
  if (connections === 1) await sql.unsafe('select 1');

  const unnest = (rows: InsertRow[], returning: boolean) =>
    sql.begin(async (tx) => {
      const returned: Row[] = [];
      for (const slice of slices(rows, unnestRows)) {
        const columns = columnsOf(slice);
        const [id, account, amount, name, created] = [
          tx.array(columns.id, int4),
          tx.array(columns.account, int8),
          tx.array(columns.amount, float8),
          tx.array(columns.name, text),
          tx.array(columns.created_at, timestamptz),
        ];
        const result = returning
          ? await tx<Row[]>`insert into bench_rows (id, account, amount, name, created_at)
              select * from unnest(${id}, ${account}, ${amount}, ${name}, ${created}) returning id`
          : await tx<Row[]>`insert into bench_rows (id, account, amount, name, created_at)
              select * from unnest(${id}, ${account}, ${amount}, ${name}, ${created})`;
        for (const row of result) returned.push(row);
      }
      return returned;
    });

  return {
    lookup: async (id) =>
      (await sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`)[0],
    fetchAll: (query) => sql.unsafe<Row[]>(query),
    lookupWithin: async (id, limits) => {
      const query = sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`;
      return (await stoppedBy(limits, query, () => query.cancel()))[0];
    },
    insertRow: async ({ id, account, amount, name, created_at }) => {
      await sql`insert into bench_rows (id, account, amount, name, created_at)
        values (${id}, ${account}, ${amount}, ${name}, ${created_at})`;
    },
    transfer: {
      '': (account, amount) =>
        sql.begin(async (tx) => {
          const rows = await tx<Row[]>`select balance from bench_accounts where id = ${account} for update`;
          const balance = balanceOf(rows) + amount;
          await tx`update bench_accounts set balance = ${balance} where id = ${account}`;
          await tx`insert into bench_ledger (account, amount, balance) values (${account}, ${amount}, ${balance})`;
          return balance;
        }),
      together: (account, amount) =>
        sql.begin(async (tx) => {
          const rows = await tx<Row[]>`select balance from bench_accounts where id = ${account} for update`;
          const balance = balanceOf(rows) + amount;
          await Promise.all([
            tx`update bench_accounts set balance = ${balance} where id = ${account}`,
            tx`insert into bench_ledger (account, amount, balance) values (${account}, ${amount}, ${balance})`,
          ]);
          return balance;
        }),
    },
    insert: {
      values: (rows) =>
        sql.begin(async (tx) => {
          for (const slice of slices(rows, valuesRows)) {
            await tx`insert into bench_rows ${tx(slice, ...insertColumns)}`;
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
      cursor: async (query, use, rowsAtATime = cursorRows) => {
        for await (const rows of sql.unsafe<Row[]>(query).cursor(rowsAtATime)) {
          for (const row of rows) use(row);
        }
      },
    },
    copyIn: async (query, chunks) => {
      await pipeline(Readable.from(chunks), await sql.unsafe(query).writable());
    },
    // Read by `for await` instead, 3.4.9 now and then leaves its socket paused after the last piece and takes no further
    // statement.
    copyOut: async (query, sink) => {
      await pipeline(await sql.unsafe(query).readable(), sink);
    },
    close: () => sql.end(),
  };
};
