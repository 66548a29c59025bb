/**
 * Off an ODBC bridge: the connection string and the statements with ? stay as they are, the driver manager goes. What an
 * ODBC program reads from a result set column by column is an object here.
 *
 *     npx tsx examples/from-odbc.mts kingbase://system@127.0.0.1:54321/test
 */
import { DatabaseError, open } from 'kingbase-native';

// As it stands in the old program, or behind a DSN in odbc.ini.
const { hostname, port, username, pathname } = new URL(
  process.argv[2] ?? 'kingbase://system@127.0.0.1:54321/test',
);
const connectionString = `Driver={KingbaseES 9 ODBC Driver};Server=${hostname};Port=${port};Database=${pathname.slice(1)};Uid=${username};Pwd={it's; secret}`;

// odbc.pool(connectionString) made connections; open makes them when they are needed.
const db = open(connectionString);
try {
  // SQLPrepare, SQLBindParameter, SQLExecute: one call. The text and the values travel apart, as before.
  await db.exec('CREATE TABLE example_part (id int4 PRIMARY KEY, name varchar(20), weight numeric(8, 2))');
  const { rowsAffected } = await db.exec('INSERT INTO example_part VALUES (?, ?, ?)', [1, '齿轮', '2.50']);
  console.log('SQLRowCount:', rowsAffected);

  // SQLFetch in a loop: rows in bounded memory.
  for await (const { id, name, weight } of db.rows(
    'SELECT id, name, weight FROM example_part WHERE id < ?',
    [10],
  ))
    console.log('SQLFetch:', id, name, weight);

  // SQLDescribeCol.
  const { fields } = await db.query('SELECT id, weight FROM example_part');
  console.log('SQLDescribeCol:', fields.map(({ name, typeOid }) => `${name} (type ${typeOid})`).join(', '));

  // SQLSetConnectAttr(SQL_ATTR_AUTOCOMMIT, off) … SQLEndTran: a function that is committed when it returns.
  await db.transaction((tx) => tx.exec('UPDATE example_part SET weight = weight * ? WHERE id = ?', [2, 1]));

  // SQLGetDiagRec: the SQLSTATE is the error's code.
  try {
    await db.exec('INSERT INTO example_part VALUES (?, ?, ?)', [1, '轴', 1]);
  } catch (error) {
    console.log('SQLGetDiagRec:', error instanceof DatabaseError && error.code);
  }
} finally {
  await db.exec('DROP TABLE IF EXISTS example_part');
  await db.close();
}
