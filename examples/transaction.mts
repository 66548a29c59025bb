/**
 * Transactions: committed when the function returns, rolled back when it throws, a savepoint for what may fail, and a
 * transaction that is run again after a conflict with another.
 *
 *     npx tsx examples/transaction.mts kingbase://system@127.0.0.1:54321/test
 */
import { DatabaseError, open, type Transaction } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});

async function pay(tx: Transaction, from: string, to: string, amount: number): Promise<void> {
  const sql = 'UPDATE example_account SET balance = balance + :amount WHERE name = :name';
  await tx.exec(sql, { name: from, amount: -amount });
  await tx.exec(sql, { name: to, amount });
}

try {
  await db.script(`CREATE TABLE example_account (name text PRIMARY KEY, balance int4 NOT NULL CHECK (balance >= 0));
    INSERT INTO example_account VALUES ('张三', 100), ('李四', 0)`);

  await db.transaction((tx) => pay(tx, '张三', '李四', 30));

  try {
    await db.transaction((tx) => pay(tx, '张三', '李四', 500));
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    console.log('nothing was paid:', error.condition);
  }

  // An error inside a savepoint undoes what was done in it; the transaction goes on.
  await db.transaction(async (tx) => {
    const paid = await tx
      .savepoint(() => pay(tx, '李四', '张三', 500))
      .then(
        () => 500,
        () => 5,
      );
    if (paid === 5) await pay(tx, '李四', '张三', paid);
    console.log('paid instead:', paid);
  });

  let attempts = 0;
  await db.transaction(
    async (tx) => {
      attempts++;
      await tx.queryRow('SELECT sum(balance) FROM example_account');
      // Somebody else changes the row, which this attempt has seen as it was before.
      if (attempts === 1)
        await db.exec(`UPDATE example_account SET balance = balance + 1 WHERE name = '李四'`);
      await pay(tx, '李四', '张三', 1);
    },
    { isolation: 'repeatable read', retry: { maxAttempts: 3 } },
  );
  console.log('attempts:', attempts);

  const { rows } = await db.query('SELECT name, balance FROM example_account ORDER BY balance');
  console.log(rows);
} finally {
  await db.exec('DROP TABLE IF EXISTS example_account');
  await db.close();
}
