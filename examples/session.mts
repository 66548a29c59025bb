/**
 * One session for what depends on its state: SET and a temporary table, with a transaction on it.
 *
 *     npx tsx examples/session.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

// The next user of the connection is to find nothing of what was done to the session.
const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { resetOnRelease: ['all'] } });
try {
  const session = await db.connect();
  try {
    await session.exec(`SET statement_timeout TO '5s'`);
    await session.exec('CREATE TEMPORARY TABLE account (name text PRIMARY KEY, balance int4 NOT NULL)');
    await session.exec('INSERT INTO account VALUES ($1, 100), ($2, 0)', ['张三', '李四']);

    await session.transaction(async (tx) => {
      await tx.exec('UPDATE account SET balance = balance - $1 WHERE name = $2', [30, '张三']);
      await tx.exec('UPDATE account SET balance = balance + $1 WHERE name = $2', [30, '李四']);
    });

    const { rows } = await session.query('SELECT name, balance FROM account ORDER BY balance');
    console.log(rows);
  } finally {
    await session.release();
  }
} finally {
  await db.close();
}
