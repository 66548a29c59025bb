import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { targets, withDatabase } from '../support/targets.js';

const SCHEMA = 'driver_settings';
const ROLE = 'settings_of_a_role';

/** What each setting is changed to; the driver must not read or write otherwise because of it. */
const SETTINGS: Record<string, string> = {
  datestyle: 'SQL, DMY',
  client_encoding: 'GBK',
  standard_conforming_strings: 'off',
  extra_float_digits: '0',
  intervalstyle: 'iso_8601',
};

const READ = `SELECT '2024-02-03 04:05:06'::timestamp AS ts, '2024-02-03 04:05:06+00'::timestamptz AS tz,
  '2024-02-03'::date AS d, '04:05:06'::time AS t, 0.1::float8 + 0.2::float8 AS f, 1234567.891::float4 AS g,
  '{"a": 1.50}'::jsonb AS j, 1.50 AS n, '\\x6162'::bytea AS b, 'é杭州' AS s`;
const READ_AS = {
  ts: new Date(2024, 1, 3, 4, 5, 6),
  tz: new Date('2024-02-03T04:05:06Z'),
  d: '2024-02-03',
  t: '04:05:06',
  f: 0.1 + 0.2,
  g: 1234567.9,
  j: { a: 1.5 },
  n: '1.50',
  b: Buffer.from('ab'),
  s: 'é杭州',
};
// All of binary forms that are read, so that a stream of it comes in that form.
const BINARY = `SELECT ts, tz, d, f, j, n, b, s FROM (${READ}) AS all_types`;
const { ts, tz, d, f, j, n, b, s } = READ_AS;
const BINARY_AS = { ts, tz, d, f, j, n, b, s };
const LITERAL = String.raw`SELECT 'a\nb' AS s`;

const STORED = `SELECT to_char(ts, 'YYYY-MM-DD HH24:MI:SS') AS ts, to_char(d, 'YYYY-MM-DD') AS d,
  f::text AS f, s, encode(convert_to(s, 'UTF8'), 'hex') AS hex, extract(epoch FROM i)::int AS i FROM put`;
const VALUES = [new Date(2024, 1, 3, 4, 5, 6), '2024-02-03', 0.1 + 0.2, String.raw`杭州\n`, '1 day 00:00:01'];
const STORED_AS = {
  ts: '2024-02-03 04:05:06',
  d: '2024-02-03',
  f: '0.30000000000000004',
  s: String.raw`杭州\n`,
  hex: 'e69dade5b79e5c6e',
  i: 86_401,
};
const STRATEGIES = ['unnest', 'values', 'copy'] as const;

type Calls = Pick<Database, 'query' | 'rows' | 'exec' | 'batchInsert'>;

