import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, type Connection, type Database, type Statement, type Transaction } from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

/** Goes on for a while, so that what could hit it has the time to. */
const VICTIM = 'SELECT pg_sleep(0.4), 1 AS one';
const LIMIT = 150;

// Whatever a program still holds of a connection that it has given back, it cannot touch the session: that is somebody
// else's by now.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  let processId: number;
  let table: string;

  beforeEach(async () => {
    table = `given_back_${target.flavour}`;
    // One session: the next to take a connection gets the one that has just been given back.
    db = open({ ...target.config, pool: { max: 1 } });
    await db.script(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int4 PRIMARY KEY)`);
    processId = (await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))!.pid;
  });
  afterEach(() => db.close({ timeout: 1_000 }));

  /** While `touch` does what it can, another user's calls on the same session end as if nobody had. */
  async function leavesOthersAlone(touch: () => unknown): Promise<void> {
    const other = await db.connect();
    expect(other.backendPid).toBe(processId);
    const running = other.query(VICTIM);
    const waiting = other.queryRow('SELECT 2 AS two');
    await touch();
    await delay(LIMIT + 50);
    expect((await running).rows).toMatchObject([{ one: 1 }]);
    expect(await waiting).toEqual({ two: 2 });
    await other.release();
    // On the pool as well.
    const pooled = db.query(VICTIM);
    await touch();
    expect((await pooled).rows).toMatchObject([{ one: 1 }]);
    expect(await db.queryRow('SELECT pg_backend_pid() AS pid')).toEqual({ pid: processId });
    expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  }

  const begins: Record<string, (connection: Connection, options: object) => Promise<Transaction>> = {
    'begin()': (connection, options) => connection.begin(options),
    'transaction()': (connection, options) =>
      new Promise<Transaction>((resolve, reject) => {
        const never = (transaction: Transaction): Promise<never> => {
          resolve(transaction);
          return new Promise<never>(() => undefined);
        };
        connection.transaction(never, options).catch(reject);
      }),
  };

  describe.each(Object.entries(begins))(
    'a transaction of %s on a connection that was released',
    (_name, begin) => {
      it('whose time is up later', async () => {
        const connection = await db.connect();
        const transaction = await begin(connection, { timeout: LIMIT });
        await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
        await connection.release();
        await leavesOthersAlone(() => undefined);
        expect((await db.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
      });

      it('whose signal aborts later', async () => {
        const controller = new AbortController();
        const connection = await db.connect();
        await begin(connection, { signal: controller.signal });
        await connection.release();
        await leavesOthersAlone(() => controller.abort(new Error('the request is over')));
      });

      it('is over: its calls are refused and do nothing', async () => {
        const connection = await db.connect();
        const transaction = await begin(connection, {});
        const statement = await transaction.prepare('SELECT 1 AS one');
        const rows = transaction.rows('SELECT 1 AS one');
        await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
        await connection.release();
        await leavesOthersAlone(async () => {
          for (const call of [
            () => transaction.rollback(),
            () => transaction.commit(),
            () => transaction.exec(`INSERT INTO ${table} VALUES (2)`),
            () => transaction.savepoint(() => 1),
            () => transaction.batchInsert(table, ['id'], [[3]]),
            () => statement.query(),
            () => rows[Symbol.asyncIterator]().next(),
          ] as (() => Promise<unknown>)[]) {
            const error = await rejectionOf((async () => call())());
            expect(['KB_TRANSACTION_DONE', 'KB_ROWS_TAKEN']).toContain(error.code);
          }
          await transaction[Symbol.asyncDispose]();
        });
        expect((await db.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
      });

      it('with a savepoint that goes on', async () => {
        const connection = await db.connect();
        const transaction = await begin(connection, { timeout: LIMIT });
        let goOn = (): void => undefined;
        const open = new Promise<void>((resolve) => {
          void transaction
            .savepoint(async () => {
              await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
              resolve();
              await new Promise<void>((go) => (goOn = go));
              throw new Error('of the program');
            })
            .catch(() => undefined);
        });
        await open;
        await connection.release();
        await leavesOthersAlone(() => goOn());
        expect((await db.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
      });
    },
  );

  describe('what was begun on a connection that was released', () => {
    it('rows: their limit, their signal, closing and reading on', async () => {
      const controller = new AbortController();
      const connection = await db.connect();
      const rows = connection.rows('SELECT generate_series(1, 3) AS i', [], {
        timeout: 4_000,
        signal: controller.signal,
      });
      const iterator = rows[Symbol.asyncIterator]();
      await iterator.next();
      // Rows that are not read on are closed under their reader.
      await connection.release();
      await leavesOthersAlone(async () => {
        controller.abort('over');
        await iterator.next().catch(() => undefined);
        await iterator.return?.();
        await rows.close();
      });
    });

    it('rows of an open end', async () => {
      const controller = new AbortController();
      const connection = await db.connect();
      const sql = 'SELECT i, repeat(md5(i::text), 10) FROM (SELECT generate_series(1, 50000000) AS i) AS n';
      const rows = connection.rows(sql, [], { signal: controller.signal });
      const readable = rows.toReadable();
      readable.on('error', () => undefined);
      await once(readable, 'readable');
      await connection.release();
      await leavesOthersAlone(async () => {
        controller.abort('over');
        readable.destroy();
        await rows.close();
      });
    });

    it('a prepared statement', async () => {
      const connection = await db.connect();
      const statement: Statement = await connection.prepare('SELECT 1 AS one');
      const unused: Statement = await connection.prepare('SELECT 2 AS two');
      expect(await statement.queryRow()).toEqual({ one: 1 });
      await connection.release();
      const left = async (): Promise<number> =>
        (await db.queryRow<{ n: number }>(
          `SELECT count(*)::int4 AS n FROM pg_prepared_statements WHERE statement LIKE 'SELECT _ AS %'`,
        ))!.n;
      await until('both have left the server', async () => (await left()) === 0);
      await leavesOthersAlone(async () => {
        const { code } = await rejectionOf(statement.query());
        expect(['KB_CONNECTION_RELEASED', 'KB_STATEMENT_CLOSED']).toContain(code);
        await statement.close();
        await unused.close();
      });
    });

    it.each(['to', 'from'] as const)('COPY %s', async (direction) => {
      const controller = new AbortController();
      const { signal } = controller;
      const connection = await db.connect();
      const stream =
        direction === 'to'
          ? connection.copyTo('COPY (SELECT generate_series(1, 50000000)) TO STDOUT', { signal })
          : connection.copyFrom(`COPY ${table} FROM STDIN`, { signal });
      stream.on('error', () => undefined);
      if ('write' in stream) {
        stream.write('1\n');
        await until('the COPY is under way', async () => {
          const waiting = connection.query('SELECT 1', [], { timeout: 20 });
          return (await waiting.catch((error: unknown) => error)) instanceof Error;
        });
      } else {
        await once(stream, 'readable');
      }
      await connection.release();
      await leavesOthersAlone(async () => {
        controller.abort('over');
        stream.destroy();
        if (!stream.closed) await once(stream, 'close');
      });
    });

    it('a large object', async () => {
      const connection = await db.connect();
      const objects = connection.largeObjects();
      const oid = await objects.create();
      const controller = new AbortController();
      const writing = objects.createWriteStream(oid, { signal: controller.signal, chunkSize: 10 });
      writing.on('error', () => undefined);
      writing.write('0123456789');
      await connection.release();
      await leavesOthersAlone(async () => {
        writing.write('0123456789');
        controller.abort('over');
        expect(await rejectionOf(objects.size(oid))).toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
      });
      await db.largeObjects().unlink(oid);
    });

    it('the connection itself, given back again or to be thrown away', async () => {
      const connection = await db.connect();
      await connection.release();
      await leavesOthersAlone(async () => {
        await connection.release();
        await connection.release({ discard: true });
        await connection[Symbol.asyncDispose]();
        expect(await rejectionOf(connection.begin())).toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
      });
    });

    it('a batch', async () => {
      const controller = new AbortController();
      const connection = await db.connect();
      let give = (): void => undefined;
      async function* rows(): AsyncGenerator<number[]> {
        yield [1];
        await new Promise<void>((resolve) => (give = resolve));
        yield [2];
      }
      const { signal } = controller;
      const batch = connection.batchInsert(table, ['id'], rows(), {
        signal,
        chunkRows: 1,
        strategy: 'values',
      });
      const failed = batch.catch((error: unknown) => error);
      await until('the second row is asked for', () => give.name === 'resolve' || give.length === 1);
      const releasing = connection.release();
      controller.abort(new Error('over'));
      expect(await failed).toMatchObject({ message: 'over' });
      await releasing;
      await leavesOthersAlone(() => give());
      expect((await db.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
    });
  });

  it('a connection that is thrown away is closed, and another is made', async () => {
    const connection = await db.connect();
    const transaction = await connection.begin();
    await transaction.exec(`INSERT INTO ${table} VALUES (1)`);
    await connection.release({ discard: true });
    expect(await rejectionOf(transaction.commit())).toMatchObject({ code: 'KB_TRANSACTION_DONE' });
    expect((await db.query(`SELECT * FROM ${table}`)).rows).toEqual([]);
    expect(await db.queryRow('SELECT pg_backend_pid() AS pid')).not.toEqual({ pid: processId });
  });

  it.each([
    ['true, as pg has it', true],
    ['an error, as pg has it', new Error('of the program')],
    ['a callback', (): undefined => undefined],
    ['an option that there is not', { destory: true }],
    ['a value that the option does not take', { discard: 'yes' }],
  ])(
    'a connection that is let go of with %s is not kept, though the mistake is told',
    async (_what, given) => {
      const connection = await db.connect();
      await connection.exec('SET TimeZone = "Asia/Tokyo"');
      const error = await rejectionOf(connection.release(given as object));
      expect(error).toMatchObject({ code: 'KB_BAD_OPTION' });
      expect(connection.closed).toBe(true);
      // There is only one: it would wait for ever.
      expect(await db.queryRow('SELECT pg_backend_pid() AS pid')).not.toEqual({ pid: processId });
      expect(db.stats()).toMatchObject({ inUse: 0 });
    },
  );

  it('a savepoint takes no options that nobody would keep', async () => {
    const savepoint = (tx: Transaction): Promise<number> =>
      (tx.savepoint as (...args: readonly unknown[]) => Promise<number>).call(tx, () => 1, { timeout: 5 });
    const error = await rejectionOf(db.transaction(savepoint));
    expect(error).toMatchObject({
      code: 'KB_BAD_PARAMETER',
      message: 'A savepoint takes a function and nothing else.',
    });
  });
});
