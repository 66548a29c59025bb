/**
 * A large result as a compressed CSV file, in bounded memory: for people's spreadsheets. Where the server's own CSV will do,
 * `COPY … TO STDOUT (FORMAT csv)` is quicker: copy-csv.mts.
 *
 *     npx tsx examples/export-csv.mts kingbase://system@127.0.0.1:54321/test towns.csv.gz
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { stringify } from 'csv-stringify';
import { open } from 'kingbase-native';

const db = open(process.argv[2]);
const folder = await mkdtemp(path.join(os.tmpdir(), 'export-csv-'));
const file = process.argv[3] ?? path.join(folder, 'export.csv.gz');

/** A report waits long for the server, and not for ever; the file of one that was stopped is not used. */
const signal = AbortSignal.timeout(600_000);

const csv = stringify({
  header: true,
  columns: { id: '编号', name: '名称', price: '价格', made: '日期' },
  // With a byte order mark Excel takes the file for UTF-8; without one it shows Chinese as nonsense.
  bom: true,
  // A spreadsheet would run a text that begins with one of = + - @ as a formula.
  escape_formulas: true,
});

const rows = db.rows(
  `SELECT n AS id, CASE n WHEN 2 THEN '=1+1' ELSE '茶, ' || n END AS name, n::numeric / 8 AS price, date '2026-02-17' + n AS made
     FROM generate_series(1, $1) AS n`,
  [20_000],
  { signal },
);
try {
  await pipeline(rows.toReadable(), csv, createGzip(), createWriteStream(file), { signal });
  const written = await text(createReadStream(file).pipe(createGunzip()));
  const lines = written.trimEnd().split('\n');
  console.log(`${lines.length - 1} rows`);
  console.log(lines.slice(0, 3).join('\n'));
} finally {
  await rm(folder, { recursive: true });
  await db.close();
}
