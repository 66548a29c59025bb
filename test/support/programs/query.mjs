// Runs one query and prints what it gave, how the connection is encrypted, and which libraries the process has mapped.
import { readFileSync } from 'node:fs';
import { open } from 'kingbase-native';

const config = JSON.parse(process.argv[2]);
const output = {};
const db = open(config);
try {
  output.library = db.clientLibrary();
  const connection = await db.connect();
  output.tls = connection.tls;
  output.rows = (await connection.query('SELECT $1::text AS greeting', ['你好'])).rows;
  await connection.release();
} catch (error) {
  const { name, code, message, hint, attempts } = error;
  output.error = { name, code, message, hint, attempts };
}
await db.close();
output.mapped = [...new Set(readFileSync('/proc/self/maps', 'utf8').match(/\/\S+\.(so|node)\b[.\d]*/g))];
console.log(JSON.stringify(output));
