import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { startEmulator, type Emulator } from '../support/kingbase-emulator.js';
import { MODES, RELEASES, settingsOf } from '../support/kingbase/servers.js';
import { typesOf } from '../support/kingbase/types.js';
import {
  encodeMessage,
  cString,
  int16,
  int32,
  encodeStartup,
  MessageReader,
  type Message,
} from '../support/protocol.js';
import { targets } from '../support/targets.js';
import { sampledTypes, SERVERS } from './kingbase-samples.js';
import { once } from 'node:events';
import { connect } from 'node:net';

// That the servers which are imitated are what `test/support/kingbase` says of them.

const target = targets().find(({ transport }) => transport === 'TCP')!;

/** What each form takes in pg_type.typlen; every other is of varying length. */
const LENGTHS: Readonly<Record<string, number>> = {
  ...{ tinyint: 1, unsignedTinyint: 1, flag: 1, int2: 2, int4: 4, float4: 4, uint4: 4, date: 4 },
  ...{
    int8: 8,
    float8: 8,
    uint8: 8,
    money: 8,
    rowVersion: 8,
    timestamp: 8,
    millisecondClock: 8,
    zonedClock: 8,
  },
  ...{ fineTimestamp: 8, fineTime: 8, duration: 8, uuid: 16, daySecond: 16, yearMonth: 16 },
};
const KINDS = { base: 'b', domain: 'd', enum: 'l', set: 'y' };

describe.each(SERVERS)('$release in $mode mode', ({ release, mode }) => {
  const facts = RELEASES[release];
  const types = typesOf(release, mode);
  let emulator: Emulator;
  let db: Database;
  /** Straight to the server behind, so that also what has no pg_catalog can be looked at. */
  let behind: Database;
  beforeAll(async () => {
    emulator = await startEmulator(inject('server'), { release, databaseMode: mode, messages: 'en' });
    const { host, port, user, database } = emulator;
    db = open({ ...target.config, host, port, user, database, pool: { max: 1 } });
    behind = open({ ...target.config, database, pool: { max: 1 } });
  });
  afterAll(async () => {
    await Promise.all([db.close(), behind.close()]);
    await emulator.stop();
  });

  it('says what it is', async () => {
    expect(await db.serverInfo()).toMatchObject({
      product: 'KingbaseES',
      release: facts.number,
      serverVersionNum: facts.kernel,
      databaseMode: release === 'V8R3' ? undefined : mode,
      caseInsensitive: mode === 'mysql' || mode === 'sqlserver',
    });
  });

  it('has its settings, of which lists do not show all', async () => {
    for (const { name, kind, value } of settingsOf(release, mode)) {
      const shown = await behind.queryRow<Record<string, string>>(`SHOW "${name}"`);
      expect(Object.values(shown ?? {}), name).toEqual([value]);
      const listed = await behind.query('SELECT 1 FROM pg_catalog.pg_settings WHERE name = $1', [name]);
      expect(listed.rows, name).toHaveLength(kind.includes('h') ? 0 : 1);
    }
    const absent = mode === 'pg' ? ['quoted_identifier', 'dateformat'] : [];
    for (const name of absent) await expect(behind.query(`SHOW ${name}`)).rejects.toThrow();
    expect(await behind.queryRow('SHOW datestyle')).toEqual({ DateStyle: MODES[mode].dateStyle });
  });

  it('has its types in the catalogue', async () => {
    for (const type of types) {
      const found = await behind.queryRow<{ oid: number; array: number; base: string | null }>(
        `SELECT t.oid, t.typtype::text AS kind, t.typlen AS length, t.typarray AS array,
           (SELECT b.typname::text FROM pg_catalog.pg_type b WHERE b.oid = t.typbasetype) AS base
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
         WHERE n.nspname = $1 AND t.typname = $2`,
        [type.schema, type.name],
      );
      expect(found, type.name).toMatchObject({ kind: KINDS[type.kind] });
      if (type.kind === 'base') expect(found, type.name).toMatchObject({ length: LENGTHS[type.form] ?? -1 });
      if (type.kind === 'domain') expect(type.over, type.name).toContain(found?.base);
      if ((type.kind === 'base' || type.kind === 'domain') && type.oid !== undefined)
        expect(found?.oid, type.name).toBe(type.oid);
      if ((type.kind === 'base' || type.kind === 'domain') && type.array !== undefined)
        expect(found?.array, type.name).toBe(type.array);
    }
  });

  it('writes and reads its values in their forms', async () => {
    for (const { type, samples, emulated } of sampledTypes(release, mode)) {
      for (const { text, binary } of samples) {
        const read = await behind.queryRow(`SELECT $1::text::${type}::text AS text`, [text]);
        expect(read, type).toEqual({ text: type.includes('bool') ? 'true' : text });
        if (binary === undefined || emulated?.kind !== 'base') continue;
        const send = `pg_catalog."kes_${emulated.name}_send"`;
        const sent = await behind.queryRow(`SELECT encode(${send}($1::text::${type}), 'hex') AS binary`, [
          text,
        ]);
        expect(sent, `${type} ${text}`).toEqual({ binary });
      }
    }
  });

  it('takes its values in the binary form that it gives them in', async () => {
    const all = sampledTypes(release, mode);
    const columns = all.map(({ type }, i) => `c${i} ${type}[]`);
    const values = all.map(({ samples }) => samples.map(({ text }) => text));
    const casts = all.map(({ type }, i) => `$${i + 1}::text[]::${type}[]`);
    await behind.script(`CREATE TABLE forms (${columns.join()}); CREATE TABLE taken (LIKE forms)`);
    await behind.exec(`INSERT INTO forms SELECT ${casts.join()}`, values);
    const bytes = await buffer(behind.copyTo('COPY forms TO STDOUT (FORMAT BINARY)'));
    await pipeline(Readable.from([bytes]), behind.copyFrom('COPY taken FROM STDIN (FORMAT BINARY)'));
    const { rows } = await behind.query('SELECT forms::text = taken::text AS same FROM forms, taken');
    expect(rows).toEqual([{ same: true }]);
  });

  it('has the names that begin with sys_', async () => {
    const sys = mode !== 'pg';
    const asked = behind.queryRow(
      'SELECT count(*) > 0 AS some, sys_is_in_recovery() AS standby FROM sys_type',
    );
    if (sys) expect(await asked).toEqual({ some: true, standby: false });
    else await expect(asked).rejects.toMatchObject({ code: '42P01' });
  });

  it.runIf(!facts.pgCatalog)(
    'has no pg_catalog: its own types are text, and batches go by VALUES',
    async () => {
      await expect(db.query('SELECT 1 FROM pg_catalog.pg_type')).rejects.toMatchObject({
        message: expect.stringContaining('pg_catalog') as string,
      });
      await db.exec(
        `CREATE TABLE old (small sys_catalog.tinyint, long sys_catalog.clob, bytes sys_catalog.blob, n int4)`,
      );
      const values = [-128, '长文本', Buffer.from([0, 255]), 7];
      for (let i = 0; i < 3; i++) await db.exec('INSERT INTO old VALUES ($1, $2, $3, $4)', values);
      const columns = ['small', 'long', 'bytes', 'n'];
      const { strategy } = await db.batchInsert('old', columns, [[-128, '长文本', '\\x00ff', 7]]);
      expect(strategy).toBe('values');
      const row = { small: '-128', long: '长文本', bytes: '\\x00ff', n: 7 };
      for (let i = 0; i < 3; i++)
        expect((await db.query('SELECT * FROM old')).rows).toEqual([row, row, row, row]);
      await db.transaction(async (tx) => {
        expect((await tx.query('SELECT * FROM old LIMIT 1')).rows).toEqual([row]);
        for await (const each of tx.rows('SELECT * FROM old')) expect(each).toEqual(row);
      });
    },
  );
});

