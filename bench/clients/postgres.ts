import postgres from 'postgres';
import type { OpenClient, Row } from '../client.js';

export const open: OpenClient = ({ host, port, user, database }, { connections }) => {
  const sql = postgres({ host, port, user, database, max: connections });
  return Promise.resolve({
    lookup: async (id) =>
      (await sql<Row[]>`select id, name, balance, created_at from bench_lookup where id = ${id}`)[0],
    fetchAll: (text) => sql.unsafe<Row[]>(text),
    close: () => sql.end(),
  });
};
