import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, TimeoutError, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

const FOR_EVER = 'SELECT pg_sleep(600)';
const LIMIT = 200;

const timedOut = { name: 'TimeoutError', code: 'KB_TIMEOUT', timeout: LIMIT };

describe.each(targets())('the default time limit: $name', (target) => {
  let db: Database;
  /** Has no limit. */
  let other: Database;
  beforeAll(async () => {
    db = open({ ...target.config, timeout: LIMIT, pool: { max: 2 } });
    other = open(target.config);
    // Loading the library and logging in is none of what is looked at here.
    await db.query('SELECT 1', [], { timeout: Infinity });
  });
  afterAll(() => Promise.all([db.close(), other.close()]));

  it('is for every call that runs a statement', async () => {
    const statement = await db.prepare(FOR_EVER);
    const connection = await db.connect();
    for (const call of [
      () => db.query(FOR_EVER),
      () => db.queryRow(FOR_EVER, [], {}),
      () => db.exec(FOR_EVER),
      () => db.script(FOR_EVER),
      () => statement.query(),
      () => statement.exec(),
      () => connection.query(FOR_EVER),
      () => db.rows(FOR_EVER).fields(),
      () => db.rows(FOR_EVER)[Symbol.asyncIterator]().next(),
      () => statement.rows()[Symbol.asyncIterator]().next(),
      () => db.copyTo(`COPY (${FOR_EVER}) TO STDOUT`).toArray(),
    ]) {
      await expect(call()).rejects.toMatchObject(timedOut);
    }
    await connection.release();
  });

  it('gives way to the time of a call, shorter, longer or none', async () => {
    await expect(db.query(FOR_EVER, [], { timeout: 20 })).rejects.toMatchObject({ timeout: 20 });
    const long = `SELECT pg_sleep(${(2 * LIMIT) / 1000})::text AS v`;
    expect(await db.query(long, [], { timeout: 60_000 })).toMatchObject({ rowCount: 1 });
    expect(await db.query(long, [], { timeout: Infinity })).toMatchObject({ rowCount: 1 });
  });

  it('is for the calls in a transaction, and not for the transaction', async () => {
    await db.transaction(async (tx) => {
      await tx.exec('SELECT 1');
      // Longer than the limit, in a call that has none.
      await tx.query(`SELECT pg_sleep(${(2 * LIMIT) / 1000})`, [], { timeout: Infinity });
      await expect(tx.savepoint((inner) => inner.query(FOR_EVER))).rejects.toMatchObject(timedOut);
      expect(await tx.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
    });
  });

  it('is for a commit', async () => {
    const table = `default_timeout_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    const late = `${table}_late`;
    await other.script(`
      DROP TABLE IF EXISTS ${table};
      CREATE TABLE ${table} (id int PRIMARY KEY);
      CREATE OR REPLACE FUNCTION ${late}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION ${late}();
    `);
    try {
      const tx = await db.begin();
      await tx.exec(`INSERT INTO ${table} VALUES (1)`);
      await expect(tx.commit()).rejects.toMatchObject({ ...timedOut, operation: 'transaction' });
      expect(await other.query(`SELECT * FROM ${table}`)).toMatchObject({ rows: [] });
      await expect(db.batchInsert(table, ['id'], [[1]])).rejects.toMatchObject({
        ...timedOut,
        operation: 'batch',
      });
    } finally {
      await other.script(`DROP TABLE ${table}; DROP FUNCTION ${late}()`);
    }
  });

  it('is for the wait for a connection', async () => {
    const held = await Promise.all([db.connect(), db.connect()]);
    for (const call of [
      () => db.query('SELECT 1'),
      () => db.ping(),
      () => db.connect(),
      () => db.begin(),
      () => db.transaction(() => undefined),
      () => db.prepare('SELECT 1'),
      () => db.batchInsert('nowhere', ['a'], [[1]]),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ timeout: LIMIT });
    }
    for (const connection of held) {
      await (await connection.begin()).commit();
      await connection.release();
    }
  });

  it('is for a stream only until it has begun', async () => {
    const pause = (): Promise<unknown> => other.query(`SELECT pg_sleep(${(2 * LIMIT) / 1000})`);
    let count = 0;
    for await (const row of db.rows('SELECT g, repeat($1, 1000) AS filler FROM generate_series(1, 2000) g', [
      'x',
    ])) {
      if (count++ === 10) await pause();
      expect(row).toMatchObject({ g: count });
    }
    expect(count).toBe(2000);

    const connection = await db.connect();
    await connection.exec('CREATE TEMP TABLE streamed (v int)');
    async function* lines(): AsyncGenerator<string> {
      // More than is gathered before something is sent.
      yield '1\n'.repeat(100_000);
      await pause();
      yield '2\n';
    }
    const copy = connection.copyFrom('COPY streamed FROM STDIN');
    await pipeline(Readable.from(lines()), copy);
    expect(copy.rowsAffected).toBe(100_001);
    await connection.release({ discard: true });
  });

  it('may stand in a connection string', async () => {
    const { host, port, user, database, clientLibrary } = target.config;
    for (const dsn of [
      `host=${host} port=${port} user=${user} dbname=${database} timeout=${LIMIT}`,
      `Server=${host};Port=${port};User Id=${user};Database=${database};Command Timeout=${LIMIT / 1000}`,
    ]) {
      await using named = open(dsn, { clientLibrary });
      await expect(named.query(FOR_EVER)).rejects.toMatchObject(timedOut);
    }
  });
});
