import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Kysely,
  type QueryCompiler,
} from 'kysely';
import { Database, open, type ConnectionConfig } from '../../index.js';
import { KingbaseDriver } from './driver.mjs';

/**
 * Kysely's dialect for KingbaseES. The SQL is that of Kysely's own PostgreSQL dialect; values, errors and the pool are the
 * driver's.
 */
export class KingbaseDialect implements Dialect {
  /**
   * @param source what `open` takes, and the database is closed by Kysely's `destroy`; or a Database, which stays open then,
   *   since others may use it
   */
  constructor(private readonly source: Database | string | ConnectionConfig) {}

  createDriver(): KingbaseDriver {
    const { source } = this;
    return source instanceof Database
      ? new KingbaseDriver(source, false)
      : new KingbaseDriver(open(source), true);
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}
