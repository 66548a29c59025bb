import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { buildStandInWithRowsBind } from '../../scripts/stand-in-libkci.js';
import { startEmulator, type Emulator } from '../support/kingbase-emulator.js';
import { targets } from '../support/targets.js';
import { sampledTypes, SERVERS } from './kingbase-samples.js';

// Every type of every mode goes in and comes out as the same value, by each way, in whatever state the session's settings
// are.

const tcpTargets = targets().filter(({ transport }) => transport === 'TCP');
const STRATEGIES = ['copy', 'unnest', 'values', 'auto'] as const;

const STATES: Readonly<Record<string, string>> = {
  'as they are': 'SELECT 1',
  'a style of dates': `SET datestyle = 'SQL, DMY'`,
  'another style of dates': `SET datestyle = 'German'`,
  'fewer digits': 'SET extra_float_digits = -3',
  'a style of intervals': `SET intervalstyle = 'iso_8601'`,
  'an encoding': `SET client_encoding = 'GBK'`,
  'strings with escapes': 'SET standard_conforming_strings = off',
};

type Calls = Pick<Connection, 'query' | 'rows' | 'exec' | 'batchInsert'>;

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const literal = (text: string): string => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
/** An element in an array's text. */
const element = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

describe.each(SERVERS.filter(({ release }) => release !== 'V8R3'))('$release in $mode mode', (server) => {
  const { release, mode } = server;
  const types = sampledTypes(release, mode).map(({ type, samples }) => ({
    type,
    samples: samples.filter(({ finer }) => finer === undefined),
    finer: samples.filter(({ finer }) => finer === true),
  }));
  const columns = types.flatMap(({ type }, i) => [
    { name: `c${i}`, type, i, array: false },
    { name: `a${i}`, type: `${type}[]`, i, array: true },
  ]);
  const names = columns.map(({ name }) => name);
  /** What a program gets in each column, and what it gives. */
  const values = columns.map(({ i, array }) => {
    const { samples } = types[i]!;
    return array ? [...samples.map(({ value }) => value), null] : samples[0]?.value;
  });
  const literals = columns.map(({ i, array }) => {
    const { samples } = types[i]!;
    return literal(
      array ? `{${[...samples.map(({ text }) => element(text)), 'NULL'].join()}}` : (samples[0]?.text ?? ''),
    );
  });
  const row = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const inOrder = `SELECT ${names.join()} FROM every ORDER BY n`;

  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator(inject('server'), { release, databaseMode: mode, messages: 'en' });
  });
  afterAll(() => emulator.stop());

  it.runIf(release === 'V9R1')('in by the multi-row Bind of a library that has it', async () => {
    const { host, port, user, database } = emulator;
    const clientLibrary = (await buildStandInWithRowsBind()).path;
    const db = open({ host, port, user, database, clientLibrary, sslMode: 'disable', pool: { max: 1 } });
    try {
      await db.script(`DROP TABLE IF EXISTS every;
        CREATE TABLE every (n int4, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`);
      await db.exec(`INSERT INTO every VALUES (0, ${literals.join()})`);
      await db.batchInsert(
        'every',
        ['n', ...names],
        [1, 2, 3].map((n) => [n, ...values]),
        { strategy: 'bind' },
      );
      expect((await db.query(inOrder)).rows).toStrictEqual([row, row, row, row]);
    } finally {
      await db.close();
    }
  });

  // What differs between the libraries, or between settings, does not depend on which line a type is of.
  const states = Object.keys(STATES).filter((_, i) => release === 'V9R1' || i % 3 === 0);
  const libraries = tcpTargets.filter(({ flavour }) => flavour === 'kci' || release === 'V9R1');
  describe.each(libraries)('$name', (target) => {
    let db: Database;
    beforeAll(async () => {
      const { host, port, user, database } = emulator;
      db = open({ ...target.config, host, port, user, database, pool: { max: 1 } });
      await db.script(`DROP TABLE IF EXISTS every;
        CREATE TABLE every (n int4, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`);
    });
    afterAll(() => db.close());

    /** In by each way, then out by each way. */
    async function check(on: Calls, change: () => Promise<unknown>): Promise<void> {
      await on.exec('DELETE FROM every');
      await on.exec(`INSERT INTO every VALUES (0, ${literals.join()})`);
      await change();
      const insert = `INSERT INTO every VALUES ($1, ${names.map((_, i) => `$${i + 2}`).join()})`;
      await on.exec(insert, [1, ...values]);
      for (const [i, strategy] of STRATEGIES.entries()) {
        await on.batchInsert('every', ['n', ...names], [[2 + i, ...values]], { strategy });
      }
      const stored = names.map((name) => `count(DISTINCT coalesce(${name}::text, 'NULL'))::int4 AS ${name}`);
      const { rows: counted } = await on.query(`SELECT ${stored.join()} FROM every`);
      expect(counted).toEqual([Object.fromEntries(names.map((name) => [name, 1]))]);

      await change();
      const expected = Array.from({ length: 2 + STRATEGIES.length }, () => row);
      // As it is, then prepared.
      for (let i = 0; i < 2; i++) expect((await on.query(inOrder)).rows).toStrictEqual(expected);
      await change();
      expect(await collect(on.rows(inOrder))).toStrictEqual(expected);
      // Alone, so that those with a binary form that is known come in that.
      for (const { name } of columns) {
        const rows = await collect(on.rows(`SELECT ${name} FROM every WHERE n = 1`));
        expect(rows, name).toStrictEqual([{ [name]: row[name] }]);
      }
      for (const { type, finer } of types) {
        for (const { text, value } of finer) {
          await change();
          const sql = `SELECT $1::text::${type} AS one, ARRAY[$1::text]::${type}[] AS list`;
          expect((await on.query(sql, [text])).rows, text).toStrictEqual([{ one: value, list: [value] }]);
        }
      }
    }

    it.each(states)('settings: %s', async (state) => {
      await check(db, () => db.exec(STATES[state]!));
      await db.exec('RESET intervalstyle');
    });

    it('in a transaction, on a connection that has seen nothing before', async () => {
      const { host, port, user, database } = emulator;
      const other = open({ ...target.config, host, port, user, database, pool: { max: 1 } });
      try {
        await other.transaction((tx) => check(tx, () => tx.exec(`SET LOCAL datestyle = 'SQL, DMY'`)));
      } finally {
        await other.close();
      }
    });
  });
});
