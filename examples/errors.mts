/**
 * What goes wrong, told apart by class and code: the server's errors, a server that is not there, a bad parameter,
 * a misspelled option.
 *
 *     npx tsx examples/errors.mts kingbase://system@127.0.0.1:54321/test
 */
import { ConnectionError, DatabaseError, KingbaseError, open, UsageError } from 'kingbase-native';

const dsn = process.argv[2] ?? process.env['KINGBASE_URL'] ?? {};

function tell(error: unknown): void {
  if (error instanceof DatabaseError) {
    console.log(`SQLSTATE ${error.code} (${error.condition}): ${error.message}`);
    if (error.constraint !== undefined) console.log(`  constraint ${error.constraint}: ${error.detail}`);
    if (error.position !== undefined) console.log(`  at character ${error.position}`);
  } else if (error instanceof ConnectionError) {
    console.log(`${error.code} at stage ${error.stage}, outcome ${error.outcome}: ${error.message}`);
  } else if (error instanceof UsageError) {
    console.log(`${error.code}: ${error.message}`);
  } else if (error instanceof KingbaseError) {
    console.log(`${error.name} ${error.code}: ${error.message}`);
  } else {
    throw error;
  }
}

const db = open(dsn, { pool: { max: 1 } });
try {
  await db.exec('CREATE TEMPORARY TABLE book (isbn text PRIMARY KEY)');
  await db.exec('INSERT INTO book VALUES ($1)', ['978-7-111']);
  await db.exec('INSERT INTO book VALUES ($1)', ['978-7-111']).catch(tell);
  await db.query('SELECT * FORM book').catch(tell);
  await db.query('SELECT $1::text', [Promise.resolve('never awaited')]).catch(tell);
} finally {
  await db.close();
}

// Nothing listens on port 1.
const absent = open(dsn, { host: '127.0.0.1', port: 1 });
await absent.ping().catch(tell);
await absent.close();

try {
  open('kingbase://127.0.0.1/test?sslmod=require');
} catch (error) {
  tell(error);
}
