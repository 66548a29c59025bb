import { Client, Pool } from 'pg';
import { lookupSql, type OpenClient, type Row } from '../client.js';

export const open: OpenClient = async (target, { connections }) => {
  const session = connections === 1 ? new Client(target) : new Pool({ ...target, max: connections });
  if (session instanceof Client) await session.connect();
  return {
    lookup: async (id) =>
      (await session.query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
    fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
    close: () => session.end(),
  };
};