it('takes types of parameters that say which way these go', async () => {
  const emulator = await startEmulator(inject('server'), {
    release: 'V9R1',
    databaseMode: 'oracle',
    messages: 'en',
  });
  const socket = connect({ host: emulator.host, port: emulator.port });
  const { user, database } = emulator;
  const messages: Message[] = [];
  const reader = new MessageReader(false);
  socket.write(encodeStartup(Object.entries({ user, database })));
  socket.on('data', (bytes) => {
    for (const message of reader.push(bytes)) {
      messages.push(message);
      if (message.type === 'Z' && messages.filter(({ type }) => type === 'Z').length === 1) {
        // IN and OUT of int4, as the vendor's drivers declare it.
        const types = int32(23 + 2 ** 29 + 2 ** 30);
        socket.write(
          Buffer.concat([
            encodeMessage('P', cString(''), cString('SELECT $1 + 1'), int16(1), types),
            encodeMessage(
              'B',
              cString(''),
              cString(''),
              int16(0),
              int16(1),
              int32(2),
              Buffer.from('41'),
              int16(0),
            ),
            encodeMessage('E', cString(''), int32(0)),
            encodeMessage('S'),
            encodeMessage('X'),
          ]),
        );
      }
    }
  });
  await once(socket, 'close');
  expect(
    messages
      .find(({ type }) => type === 'D')
      ?.body.subarray(6)
      .toString(),
  ).toBe('42');
  await emulator.stop();
});
