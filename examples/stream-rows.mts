/**
 * A result of any size, read as it comes: row by row, in batches, and left early.
 *
 *     npx tsx examples/stream-rows.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { max: 1 } });
const numbers = 'SELECT n FROM (SELECT generate_series(1, $1::int4) AS n) AS numbers';
try {
  let sum = 0;
  for await (const { n } of db.rows<{ n: number }>(numbers, [100_000])) sum += n;
  console.log('sum:', sum);

  // Arrays of rows cost less.
  let count = 0;
  for await (const rows of db.rows(numbers, [100_000]).batches()) count += rows.length;
  console.log('count:', count);

  // Who leaves the loop stops the statement on the server, and the connection is free for the next call.
  for await (const { n } of db.rows<{ n: number }>(numbers, [2_000_000_000])) {
    if (n % 777 !== 0) continue;
    console.log('the first multiple of 777:', n);
    break;
  }
  console.log(await db.queryRow('SELECT 1 AS one'));
} finally {
  await db.close();
}
