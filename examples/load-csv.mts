/**
 * A CSV file of doubtful quality into a table: good rows are inserted, bad ones set aside in a file with their line and the
 * reason, and progress is told. For a file that is all right COPY is quicker: copy-csv.mts.
 *
 *     npx tsx examples/load-csv.mts kingbase://system@127.0.0.1:54321/test
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse';
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});
const directory = await mkdtemp(path.join(os.tmpdir(), 'load-csv-'));
const input = path.join(directory, 'cities.csv');
const rejects = path.join(directory, 'cities.rejects');

const good = Array.from({ length: 20_000 }, (_, n) => `城市${n},${n}`);
const bad = ['"上海, 市",many', ',7'];
await writeFile(input, ['city,people', ...good.slice(0, 10), ...bad, ...good.slice(10)].join('\n'));

interface Parsed {
  record: { city: string | null; people: string | null };
  info: { lines: number };
}

/** Where each row stands in the file, for those that are set aside. */
const lines: number[] = [];

async function* rows(): AsyncGenerator<Parsed['record']> {
  const cast = (value: string): string | null => (value === '' ? null : value);
  const parser = createReadStream(input).pipe(parse({ columns: true, info: true, cast }));
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    lines.push(info.lines);
    yield record;
  }
}

try {
  await db.exec('CREATE TABLE example_city (city text NOT NULL, people int8)');
  let told = 0;
  const { rowsInserted, badRows } = await db.batchInsert('example_city', ['city', 'people'], rows(), {
    onBadRow: 'collect',
    onProgress: ({ rows: sent }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${sent} rows`);
      told++;
    },
  });
  const aside = badRows.map(({ index, error }) => `line ${lines[index] ?? '?'}: ${error.message}`);
  await writeFile(rejects, aside.join('\n'));
  console.log(`${rowsInserted} rows, progress told: ${told > 0}, set aside:`);
  console.log(await readFile(rejects, 'utf8'));
} finally {
  await db.exec('DROP TABLE IF EXISTS example_city');
  await db.close();
  await rm(directory, { recursive: true });
}
