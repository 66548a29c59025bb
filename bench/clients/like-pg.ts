import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type Cursor from 'pg-cursor';
import type QueryStream from 'pg-query-stream';
import type { Client, ClientConfig, Pool, PoolConfig } from 'pg';
import {
  awaitedUntil,
  balanceOf,
  balanceSql,
  columnsOf,
  cursorRows,
  insertRowSql,
  insertUnnestSql,
  insertValuesSql,
  ledgerSql,
  lookupSql,
  setBalanceSql,
  slices,
  unnestRows,
  valuesRows,
  type Client as BenchClient,
  type InsertRow,
  type OpenClient,
  type Row,
  type Target,
} from '../client.js';

/** What pg is told; as everywhere here, the server's certificate is checked but for its name. */
export const configOf = ({ host, port, user, password, database, ca }: Target): ClientConfig => ({
  host,
  port,
  user,
  database,
  ...(password !== undefined && { password }),
  ...(ca !== undefined && { ssl: { ca: readFileSync(ca), checkServerIdentity: () => undefined } }),
});

/** What the driver's module is told besides. */
export const libraryOf = ({ library }: Target): object =>
  library === undefined ? {} : { kingbase: { clientLibrary: library } };

/** A module that is like pg, with what comes in packages of its own for pg. */
export interface PgModule {
  Client: new (config: ClientConfig) => Client;
  Pool: new (config: PoolConfig) => Pool;
  cursor: () => Promise<typeof Cursor>;
  queryStream: () => Promise<typeof QueryStream>;
  copy: () => Promise<{ from: typeof copyFrom; to: typeof copyTo }>;
}

/** @param more what the module is told besides */
export const openLikePg =
  (module: PgModule, more: (target: Target) => object = () => ({})): OpenClient =>
  async (target, { connections }) => {
    const config = { ...configOf(target), ...more(target) };
    const single = connections === 1 ? new module.Client(config) : undefined;
    const pool = single === undefined ? new module.Pool({ ...config, max: connections }) : undefined;
    const session = (single ?? pool) as Client | Pool;
    await single?.connect();
    return {
      lookup: async (id) =>
        (await session.query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
      fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
      // `query_timeout` gives the call up; the statement goes on, and pg takes no signal.
      lookupWithin: async (id, { timeout, signal }) => {
        const query = { name: 'lookup', text: lookupSql, values: [id], query_timeout: timeout };
        return (await awaitedUntil(signal, session.query<Row>(query))).rows[0];
      },
      insertRow: async ({ id, account, amount, name, created_at }) => {
        await session.query({
          name: 'insert',
          text: insertRowSql,
          values: [id, account, amount, name, created_at],
        });
      },
      ...(pool && { transfer: transferOf(pool) }),
      ...(single && bulkOf(module, single)),
      close: () => session.end(),
    };
  };

/** It has no helper: its documentation has this function written out. */
const transferOf = (pool: Pool): NonNullable<BenchClient['transfer']> => ({
  '': async (account, amount) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const read = { name: 'balance', text: balanceSql, values: [account] };
      const balance = balanceOf((await client.query<Row>(read)).rows) + amount;
      await client.query({ name: 'set balance', text: setBalanceSql, values: [account, balance] });
      await client.query({ name: 'ledger', text: ledgerSql, values: [account, amount, balance] });
      await client.query('COMMIT');
      return balance;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  },
});

function bulkOf(
  module: PgModule,
  client: Client,
): Pick<BenchClient, 'insert' | 'stream' | 'copyIn' | 'copyOut'> {
  const whole = async <T>(work: () => Promise<T>): Promise<T> => {
    await client.query('begin');
    const result = await work();
    await client.query('commit');
    return result;
  };
  const unnest = (rows: InsertRow[], name: string, text: string) =>
    whole(async () => {
      const returned: Row[] = [];
      for (const slice of slices(rows, unnestRows)) {
        const { id, account, amount, name: names, created_at } = columnsOf(slice);
        const result = await client.query<Row>({
          name,
          text,
          values: [id, account, amount, names, created_at],
        });
        for (const row of result.rows) returned.push(row);
      }
      return returned;
    });
  return {
    insert: {
      values: (rows) =>
        whole(async () => {
          for (const slice of slices(rows, valuesRows)) {
            const values: unknown[] = [];
            for (const row of slice) values.push(row.id, row.account, row.amount, row.name, row.created_at);
            await client.query({ name: `values ${slice.length}`, text: valuesText(slice.length), values });
          }
          return undefined;
        }),
      unnest: async (rows) => {
        await unnest(rows, 'unnest', insertUnnestSql);
        return undefined;
      },
      'unnest returning': (rows) => unnest(rows, 'unnest returning', `${insertUnnestSql} returning id`),
    },
    stream: {
      'pg-cursor': async (sql, use, rowsAtATime = cursorRows) => {
        const OneCursor = await module.cursor();
        const cursor = client.query(new OneCursor(sql));
        for (;;) {
          const rows = await cursor.read(rowsAtATime);
          if (rows.length === 0) break;
          for (const row of rows) use(row);
        }
        await cursor.close();
      },
      'pg-query-stream': async (sql, use, rowsAtATime = cursorRows) => {
        const Stream = await module.queryStream();
        const rows: AsyncIterable<Row> = client.query(new Stream(sql, [], { batchSize: rowsAtATime }));
        for await (const row of rows) use(row);
      },
    },
    copyIn: async (sql, chunks) => {
      const { from } = await module.copy();
      await pipeline(Readable.from(chunks), client.query(from(sql)));
    },
    copyOut: async (sql, sink) => {
      const { to } = await module.copy();
      await pipeline(client.query(to(sql)), sink);
    },
  };
}

const valuesTexts = new Map<number, string>();

function valuesText(rowCount: number): string {
  let text = valuesTexts.get(rowCount);
  if (text === undefined) valuesTexts.set(rowCount, (text = insertValuesSql(rowCount)));
  return text;
}
