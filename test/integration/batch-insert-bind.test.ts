import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { buildStandInWithRowsBind } from '../../scripts/stand-in-libkci.js';
import { startEmulator, type Emulator } from '../support/kingbase-emulator.js';
import { rejectionOf } from '../support/rejections.js';

// What the library makes of the rows is stood in for; see buildStandInWithRowsBind.
let emulator: Emulator;
let clientLibrary: string;
let db: Database;
beforeAll(async () => {
  clientLibrary = (await buildStandInWithRowsBind()).path;
  emulator = await startEmulator(inject('server'), { release: 'V9R1', databaseMode: 'pg', messages: 'en' });
  const { host, port, user, database } = emulator;
  db = open({ host, port, user, database, clientLibrary });
  await db.script(
    'DROP TABLE IF EXISTS bound; CREATE TABLE bound (i int4 PRIMARY KEY, t text, b bytea, a int4[])',
  );
});
afterAll(async () => {
  await db.exec('DROP TABLE bound');
  await db.close();
  await emulator.stop();
});

const columns = ['i', 't', 'b', 'a'];
const bind = { strategy: 'bind', chunkRows: 400 } as const;

it('inserts the rows of each chunk by one Bind', async () => {
  const rows = Array.from({ length: 1_000 }, (_, i) => [
    i,
    i % 7 === 0 ? null : `行 ${i}`,
    i % 3 === 0 ? null : Buffer.from([i % 256, 0, 255]),
    [i, i + 1],
  ]);
  const result = await db.batchInsert('bound', columns, rows, bind);
  expect(result).toMatchObject({ rowsInserted: 1_000, strategy: 'bind', badRows: [] });
  const stored = await db.query('SELECT i, t, b, a FROM bound ORDER BY i', [], { rowMode: 'array' });
  expect(stored.rows).toEqual(rows);
});

it('inserts nothing where one row cannot be', async () => {
  const before = await db.queryRow('SELECT count(*) AS count FROM bound');
  const rows = Array.from({ length: 401 }, (_, i) => [2_000 + (i % 400), 'x', null, null]);
  expect(await rejectionOf(db.batchInsert('bound', columns, rows, bind))).toMatchObject({ code: '23505' });
  expect(await db.queryRow('SELECT count(*) AS count FROM bound')).toEqual(before);
});

it('names the value that cannot be written', async () => {
  const rows = [
    [3_000, 'x', null, null],
    [3_001, () => 'x', null, null],
  ];
  const error = await rejectionOf(db.batchInsert('bound', columns, rows, bind));
  expect(error).toMatchObject({ code: 'KB_BAD_PARAMETER', rowIndex: 1, column: 't' });
});

it('is for KingbaseES and its libraries', async () => {
  const { host, port, user, database } = inject('server');
  const server = { host, port, user, database };
  const elsewhere = open({ ...server, clientLibrary });
  const other = open({ ...server, clientLibrary: inject('libraries')[0]?.path });
  await elsewhere.exec('CREATE TABLE IF NOT EXISTS unbound (i int4)');
  for (const [opened, words] of [
    [elsewhere, 'for KingbaseES only'],
    [other, 'for KingbaseES only'],
  ] as const) {
    const error = await rejectionOf(opened.batchInsert('unbound', ['i'], [[1]], { strategy: 'bind' }));
    expect(error).toMatchObject({ code: 'KB_BAD_OPTION', message: expect.stringContaining(words) as string });
    await opened.close();
  }
  const old = open({
    host: emulator.host,
    port: emulator.port,
    user: emulator.user,
    database: emulator.database,
    clientLibrary: inject('libraries')[0]?.path,
  });
  const error = await rejectionOf(old.batchInsert('bound', ['i'], [[1]], { strategy: 'bind' }));
  expect(error).toMatchObject({
    code: 'KB_BAD_OPTION',
    message: expect.stringContaining('no multi-row Bind') as string,
  });
  await old.close();
});
