/**
 * Statements stopped on the server: by a time limit, and by an AbortSignal. The connection stays usable.
 *
 *     npx tsx examples/cancellation.mts kingbase://system@127.0.0.1:54321/test
 */
import { open, TimeoutError } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { max: 1 } });
try {
  // A call's limit counts the time that it takes to connect.
  await db.ping();
  try {
    await db.query('SELECT pg_sleep(60)', [], { timeout: 200 });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(`${error.code}: ${error.message}`);
  }

  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error('The user has closed the page.'));
  }, 200);
  try {
    await db.query('SELECT pg_sleep(60)', [], { signal: controller.signal });
  } catch (error) {
    console.log('rejected with the reason of the signal:', error === controller.signal.reason);
  }

  const row = await db.queryRow<{ n: number }>('SELECT 1 AS n');
  console.log('and the connection goes on:', row?.n, `(${db.stats().openConnections} open)`);
} finally {
  await db.close();
}
