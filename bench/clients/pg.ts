import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client, Pool } from 'pg';
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

export const open: OpenClient = async (target, { connections }) => {
  const session = connections === 1 ? new Client(target) : new Pool({ ...target, max: connections });
  if (session instanceof Client) await session.connect();
  return {
    lookup: async (id) =>
      (await session.query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
    fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
    ...(session instanceof Client && bulkOf(session)),
    close: () => session.end(),
  };
};

function bulkOf(client: Client): Pick<BenchClient, 'insert' | 'stream' | 'copyIn' | 'copyOut'> {
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
        const { default: Cursor } = await import('pg-cursor');
        const cursor = client.query(new Cursor(sql));
        for (;;) {
          const rows = await cursor.read(cursorRows);
          if (rows.length === 0) break;
          for (const row of rows) use(row);
        }
        await cursor.close();
      },
      'pg-query-stream': async (sql, use) => {
        const { default: QueryStream } = await import('pg-query-stream');
        const rows: AsyncIterable<Row> = client.query(new QueryStream(sql, [], { batchSize: cursorRows }));
        for await (const row of rows) use(row);
      },
    },
    copyIn: async (sql, chunks) => {
      const { from } = await import('pg-copy-streams');
      await pipeline(Readable.from(chunks), client.query(from(sql)));
    },
    copyOut: async (sql, sink) => {
      const { to } = await import('pg-copy-streams');
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
