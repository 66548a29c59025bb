/**
 * A program that was written for pg: one line is changed, and the rest runs as it did. New code can use the driver's own
 * interface beside it.
 *
 *     npx tsx examples/from-pg.mts kingbase://system@127.0.0.1:54321/test
 */
// import pg from 'pg';
import pg from 'kingbase-native/pg';

const pool = new pg.Pool({ connectionString: process.argv[2] ?? process.env['KINGBASE_URL'], max: 5 });
pool.on('error', (error: Error) => console.error(error.message));

const client = await pool.connect();
try {
  await client.query('BEGIN');
  await client.query('CREATE TEMPORARY TABLE city (id serial PRIMARY KEY, name text NOT NULL)');
  const { rows, rowCount } = await client.query<{ id: number }>(
    'INSERT INTO city (name) VALUES ($1), ($2) RETURNING id',
    ['杭州', '苏州'],
  );
  console.log(rowCount, rows);
  await client.query('COMMIT');
  // int8 is a string here, as it is with pg.
  console.log((await client.query<{ count: string }>('SELECT count(*) FROM city')).rows[0]);
  console.log((await client.query({ text: 'SELECT name FROM city ORDER BY id', rowMode: 'array' })).rows);
} catch (error) {
  await client.query('ROLLBACK');
  throw error;
} finally {
  client.release();
}

try {
  await pool.query('SELECT * FROM nowhere');
} catch (error) {
  if (!(error instanceof pg.DatabaseError)) throw error;
  console.log(error.code, error.message);
}
await pool.end();
