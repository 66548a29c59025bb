import type { Writable } from 'node:stream';

/** Where the server listens, and what the clients sign in as. */
export interface Target {
  /** A host address, or the directory of the Unix socket. */
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  /** Path of the Kingbase client library; without it kingbase-native searches for one as it always does. */
  library?: string;
  /**
   * Path of the authority's certificate (PEM): the connection is encrypted, and the server's certificate has to be signed by it.
   * The host's name is not compared, as the server is reached by its address.
   */
  ca?: string;
}

export type Row = Record<string, unknown>;

/** A row of `bench_rows`, as a program would have it. */
export interface InsertRow extends Row {
  id: number;
  account: number;
  amount: number;
  name: string;
  created_at: Date;
}

/** Rows inserted per statement where the program, and not the driver, divides them. */
export const valuesRows = 1000;
export const unnestRows = 5000;
/** Rows fetched at a time by peers that stream through a cursor. */
export const cursorRows = 1000;

/** When a call is to end though it has no answer. */
export interface Limits {
  /** ms */
  timeout: number;
  signal?: AbortSignal;
}

/**
 * What a workload may ask of a client: each implements it as its own documentation tells its users to. What has several
 * forms is a record of them, by the names that the workloads' contenders carry as `way`.
 */
export interface Client {
  /** The row with this id of the table `bench_lookup`, through a prepared statement. */
  lookup(id: number): Promise<Row | undefined>;
  /** False where the client library cannot do what the client is for. */
  readonly able?: boolean;
  /** All rows of a statement without parameters, with the client's usual conversion of values. */
  fetchAll(sql: string): Promise<Row[]>;
  /** Brings a row of `fetchAll` to the types that pg gives by default, for the comparison of rows alone. */
  asPgGives?(row: Row): Row;
  /** As `lookup`, under limits that are new for each call. */
  lookupWithin?(id: number, limits: Limits): Promise<Row | undefined>;
  /**
   * A transaction: reads the balance of an account for update, writes it and inserts a line into the ledger; gives the new
   * balance.
   */
  transfer?: Partial<Record<string, (account: number, amount: number) => Promise<number>>>;
  /** Inserts one row into `bench_rows`. */
  insertRow?(row: InsertRow): Promise<void>;
  /** Inserts the rows into `bench_rows`, all or none; gives what came back where the way asks for it. */
  insert?: Partial<Record<string, (rows: InsertRow[]) => Promise<Row[] | undefined>>>;
  /** Hands the rows of a statement one by one to `use`, in bounded memory; a cursor fetches so many at a time. */
  stream?: Partial<
    Record<string, (sql: string, use: (row: Row) => void, rowsAtATime?: number) => Promise<void>>
  >;
  /** Sends bytes in the format of the COPY … FROM STDIN. */
  copyIn?(sql: string, chunks: readonly Buffer[]): Promise<void>;
  /** Pipes the bytes of a COPY … TO STDOUT to `sink`, in pieces of the client's choice. */
  copyOut?(sql: string, sink: Writable): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a client with at most so many connections. One connection means the client's form for a single session
 * where it has one, and it is open when the promise resolves; more mean its pool.
 */
export type OpenClient = (target: Target, options: OpenOptions) => Promise<Client>;

export interface OpenOptions {
  connections: number;
  /** Nothing is asked of the client but to connect, so it need not do more than that. */
  closedAtOnce?: boolean;
}

export const lookupSql = 'select id, name, balance, created_at from bench_lookup where id = $1';

export const insertColumns = ['id', 'account', 'amount', 'name', 'created_at'] as const;
export const insertInto = `insert into bench_rows (${insertColumns.join(', ')})`;
export const insertRowSql = `${insertInto} values ($1, $2, $3, $4, $5)`;
export const insertUnnestSql = `${insertInto} select * from unnest($1::int4[], $2::int8[], $3::float8[], $4::text[], $5::timestamptz[])`;

export const balanceSql = 'select balance from bench_accounts where id = $1 for update';
export const setBalanceSql = 'update bench_accounts set balance = $2 where id = $1';
export const ledgerSql = 'insert into bench_ledger (account, amount, balance) values ($1, $2, $3)';

/** The balance in the rows of `balanceSql`. */
export function balanceOf([row]: readonly Row[]): number {
  if (!row) throw new Error('There is no such account.');
  return row['balance'] as number;
}

/** Awaits the work, and calls `stop` when its time is up or its signal is aborted before. */
export async function stoppedBy<T>(
  { timeout, signal }: Limits,
  work: PromiseLike<T>,
  stop: () => void,
): Promise<T> {
  const timer = setTimeout(stop, timeout);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Awaits the work until the signal is aborted; the work itself is not ended. */
export async function awaitedUntil<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The placeholders of so many rows: ($1, $2, …), ($6, $7, …), … */
export function insertValuesSql(rowCount: number): string {
  const width = insertColumns.length;
  const tuples = Array.from({ length: rowCount }, (_, row) => {
    const placeholders = insertColumns.map((_column, column) => `$${row * width + column + 1}`);
    return `(${placeholders.join(', ')})`;
  });
  return `${insertInto} values ${tuples.join(', ')}`;
}

/** The rows as one array for each column. */
export function columnsOf(rows: readonly InsertRow[]) {
  const columns = {
    id: [] as number[],
    account: [] as number[],
    amount: [] as number[],
    name: [] as string[],
    created_at: [] as Date[],
  };
  for (const row of rows) {
    columns.id.push(row.id);
    columns.account.push(row.account);
    columns.amount.push(row.amount);
    columns.name.push(row.name);
    columns.created_at.push(row.created_at);
  }
  return columns;
}

export function* slices<T>(items: readonly T[], length: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += length) yield items.slice(start, start + length);
}

export const clientNames = [
  'kingbase-native',
  'kingbase-native-pg',
  'kingbase-native-pipeline',
  'pg',
  'pg-pipeline',
  'pg-native',
  'postgres',
  'bun-sql',
  'knex-kingbase',
  'knex-pg',
  'drizzle-kingbase',
  'drizzle-pg',
  'c',
] as const;
export type ClientName = (typeof clientNames)[number];
/** The clients that run in JavaScript, `bun-sql` as a part of its runtime; `c` is a program of its own. */
export type PackageName = Exclude<ClientName, 'c'>;
