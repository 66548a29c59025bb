import type { Connection, Database } from 'kingbase-native';

/** Checks out a connection for the time of `use`, and gives it back whatever happens: closing a database waits for it. */
export async function withConnection<T>(
  db: Database,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await db.connect();
  try {
    return await use(connection);
  } finally {
    await connection.release();
  }
}

/** Texts of the statements that the session has prepared. Prepared explicitly, it stays out of the cache itself. */
export async function lookAtPrepared(connection: Connection): Promise<() => Promise<string[]>> {
  const statement = await connection.prepare(
    `SELECT statement FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%' ORDER BY prepare_time, name`,
  );
  return async () => (await statement.query<{ statement: string }>()).rows.map((row) => row.statement);
}
