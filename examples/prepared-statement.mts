/**
 * A statement prepared once and run many times, at the same time over several connections.
 *
 *     npx tsx examples/prepared-statement.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { max: 4 } });
try {
  // A mistake in the text shows here already. The statement is prepared again on each further connection it runs on.
  const square = await db.prepare('SELECT $1::int4 * $1::int4 AS square');

  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const rows = await Promise.all(numbers.map((n) => square.queryRow<{ square: number }>([n])));
  console.log(
    'sum of squares:',
    rows.reduce((sum, row) => sum + (row?.square ?? 0), 0),
  );

  await square.close();
} finally {
  await db.close();
}
