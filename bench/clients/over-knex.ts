import { knex as openKnex, type Knex } from 'knex';
import type { Client, InsertRow, OpenClient, Row, Target } from '../client.js';

/** A client that runs Knex, which is told what is below it. */
export const openByKnex =
  (configOf: (target: Target) => Knex.Config): OpenClient =>
  (target, { connections }) => {
    const db = openKnex({ ...configOf(target), pool: { min: 0, max: connections } });
    const client: Client = {
      lookup: async (id) =>
        db<Row>('bench_lookup').where({ id }).first('id', 'name', 'balance', 'created_at'),
      fetchAll: async (sql) => (await db.raw<{ rows: Row[] }>(sql)).rows,
      insertRow: async (row: InsertRow) => {
        await db('bench_rows').insert(row);
      },
      close: () => db.destroy(),
    };
    return Promise.resolve(client);
  };
