import { deepStrictEqual } from 'node:assert';
import type { Client, InsertRow } from '../client.js';

const start = Date.UTC(2020, 0, 1);

/** A row as a program has it; `expectedSql` says the same to the server. */
export const insertRow = (id: number): InsertRow => ({
  id,
  account: id * 1234567,
  amount: id * 1.25,
  name: `account holder ${id}`,
  created_at: new Date(start + id * 1123),
});

export const insertRows = (rowCount: number): InsertRow[] =>
  Array.from({ length: rowCount }, (_, index) => insertRow(index + 1));

export const insertSetup = [
  'drop table if exists bench_rows',
  'create unlogged table bench_rows (id int4, account int8, amount float8, name text, created_at timestamptz)',
];

const expectedSql = (rowCount: number): string =>
  `select i::int4 as id, i::int8 * 1234567 as account, i * 1.25::float8 as amount, 'account holder ' || i as name,
          timestamptz '2020-01-01 00:00:00Z' + i * interval '1.123 s' as created_at
     from generate_series(1, ${rowCount}) as i`;

const digestSql = (rows: string): string =>
  `select count(*)::int4 as count, md5(string_agg(t::text, ';' order by id)) as digest from (${rows}) as t`;

/** Throws unless `bench_rows` holds the first so many rows, to the last value. */
export async function verifyInserted(client: Client, rowCount: number): Promise<void> {
  const [inserted] = await client.fetchAll(
    digestSql('select id, account, amount, name, created_at from bench_rows'),
  );
  const [expected] = await client.fetchAll(digestSql(expectedSql(rowCount)));
  deepStrictEqual({ ...inserted }, { ...expected });
}

/** Throws unless `bench_rows` holds the first so many rows, as far as count and sums can tell. */
export async function checkInserted(client: Client, rowCount: number): Promise<void> {
  const [row] = await client.fetchAll(
    `select count(*)::int4 as count, sum(id)::float8 as ids, sum(amount)::float8 as amounts,
            sum(length(name))::float8 as characters, max(created_at) as last
       from bench_rows`,
  );
  const ids = (rowCount * (rowCount + 1)) / 2;
  let characters = 0;
  for (let id = 1; id <= rowCount; id++) characters += 15 + String(id).length;
  deepStrictEqual(
    { ...row },
    {
      count: rowCount,
      ids,
      amounts: ids * 1.25,
      characters,
      last: new Date(start + rowCount * 1123),
    },
  );
}

/** The rows in COPY's text format, in pieces of the size that a file is read in. */
export function insertText(rowCount: number): { bytes: Buffer; chunks: Buffer[] } {
  const lines: string[] = [];
  for (let id = 1; id <= rowCount; id++) {
    const { account, amount, name, created_at } = insertRow(id);
    lines.push(`${id}\t${account}\t${amount}\t${name}\t${created_at.toISOString()}\n`);
  }
  const bytes = Buffer.from(lines.join(''));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536));
  return { bytes, chunks };
}
