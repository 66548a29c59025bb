/**
 * CommonJS: `require`, and no await outside of functions.
 *
 *     node examples/common-js.cjs kingbase://system@127.0.0.1:54321/test
 */
'use strict';

const { open, isDatabaseError } = require('kingbase-native');

async function main() {
  const db = open(process.argv[2] ?? process.env.KINGBASE_URL ?? {});
  try {
    const { rows } = await db.query('SELECT n, n * n AS square FROM generate_series(1, ?) AS n', [3]);
    console.log(rows);
    await db.query('SELECT 1 / ?::int4', [0]);
  } catch (error) {
    if (!isDatabaseError(error, 'division_by_zero')) throw error;
    console.log(error.code, error.condition);
  } finally {
    await db.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