async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Every way in and out; the second time with what has been prepared in between. */
async function check(on: Calls): Promise<void> {
  expect((await on.query(READ)).rows).toEqual([READ_AS]);
  expect((await on.query(BINARY)).rows).toEqual([BINARY_AS]);
  expect((await on.query(LITERAL)).rows).toEqual([{ s: String.raw`a\nb` }]);
  const interval = `SELECT interval '1 day 1 second' AS i`;
  expect(await collect(on.rows(interval))).toEqual((await on.query(interval)).rows);
  await on.exec('DELETE FROM put');
  await on.exec('INSERT INTO put VALUES ($1, $2, $3, $4, $5)', VALUES);
  expect((await on.query(STORED)).rows).toEqual([STORED_AS]);
  expect(await collect(on.rows(READ))).toEqual([READ_AS]);
  expect(await collect(on.rows(BINARY))).toEqual([BINARY_AS]);
  for (const strategy of STRATEGIES) {
    await on.exec('DELETE FROM put');
    await on.batchInsert('put', ['ts', 'd', 'f', 's', 'i'], [VALUES], { strategy });
    expect((await on.query(STORED)).rows, strategy).toEqual([STORED_AS]);
  }
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  const role = { user: ROLE, pool: { max: 1 } };
  beforeAll(async () => {
    await withDatabase(target, (admin) =>
      admin.script(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; DROP ROLE IF EXISTS ${ROLE}; CREATE ROLE ${ROLE} LOGIN;
        CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${ROLE}; SET ROLE ${ROLE}; SET search_path = ${SCHEMA};
        CREATE TABLE put (ts timestamp, d date, f float8, s text, i interval);
        CREATE FUNCTION changes(text, text) RETURNS int LANGUAGE plpgsql AS
          $$ BEGIN PERFORM set_config($1, $2, false); RETURN 1; END $$;
        CREATE FUNCTION only_inside() RETURNS text LANGUAGE sql SET datestyle = 'German' AS
          $$ SELECT '2024-02-03'::date::text $$;
        CREATE PROCEDURE changes_too(text, text) LANGUAGE plpgsql AS
          $$ BEGIN PERFORM set_config($1, $2, false); END $$;
        RESET ROLE; ALTER ROLE ${ROLE} SET search_path = ${SCHEMA};
        ALTER ROLE ${ROLE} SET datestyle = 'SQL, DMY'; ALTER ROLE ${ROLE} SET extra_float_digits = 0`),
    );
    db = open({ ...target.config, ...role });
  });
  afterAll(async () => {
    await db.close();
    await withDatabase(target, (admin) => admin.script(`DROP SCHEMA ${SCHEMA} CASCADE; DROP ROLE ${ROLE}`));
  });

  it.each(['settings', 'all'] as const)('resetOnRelease: %s', (item) =>
    withDatabase(
      target,
      async (resetting) => {
        await check(resetting);
        const connection = await resetting.connect();
        await check(connection);
        await connection.release();
        await check(resetting);
      },
      { user: ROLE, pool: { max: 1, resetOnRelease: [item] } },
    ),
  );

  it.each(['DISCARD ALL', 'RESET ALL', 'reset  datestyle', 'SET datestyle TO DEFAULT', `SET NAMES 'GBK'`])(
    '%s',
    async (sql) => {
      await db.exec(sql);
      await check(db);
      await db.script(`SELECT 1; ${sql.startsWith('DISCARD') ? 'SELECT 2' : sql}`);
      await check(db);
      if (sql.startsWith('DISCARD')) return;
      await expect(db.script(`BEGIN; ${sql}; COMMIT; SELECT 1 / 0`)).rejects.toThrow();
      await check(db);
    },
  );

  describe.each(Object.entries(SETTINGS))('%s', (name, value) => {
    // A function that the text does not name can change how many digits floats have, and the server does not tell.
    const hidden = name !== 'extra_float_digits';
    const ways: Record<string, (on: Calls) => Promise<unknown>> = {
      SET: (on) => on.exec(`SET ${name} = ${value.includes(',') ? value : `'${value}'`}`),
      set_config: (on) => on.query(`SELECT set_config('${name}', '${value}', false)`),
      'set_config by parameters': (on) => on.query('SELECT set_config($1, $2, false)', [name, value]),
      'a DO block': (on) => on.exec(`DO $$ BEGIN PERFORM set_config('${name}', '${value}', false); END $$`),
      ...(hidden && {
        'a function': (on) => on.query(`SELECT changes($1, $2)`, [name, value]),
        'a function in a stream': (on) => collect(on.rows(`SELECT changes('${name}', '${value}')`)),
        'a procedure': (on) => on.exec(`CALL changes_too('${name}', '${value}')`),
      }),
    };
    const setBack = () => db.exec(`RESET intervalstyle`);

    it.each(Object.keys(ways))('changed by %s', async (way) => {
      const change = ways[way];
      if (change === undefined) return;
      await change(db);
      await check(db);
      await db.transaction(async (tx) => {
        await change(tx);
        await check(tx);
      });
      await check(db);
      await setBack();
    });

    it('changed in a transaction, undone by it, by a savepoint, and after an error', async () => {
      const set = async (on: Transaction, how: string) => {
        await on.exec(`${how} ${name} = ${value.includes(',') ? value : `'${value}'`}`);
        await check(on);
      };
      for (const how of ['SET', 'SET LOCAL']) {
        const tx = await db.begin();
        await set(tx, how);
        await tx
          .savepoint(async (inner) => {
            await set(inner, how);
            await inner.query('SELECT 1 / 0');
          })
          .catch(() => undefined);
        await check(tx);
        await tx.rollback();
        await check(db);
        await db.transaction((again) => set(again, how));
        await check(db);
      }
      await setBack();
    });

    it('changed by a script that fails behind it', async () => {
      const text = value.includes(',') ? value : `'${value}'`;
      await expect(db.script(`SET ${name} = ${text}; SELECT 1 / 0`)).rejects.toMatchObject({ code: '22012' });
      await check(db);
      await expect(db.script(`BEGIN; SET ${name} = ${text}; COMMIT; SELECT 1 / 0`)).rejects.toThrow();
      await check(db);
      await setBack();
    });

    it.runIf(hidden)('changed by a prepared statement, with the next one waiting behind it', async () => {
      for (let i = 0; i < 4; i++) {
        const [, read, literal] = await Promise.all([
          db.query('SELECT changes($1, $2)', [name, value]),
          db.query(READ),
          db.query(LITERAL),
        ]);
        expect(read.rows).toEqual([READ_AS]);
        expect(literal.rows).toEqual([{ s: String.raw`a\nb` }]);
      }
      await setBack();
    });

    it.each(['ROLE', 'DATABASE'])('changed by ALTER %s', async (what) => {
      const object = what === 'ROLE' ? `ROLE ${ROLE}` : `DATABASE ${target.config.database}`;
      const text = value.includes(',') ? value : `'${value}'`;
      // Strings are as the login has them: what is written for one meaning of backslashes must not get the other.
      const literal = name === 'standard_conforming_strings' ? 'a\nb' : String.raw`a\nb`;
      await withDatabase(target, (admin) => admin.exec(`ALTER ${object} SET ${name} = ${text}`));
      try {
        await withDatabase(
          target,
          async (other) => {
            expect((await other.query(READ)).rows[0]).toMatchObject({
              ...READ_AS,
              b: expect.anything() as unknown,
            });
            expect((await other.query(LITERAL)).rows).toEqual([{ s: literal }]);
            await other.exec('SET standard_conforming_strings = on; ');
            expect((await other.query(LITERAL)).rows).toEqual([{ s: literal }]);
          },
          role,
        );
      } finally {
        await withDatabase(target, (admin) => admin.exec(`ALTER ${object} RESET ${name}`));
        if (what === 'ROLE' && (name === 'datestyle' || name === 'extra_float_digits')) {
          await withDatabase(target, (admin) =>
            admin.exec(`ALTER ${object} SET ${name} = ${name === 'datestyle' ? 'SQL, DMY' : '0'}`),
          );
        }
      }
    });
  });

  it('the digits of floats stay as the program sets them where it asks for that', async () => {
    const plain = open({ ...target.config, exactFloats: false, applicationName: false, pool: { max: 1 } });
    try {
      const shown =
        "SELECT current_setting('extra_float_digits') AS digits, current_setting('application_name') AS name";
      const { rows } = await plain.query<{ digits: string; name: string }>(shown);
      expect(rows[0]?.name).toBe('');
      expect(rows[0]?.digits).not.toBe('3');
      await plain.exec('SET extra_float_digits TO 0');
      expect((await plain.query(shown)).rows).toMatchObject([{ digits: '0' }]);
      const sum = 'SELECT 0.1::float8 + 0.2::float8 AS f';
      for (let i = 0; i < 4; i++) expect((await plain.query(sum)).rows).toEqual([{ f: 0.3 }]);
      for await (const row of plain.rows(sum)) expect(row).toEqual({ f: 0.3 });
    } finally {
      await plain.close();
    }
  });

  it('a setting that a function has for itself costs nothing and changes nothing', async () => {
    expect((await db.query('SELECT only_inside() AS d')).rows).toEqual([{ d: '03.02.2024' }]);
    await check(db);
  });

  it('the order of day and month stays as the program sets it', async () => {
    await db.exec('SET datestyle = German, DMY');
    expect((await db.query(`SELECT '03/02/2024'::date AS d`)).rows).toEqual([{ d: '2024-02-03' }]);
    await db.exec('SET datestyle = Postgres, MDY');
    expect((await db.query(`SELECT '03/02/2024'::date AS d`)).rows).toEqual([{ d: '2024-03-02' }]);
    await db.transaction(async (tx) => {
      await tx.exec('SET LOCAL datestyle = SQL, DMY');
      expect((await tx.query(`SELECT '03/02/2024'::date AS d`)).rows).toEqual([{ d: '2024-02-03' }]);
    });
    expect((await db.query(`SELECT '03/02/2024'::date AS d`)).rows).toEqual([{ d: '2024-03-02' }]);
  });
});
