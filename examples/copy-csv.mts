/**
 * A CSV file into a table, and a query out into CSV.
 *
 *     npx tsx examples/copy-csv.mts kingbase://system@127.0.0.1:54321/test
 */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { DatabaseError, open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});
// Instead of a file, which would be fs.createReadStream(…).
const csv = (...lines: string[]): Readable => Readable.from(['city,people\n', ...lines]);

const connection = await db.connect();
try {
  await connection.exec('CREATE TEMPORARY TABLE city (city text PRIMARY KEY, people int8)');
  const into = 'COPY city FROM STDIN (FORMAT csv, HEADER)';

  const copy = connection.copyFrom(into);
  await pipeline(csv('北京,21893095\n', '"上海, 市",24870895\n'), copy);
  console.log(`${copy.rowsAffected} rows`);

  try {
    await pipeline(csv('广州,18676605\n', '深圳,many\n'), connection.copyFrom(into));
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    console.log(`nothing was copied: ${error.message}\n  ${error.where ?? ''}`);
  }

  const out = connection.copyTo('COPY (SELECT * FROM city ORDER BY people) TO STDOUT (FORMAT csv)');
  console.log((await text(out)).trimEnd());
} finally {
  await connection.release();
  await db.close();
}
