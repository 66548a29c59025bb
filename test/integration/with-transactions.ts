import { afterEach, beforeEach, expect } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { until } from '../support/rejections.js';
import type { Target } from '../support/targets.js';

export const FOR_EVER = 'SELECT pg_sleep(600)';

/** A database, and a table of one's own that transactions write to; made anew for each test. */
export interface World {
  readonly db: Database;
  /** For looking at it from outside. */
  readonly admin: Database;
  readonly table: string;
  /** Those that the table has. */
  readonly ids: () => Promise<unknown[]>;
  readonly insert: (on: Transaction | Database, id: number) => Promise<unknown>;
  readonly untilSleeping: (processId: number) => Promise<void>;
  /** Nothing is in use, and no session of the pool is in a transaction. */
  readonly expectClean: () => Promise<void>;
}

/** @param name of the table, but for the library's */
export function transactionWorld(target: Target, name: string): World {
  const table = `${name}_${target.flavour}`;
  let db: Database;
  let admin: Database;

  beforeEach(async () => {
    db = open({ ...target.config, pool: { max: 4 } });
    admin = open({ ...target.config, pool: { max: 2 } });
    await admin.script(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int4 PRIMARY KEY, v int4)`);
  });
  afterEach(async () => {
    // What is left open is the fault of a test that has failed.
    await Promise.all([db.close({ timeout: 1_000 }), admin.close({ timeout: 1_000 })]);
  });

  return {
    table,
    get db() {
      return db;
    },
    get admin() {
      return admin;
    },
    ids: async () =>
      (await admin.query(`SELECT id FROM ${table} ORDER BY id`, [], { rowMode: 'array' })).rows.flat(),
    insert: (on, id) => on.exec(`INSERT INTO ${table} VALUES ($1, 0)`, [id]),
    untilSleeping: (processId) =>
      until('it sleeps', async () => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
        return (await admin.queryRow(sql, [processId])) !== undefined;
      }),
    expectClean: async () => {
      expect(db.stats().inUse).toBe(0);
      await expect(db.exec('SAVEPOINT outside')).rejects.toMatchObject({ code: '25P01' });
    },
  };
}
