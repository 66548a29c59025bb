import path from 'node:path';
import { stoppedBy, type OpenClient, type Row } from '../client.js';

/** What is used of the client that Bun has built in (https://bun.com/docs/runtime/sql); it is there on Bun alone. */
interface BunSql {
  <T>(strings: TemplateStringsArray, ...parameters: unknown[]): Promise<T> & { cancel(): void };
  unsafe<T>(sql: string): Promise<T>;
  close(): Promise<void>;
}
interface BunRuntime {
  SQL: new (options: object) => BunSql;
}

export const open: OpenClient = async ({ host, port, user, password, database }, { connections }) => {
  const { SQL } = (globalThis as unknown as { Bun: BunRuntime }).Bun;
  const sql = new SQL({
    adapter: 'postgres',
    // A socket is given by its own path and not by its directory's.
    ...(host.startsWith('/') ? { path: path.join(host, `.s.PGSQL.${port}`) } : { hostname: host, port }),
    username: user,
    database,
    ...(password !== undefined && { password }),
    tls: false,
    max: connections,
  });
  // It connects at the first query.
  if (connections === 1) await sql.unsafe('select 1');
  return {
    lookup: async (id) =>
      (await sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`)[0],
    lookupWithin: async (id, limits) => {
      const query = sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`;
      return (await stoppedBy(limits, query, () => query.cancel()))[0];
    },
    fetchAll: (query) => sql.unsafe<Row[]>(query),
    // An int8 is a number there while it is exact; of the rows that are compared, column b is one.
    asPgGives: (row) => ('b' in row ? { ...row, b: String(row['b']) } : row),
    insertRow: async ({ id, account, amount, name, created_at }) => {
      await sql`insert into bench_rows (id, account, amount, name, created_at)
        values (${id}, ${account}, ${amount}, ${name}, ${created_at})`;
    },
    close: () => sql.close(),
  };
};
