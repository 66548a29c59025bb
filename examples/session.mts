/**
 * One session for what depends on its state: SET, a temporary table, a transaction written out.
 *
 *     npx tsx examples/session.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});
try {
  const session = await db.connect();
  try {
    await session.exec(`SET statement_timeout TO '5s'`);
    await session.exec('CREATE TEMPORARY TABLE account (name text PRIMARY KEY, balance int4 NOT NULL)');
    await session.exec('INSERT INTO account VALUES ($1, 100), ($2, 0)', ['张三', '李四']);

    await session.exec('BEGIN');
    try {
      await session.exec('UPDATE account SET balance = balance - $1 WHERE name = $2', [30, '张三']);
      await session.exec('UPDATE account SET balance = balance + $1 WHERE name = $2', [30, '李四']);
      await session.exec('COMMIT');
    } catch (error) {
      await session.exec('ROLLBACK');
      throw error;
    }

    const { rows } = await session.query('SELECT name, balance FROM account ORDER BY balance');
    console.log(rows);
  } finally {
    // The next user of the connection must find nothing of all this.
    await session.exec('DISCARD ALL');
    await session.release();
  }
} finally {
  await db.close();
}
