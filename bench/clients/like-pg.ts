import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type Cursor from 'pg-cursor';
import type QueryStream from 'pg-query-stream';
import type { Client, ClientConfig, Pool, PoolConfig } from 'pg';
import {
  columnsOf,
  cursorRows,
  insertUnnestSql,
  insertValuesSql,
  lookupSql,
  slices,
  unnestRows,
  valuesRows,
  type Client as BenchClient,
  type InsertRow,
  type OpenClient,
  type Row,
} from '../client.js';

/** A module that is like pg, with what comes in packages of its own for pg. */
export interface PgModule {
  Client: new (config: ClientConfig) => Client;
  Pool: new (config: PoolConfig) => Pool;
  cursor: () => Promise<typeof Cursor>;
  queryStream: () => Promise<typeof QueryStream>;
  copy: () => Promise<{ from: typeof copyFrom; to: typeof copyTo }>;
}

export const openLikePg =
  (module: PgModule): OpenClient =>
  async (target, { connections }) => {
    const single = connections === 1 ? new module.Client(target) : undefined;
    const session = single ?? new module.Pool({ ...target, max: connections });
    await single?.connect();
    return {
      lookup: async (id) =>
        (await session.query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
      fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
      ...(single && bulkOf(module, single)),
      close: () => session.end(),
    };
  };

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
      'pg-cursor': async (sql, use) => {
        const OneCursor = await module.cursor();
        const cursor = client.query(new OneCursor(sql));
        for (;;) {
          const rows = await cursor.read(cursorRows);
          if (rows.length === 0) break;
          for (const row of rows) use(row);
        }
        await cursor.close();
      },
      'pg-query-stream': async (sql, use) => {
        const Stream = await module.queryStream();
        const rows: AsyncIterable<Row> = client.query(new Stream(sql, [], { batchSize: cursorRows }));
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
