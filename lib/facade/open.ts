import { parseConfig, type PlainConfig } from '../config/index.js';
import { Database } from './database.js';
import type { OnConnect } from './sessions/on-connect.js';

/** Options of a database, as an object. */
export interface ConnectionConfig extends PlainConfig {
  /**
   * Run once on each new connection, before its first use: for settings, roles and temporary tables. Its failure is that of
   * the connection, which is closed, and its time is part of `connectTimeout`.
   */
  onConnect?: OnConnect | undefined;
}

/**
 * Opens a database. Does no I/O: the client library is loaded and connections are made when first needed (as `sql.Open`
 * of Go's database/sql).
 *
 * @param config a URL (`kingbase://user:password@host:54321/database`), libpq keywords (`host=… dbname=…`) or an object;
 *   without it everything comes from the environment: `KINGBASE_URL`, `KINGBASE_HOST`, …
 * @param overrides go before what `config` says; what neither says comes from the environment. `trust: 'untrusted'` here
 *   says that somebody else wrote `config`
 * @throws UsageError `KB_BAD_OPTION`
 */
export function open(config?: string | ConnectionConfig, overrides?: ConnectionConfig): Database {
  return Database.create(parseConfig(config, overrides));
}
