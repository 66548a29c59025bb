/** Where the server listens, and what the clients sign in as. */
export interface Target {
  /** A host address, or the directory of the Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
  /** Path of the Kingbase client library; without it kingbase-native searches for one as it always does. */
  library?: string;
}

export type Row = Record<string, unknown>;

/** What a workload may ask of a client: each implements it as its own documentation tells its users to. */
export interface Client {
  /** The row with this id of the table `bench_lookup`, through a prepared statement. */
  lookup(id: number): Promise<Row | undefined>;
  /** All rows of a statement without parameters, with the client's usual conversion of values. */
  fetchAll(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * Opens a client with at most so many connections. One connection means the client's form for a single session
 * where it has one, more mean its pool.
 */
export type OpenClient = (target: Target, options: { connections: number }) => Promise<Client>;

export const lookupSql = 'select id, name, balance, created_at from bench_lookup where id = $1';

export const clientNames = ['kingbase-native', 'pg', 'pg-pipeline', 'pg-native', 'postgres'] as const;
export type ClientName = (typeof clientNames)[number];
