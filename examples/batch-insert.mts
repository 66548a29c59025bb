/**
 * Many rows: from a generator, with the new rows' keys, over rows that are there already, and with bad ones left out.
 *
 *     npx tsx examples/batch-insert.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});

/** Rows are made only as fast as the server takes them. */
function* readings(count: number): Generator<unknown[]> {
  for (let i = 0; i < count; i++)
    yield [i, `传感器 ${i % 7}`, (20 + (i % 10) / 10).toFixed(1), new Date(i * 1000)];
}

try {
  await db.exec(`CREATE TABLE example_reading
    (id int4 PRIMARY KEY, sensor text, degrees numeric(4, 1) CHECK (degrees < 100), at timestamptz)`);
  const columns = ['id', 'sensor', 'degrees', 'at'];

  const { rowsInserted, strategy } = await db.batchInsert('example_reading', columns, readings(100_000));
  console.log(`${rowsInserted} rows by ${strategy}`);

  // Objects, of which the columns' properties are taken; rows that are there already are changed.
  const corrections = [
    { id: 5, degrees: 21.5, note: 'calibrated' },
    { id: 6, degrees: 21.6, note: 'calibrated' },
    { id: 100_000, degrees: 22, note: 'late' },
  ];
  const corrected = await db.batchInsert('example_reading', ['id', 'degrees'], corrections, {
    onConflict: { update: ['degrees'], target: ['id'] },
    returning: ['id', 'sensor', 'degrees'],
  });
  console.log(corrected.rows);

  const doubtful = [
    [200_001, '21.0'],
    [200_002, 'warm'],
    [200_003, '451.0'],
    [200_004, '22.0'],
  ];
  const { badRows } = await db.batchInsert('example_reading', ['id', 'degrees'], doubtful, {
    onBadRow: 'collect',
  });
  for (const { index, error } of badRows) console.log(`row ${index}: ${error.message}`);

  console.log(await db.queryRow('SELECT count(*) AS rows FROM example_reading'));
} finally {
  await db.exec('DROP TABLE IF EXISTS example_reading');
  await db.close();
}
