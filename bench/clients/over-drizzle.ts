import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, doublePrecision, integer, numeric, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Pool, PoolConfig } from 'pg';
import type { OpenClient, Row, Target } from '../client.js';
import { configOf } from './like-pg.js';

const lookup = pgTable('bench_lookup', {
  id: integer().primaryKey(),
  name: text(),
  balance: numeric({ precision: 12, scale: 2 }),
  created_at: timestamp({ withTimezone: true }),
});
const rows = pgTable('bench_rows', {
  id: integer(),
  account: bigint({ mode: 'number' }),
  amount: doublePrecision(),
  name: text(),
  created_at: timestamp({ withTimezone: true }),
});

/**
 * A client that runs Drizzle on a pool that is like pg's.
 *
 * @param more what the pool is told besides
 */
export const openByDrizzle =
  (OnePool: new (config: PoolConfig) => Pool, more: (target: Target) => object = () => ({})): OpenClient =>
  (target, { connections }) => {
    const pool = new OnePool({ ...configOf(target), ...more(target), max: connections });
    const db = drizzle({ client: pool });
    return Promise.resolve({
      lookup: async (id) => (await db.select().from(lookup).where(eq(lookup.id, id)))[0],
      // Not by Drizzle, which leaves times of SQL that it has not written as text.
      fetchAll: async (text) => (await pool.query<Row>(text)).rows,
      insertRow: async (row) => {
        await db.insert(rows).values(row);
      },
      close: () => pool.end(),
    });
  };
