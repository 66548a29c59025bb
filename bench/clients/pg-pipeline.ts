import { Client } from 'pg';
import { lookupSql, type OpenClient, type Row } from '../client.js';

/** pg with its `pipeline` option. pg.Pool lends a client to one query at a time, so the clients take turns instead. */
export const open: OpenClient = async (target, { connections }) => {
  const clients = Array.from({ length: connections }, () => new Client({ ...target, pipeline: true }));
  await Promise.all(clients.map((client) => client.connect()));
  let turn = 0;
  const next = () => {
    const client = clients[turn++ % clients.length];
    if (!client) throw new Error('pg-pipeline needs at least one connection.');
    return client;
  };
  return {
    lookup: async (id) =>
      (await next().query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
    fetchAll: async (sql) => (await next().query<Row>(sql)).rows,
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
};
