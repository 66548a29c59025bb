/**
 * A query with parameters, a single row, and a statement for its effect.
 *
 *     npx tsx examples/first-query.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

// Without a connection string the variables KINGBASE_HOST, KINGBASE_PORT, … and the defaults hold.
const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { max: 1 } });
try {
  const { rows, rowCount } = await db.query<{ n: number; name: string }>(
    `SELECT n, $1::text || n AS name FROM generate_series(1, $2::int4) AS n`,
    ['城市', 3],
  );
  console.log(`${rowCount} rows:`, rows);

  const row = await db.queryRow<{ today: string }>('SELECT current_date AS today');
  console.log('today:', row?.today);

  const none = await db.queryRow('SELECT 1 AS n WHERE false');
  console.log('no row:', none);

  // The table is gone when its connection closes; with one connection, every call sees it.
  await db.exec('CREATE TEMPORARY TABLE visit (city text, day date)');
  const { command, rowsAffected } = await db.exec('INSERT INTO visit VALUES ($1, $2), ($3, $4)', [
    '北京',
    '2026-02-17',
    '上海',
    new Date(2026, 1, 18),
  ]);
  console.log(`${command}: ${rowsAffected} rows`);
} finally {
  await db.close();
}
