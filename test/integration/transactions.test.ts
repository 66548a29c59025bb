import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DatabaseError,
  open,
  TimeoutError,
  UsageError,
  type Database,
  type Transaction,
  type TransactionOptions,
} from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const FOR_EVER = 'SELECT pg_sleep(600)';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const table = `transactions_${target.flavour}`;
  let db: Database;
  let admin: Database;

  beforeEach(async () => {
    db = open({ ...target.config, pool: { max: 4 } });
    admin = open({ ...target.config, pool: { max: 2 } });
    await admin.script(`DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int4 PRIMARY KEY, v int4)`);
  });
  afterEach(async () => {
    // What is left open is the fault of a test that has failed.
    await Promise.all([db.close({ timeout: 1_000 }), admin.close({ timeout: 1_000 })]);
  });

  const ids = async (): Promise<unknown[]> =>
    (await admin.query(`SELECT id FROM ${table} ORDER BY id`, [], { rowMode: 'array' })).rows.flat();
  const insert = (on: Transaction | Database, id: number): Promise<unknown> =>
    on.exec(`INSERT INTO ${table} VALUES ($1, 0)`, [id]);
  const untilSleeping = (processId: number): Promise<void> =>
    until('it sleeps', async () => {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
      return (await admin.queryRow(sql, [processId])) !== undefined;
    });
  /** Nothing is in use, and no session of the pool is in a transaction. */
  async function expectClean(): Promise<void> {
    expect(db.stats().inUse).toBe(0);
    await expect(db.exec('SAVEPOINT outside')).rejects.toMatchObject({ code: '25P01' });
  }

  describe('ends', () => {
    it('by a commit when the function returns, with its result', async () => {
      const result = await db.transaction(async (transaction) => {
        await insert(transaction, 1);
        expect(await ids()).toEqual([]);
        return 'done';
      });
      expect(result).toBe('done');
      expect(await ids()).toEqual([1]);
      expect(await db.transaction(() => 'at once')).toBe('at once');
      await expectClean();
    });

    it('by a rollback when the function throws, with its error', async () => {
      const error = new Error('of the program');
      await expect(
        db.transaction(async (transaction) => {
          await insert(transaction, 1);
          throw error;
        }),
      ).rejects.toBe(error);
      await expect(
        db.transaction(() => {
          throw error;
        }),
      ).rejects.toBe(error);
      expect(
        await rejectionOf(db.transaction((transaction) => transaction.query('SELECT 1/0'))),
      ).toMatchObject({ code: '22012' });
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('by hand', async () => {
      const kept = await db.begin();
      const undone = await db.begin();
      expect(kept.backendPid).not.toBe(undone.backendPid);
      await insert(kept, 1);
      await insert(undone, 2);
      await undone.rollback();
      await kept.commit();
      expect(await ids()).toEqual([1]);
      await expectClean();
    });

    it('by a rollback when it is left undone', async () => {
      const leave = async (how: 'return' | 'throw'): Promise<void> => {
        await using transaction = await db.begin();
        await insert(transaction, 1);
        if (how === 'throw') throw new Error('of the program');
      };
      await leave('return');
      await expect(leave('throw')).rejects.toThrow('of the program');
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('once: leaving what has ended does nothing', async () => {
      const use = async (): Promise<void> => {
        await using transaction = await db.begin();
        await insert(transaction, 1);
        await transaction.commit();
      };
      await use();
      expect(await ids()).toEqual([1]);
      await expectClean();
    });

    it('with what was asked of it before, in order, though nobody waited for that', async () => {
      const transaction = await db.begin();
      const calls = [1, 2, 3].map((id) => insert(transaction, id));
      await transaction.commit();
      await Promise.all(calls);
      expect(await ids()).toEqual([1, 2, 3]);
    });

    it('and takes nothing more', async () => {
      const [committed, rolledBack] = [await db.begin(), await db.begin()];
      const statement = await committed.prepare('SELECT 1');
      await committed.commit();
      await rolledBack.rollback();
      for (const ended of [committed, rolledBack]) {
        for (const call of [
          ended.query('SELECT 1'),
          ended.queryRow('SELECT 1'),
          ended.exec('SELECT 1'),
          ended.script('SELECT 1'),
          ended.prepare('SELECT 1'),
          ended.savepoint(() => 1),
          ended.commit(),
          ended.rollback(),
        ] as Promise<unknown>[]) {
          const error = await rejectionOf(call);
          expect(error).toBeInstanceOf(UsageError);
          expect(error.code).toBe('KB_TRANSACTION_DONE');
        }
      }
      expect(await rejectionOf(statement.query())).toMatchObject({ code: 'KB_TRANSACTION_DONE' });
      await expectClean();
    });

    it('in no commit when a statement has failed, though the program went on', async () => {
      const call = db.transaction(async (transaction) => {
        await insert(transaction, 1);
        await rejectionOf(transaction.query('SELECT 1 / 0'));
      });
      const error = await rejectionOf(call);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.code).toBe('KB_TRANSACTION_ROLLED_BACK');
      const byHand = await db.begin();
      await rejectionOf(byHand.query('SELECT 1 / 0'));
      expect(await rejectionOf(byHand.query('SELECT 1'))).toMatchObject({ code: '25P02' });
      expect((await rejectionOf(byHand.commit())).code).toBe('KB_TRANSACTION_ROLLED_BACK');
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('in no commit when a deferred constraint fails then', async () => {
      await admin.script(
        `CREATE TABLE ${table}_child (parent int4 REFERENCES ${table} DEFERRABLE INITIALLY DEFERRED)`,
      );
      const error = await rejectionOf(
        db.transaction(async (transaction) => {
          await transaction.exec(`INSERT INTO ${table}_child VALUES (7)`);
          await insert(transaction, 1);
        }),
      );
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({
        code: '23503',
        condition: 'foreign_key_violation',
        table: `${table}_child`,
        constraint: `${table}_child_parent_fkey`,
      });
      expect(await ids()).toEqual([]);
      await expectClean();
      await admin.exec(`DROP TABLE ${table}_child`);
    });

    it('on a connection, which stays checked out', async () => {
      await using connection = await db.connect();
      await connection.transaction((transaction) => insert(transaction, 1));
      const transaction = await connection.begin();
      expect(transaction.backendPid).toBe(connection.backendPid);
      await insert(transaction, 2);
      await transaction.rollback();
      expect(await connection.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
      expect(await ids()).toEqual([1]);
      expect(db.stats().inUse).toBe(1);
    });

    it('together with its connection when that is released', async () => {
      const connection = await db.connect();
      const transaction = await connection.begin();
      await insert(transaction, 1);
      await connection.release();
      expect(await rejectionOf(transaction.commit())).toMatchObject({ code: 'KB_TRANSACTION_DONE' });
      expect(await ids()).toEqual([]);
      await until('it is rolled back', () => db.stats().inUse === 0);
      await expectClean();
    });
  });

  describe('a connection whose rollback fails', () => {
    it('is closed, and the error of the program is the one that is seen', async () => {
      const error = new Error('of the program');
      let processId = 0;
      await expect(
        db.transaction(async (transaction) => {
          ({ backendPid: processId } = transaction);
          await admin.query('SELECT pg_terminate_backend($1)', [processId]);
          throw error;
        }),
      ).rejects.toBe(error);
      await until('it is gone', () => db.stats().openConnections === 0);
      await expectClean();
      expect(await db.queryRow('SELECT pg_backend_pid() <> $1 AS other', [processId])).toEqual({
        other: true,
      });
    });
  });

  describe('options', () => {
    const settings = `SELECT current_setting('transaction_isolation') AS isolation,
      current_setting('transaction_read_only') AS "readOnly",
      current_setting('transaction_deferrable') AS deferrable`;

    it.each<[TransactionOptions, object]>([
      [{}, { isolation: 'read committed', readOnly: 'off', deferrable: 'off' }],
      [{ isolation: 'read uncommitted' }, { isolation: 'read uncommitted' }],
      [{ isolation: 'read committed' }, { isolation: 'read committed' }],
      [{ isolation: 'repeatable read' }, { isolation: 'repeatable read' }],
      [{ isolation: 'serializable' }, { isolation: 'serializable' }],
      [{ readOnly: true }, { readOnly: 'on' }],
      [{ readOnly: false }, { readOnly: 'off' }],
      [
        { isolation: 'serializable', readOnly: true, deferrable: true },
        { isolation: 'serializable', readOnly: 'on', deferrable: 'on' },
      ],
    ])('%j', async (options, expected) => {
      expect(await db.transaction((transaction) => transaction.queryRow(settings), options)).toMatchObject(
        expected,
      );
      await using transaction = await db.begin(options);
      expect(await transaction.queryRow(settings)).toMatchObject(expected);
      await using connection = await db.connect();
      expect(await connection.transaction((each) => each.queryRow(settings), options)).toMatchObject(
        expected,
      );
    });

    it('readOnly false goes before what the server has as its default', async () => {
      await using readOnly = open({ ...target.config, options: '-c default_transaction_read_only=on' });
      await expect(readOnly.transaction((each) => insert(each as never, 1))).rejects.toMatchObject({
        code: '25006',
      });
      await readOnly.transaction((each) => insert(each as never, 1), { readOnly: false });
      expect(await ids()).toEqual([1]);
    });

    it('that are wrong are refused by name, and nothing is taken', async () => {
      for (const call of [
        db.begin({ isolation: 'snapshot' as never }),
        db.transaction(() => 1, { isolation: 'constructor' as never }),
      ]) {
        const error = await rejectionOf(call);
        expect(error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_OPTION' });
        expect(error.message).toContain('serializable');
      }
      expect(db.stats()).toMatchObject({ inUse: 0 });
    });
  });

  describe('savepoint', () => {
    it('undoes what it did when it throws, and the transaction goes on', async () => {
      await db.transaction(async (transaction) => {
        await insert(transaction, 1);
        const error = await rejectionOf(
          transaction.savepoint(async (inner) => {
            expect(inner).toBe(transaction);
            await insert(inner, 2);
            await insert(inner, 1);
          }),
        );
        expect(error).toMatchObject({ code: '23505' });
        expect(await transaction.savepoint(() => 'result')).toBe('result');
        await transaction.savepoint((inner) => insert(inner, 3));
      });
      expect(await ids()).toEqual([1, 3]);
      await expectClean();
    });

    it('may be nested', async () => {
      const stop = new Error('of the program');
      await db.transaction(async (transaction) => {
        await transaction.savepoint(async () => {
          await insert(transaction, 1);
          await transaction
            .savepoint(async () => {
              await insert(transaction, 2);
              await transaction.savepoint(() => insert(transaction, 3));
              throw stop;
            })
            .catch((error: unknown) => expect(error).toBe(stop));
          await transaction.savepoint(() => insert(transaction, 4));
        });
      });
      expect(await ids()).toEqual([1, 4]);
    });

    it('whose error the program does not catch ends the transaction', async () => {
      const call = db.transaction(async (transaction) => {
        await insert(transaction, 1);
        await transaction.savepoint(() => transaction.query('SELECT 1 / 0'));
      });
      expect(await rejectionOf(call)).toMatchObject({ code: '22012' });
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('keeps the error that says why, where it cannot be rolled back to', async () => {
      const call = db.transaction((transaction) =>
        transaction.savepoint(() => transaction.query('SELECT pg_terminate_backend(pg_backend_pid())')),
      );
      expect(await rejectionOf(call)).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    });
  });

  describe('signal', () => {
    it('stops what is going on, rolls back, and rejects with its reason', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const seen: unknown[] = [];
      const call = db.transaction(
        async (transaction) => {
          await insert(transaction, 1);
          const sleeping = transaction.query(FOR_EVER);
          const waiting = transaction.query('SELECT 1');
          await untilSleeping(transaction.backendPid);
          controller.abort(reason);
          seen.push(...(await Promise.allSettled([sleeping, waiting, transaction.query('SELECT 2')])));
        },
        { signal: controller.signal },
      );
      await expect(call).rejects.toBe(reason);
      expect(await ids()).toEqual([]);
      await until('the function has ended', () => seen.length === 3);
      expect(seen).toMatchObject([
        { reason: { code: '57014' } },
        { status: 'rejected', reason },
        { status: 'rejected', reason },
      ]);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      expect(db.stats().openConnections).toBe(1);
      await expectClean();
    });

    it('stops a function that waits for something else', async () => {
      const controller = new AbortController();
      const call = db.transaction(
        async (transaction) => {
          await insert(transaction, 1);
          queueMicrotask(() => controller.abort('enough'));
          await new Promise(() => undefined);
        },
        { signal: controller.signal },
      );
      await expect(call).rejects.toBe('enough');
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('rolls back a transaction that was begun by hand', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const transaction = await db.begin({ signal: controller.signal });
      await insert(transaction, 1);
      const sleeping = rejectionOf(transaction.query(FOR_EVER));
      await untilSleeping(transaction.backendPid);
      controller.abort(reason);
      expect(await sleeping).toMatchObject({ code: '57014' });
      await expect(transaction.query('SELECT 1')).rejects.toBe(reason);
      await expect(transaction.commit()).rejects.toBe(reason);
      await transaction[Symbol.asyncDispose]();
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('that is aborted before takes no connection; one that is aborted after does nothing', async () => {
      const aborted = AbortSignal.abort('before');
      await expect(db.transaction(() => 1, { signal: aborted })).rejects.toBe('before');
      await expect(db.begin({ signal: aborted })).rejects.toBe('before');
      expect(db.stats()).toMatchObject({ openConnections: 0, inUse: 0 });
      const controller = new AbortController();
      await db.transaction((transaction) => insert(transaction, 1), { signal: controller.signal });
      const byHand = await db.begin({ signal: controller.signal });
      await insert(byHand, 2);
      await byHand.commit();
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      controller.abort('after');
      expect(await ids()).toEqual([1, 2]);
      await expectClean();
    });

    it('and timeout count from when a connection is asked for', async () => {
      db.configurePool({ max: 1 });
      const held = await db.connect();
      const controller = new AbortController();
      const calls = [
        db.transaction(() => 1, { signal: controller.signal }),
        db.begin({ signal: controller.signal }),
      ].map((call) => call.catch((error: unknown) => error));
      controller.abort('enough');
      expect(await Promise.all(calls)).toEqual(['enough', 'enough']);
      for (const call of [db.transaction(() => 1, { timeout: 20 }), db.begin({ timeout: 20 })]) {
        expect(await rejectionOf(call as Promise<unknown>)).toBeInstanceOf(TimeoutError);
      }
      await held.release();
      await expectClean();
    });
  });

  describe('timeout', () => {
    it('stops and rolls back the transaction, and says so', async () => {
      await db.ping();
      for (const work of [
        (transaction: Transaction) => transaction.query(FOR_EVER),
        () => new Promise(() => undefined),
      ]) {
        const error = await rejectionOf(
          db.transaction(
            async (transaction) => {
              await insert(transaction, 1);
              await work(transaction);
            },
            { timeout: 300 },
          ),
        );
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error).toMatchObject({ code: 'KB_TIMEOUT', operation: 'transaction', timeout: 300 });
      }
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('is for a transaction with all its attempts', async () => {
      await db.ping();
      let attempts = 0;
      const error = await rejectionOf(
        db.transaction(
          (transaction) => {
            attempts++;
            return transaction.script("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$");
          },
          { timeout: 300, retry: { maxAttempts: 1_000_000, backoff: () => 5 } },
        ),
      );
      expect(error.code).toBe('KB_TIMEOUT');
      expect(attempts).toBeGreaterThan(1);
      await expectClean();
    });

    it('that is over when an attempt has failed is what the transaction rejects with', async () => {
      const error = await rejectionOf(
        db.transaction(
          async (transaction) => {
            const failed = transaction.script("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$");
            await failed.catch((failure: unknown) => {
              // The time passes before any timer can tell.
              Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
              throw failure;
            });
          },
          { timeout: 300, retry: {} },
        ),
      );
      expect(error.code).toBe('KB_TIMEOUT');
      await expectClean();
    });

    it('that is not reached changes nothing', async () => {
      await db.transaction((transaction) => insert(transaction, 1), { timeout: 60_000 });
      await db.transaction((transaction) => insert(transaction, 2), { timeout: Infinity });
      expect(await ids()).toEqual([1, 2]);
    });
  });

  describe('retry', () => {
    const failing = (code: string) => (transaction: Transaction) =>
      transaction.script(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`);

    /** Both read before either writes, so that one of them must fail. */
    async function conflict(options: TransactionOptions & { retry?: object }): Promise<[number, unknown[]]> {
      await insert(db, 1);
      await insert(db, 2);
      let attempts = 0;
      let waiting: (() => void)[] = [];
      const work = async (transaction: Transaction, mine: number): Promise<void> => {
        attempts++;
        const sql = `SELECT sum(v)::int4 AS v FROM ${table}`;
        const { v } = (await transaction.queryRow<{ v: number }>(sql))!;
        if (attempts <= 2) {
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length === 2) for (const go of waiting.splice(0)) go();
          });
        }
        await transaction.exec(`UPDATE ${table} SET v = $1 WHERE id = $2`, [v + 1, mine]);
      };
      const ends = await Promise.allSettled(
        [1, 2].map((mine) => db.transaction((transaction) => work(transaction, mine), options)),
      );
      waiting = [];
      return [attempts, ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))];
    }

    it('runs a transaction again that could not be serialized, and only then', async () => {
      const [attempts, errors] = await conflict({ isolation: 'serializable', retry: {} });
      expect(errors).toEqual([]);
      expect(attempts).toBe(3);
      // As if one had come after the other: the later has seen the earlier.
      const { rows } = await admin.query(`SELECT v FROM ${table} ORDER BY v`);
      expect(rows).toEqual([{ v: 1 }, { v: 2 }]);
      await expectClean();
    });

    it('is only done where it is asked for', async () => {
      const [attempts, errors] = await conflict({ isolation: 'serializable' });
      expect(attempts).toBe(2);
      expect(errors).toMatchObject([{ code: '40001', condition: 'serialization_failure', retryable: true }]);
      await expectClean();
    });

    it('runs a transaction again that was the victim of a deadlock', async () => {
      await admin.exec(`INSERT INTO ${table} VALUES (1, 0), (2, 0)`);
      let attempts = 0;
      const met: (() => void)[] = [];
      const work = async (transaction: Transaction, first: number, second: number): Promise<void> => {
        attempts++;
        await transaction.exec(`SET LOCAL deadlock_timeout TO '10ms'`);
        const sql = `UPDATE ${table} SET v = v + 1 WHERE id = $1`;
        await transaction.exec(sql, [first]);
        if (attempts <= 2) {
          await new Promise<void>((resolve) => {
            met.push(resolve);
            if (met.length === 2) for (const go of met) go();
          });
        }
        await transaction.exec(sql, [second]);
      };
      await Promise.all([
        db.transaction((transaction) => work(transaction, 1, 2), { retry: {} }),
        db.transaction((transaction) => work(transaction, 2, 1), { retry: {} }),
      ]);
      expect(attempts).toBe(3);
      expect((await admin.query(`SELECT v FROM ${table}`)).rows).toEqual([{ v: 2 }, { v: 2 }]);
      await expectClean();
    });

    it('ends at maxAttempts, after the pauses that backoff gives, with the last error', async () => {
      const pauses: number[] = [];
      let attempts = 0;
      const call = db.transaction(
        (transaction) => {
          attempts++;
          return failing('40P01')(transaction);
        },
        { retry: { maxAttempts: 4, backoff: (attempt) => pauses.push(attempt) } },
      );
      expect(await rejectionOf(call)).toMatchObject({ code: '40P01', retryable: true });
      expect(attempts).toBe(4);
      expect(pauses).toEqual([1, 2, 3]);
      await expectClean();
    });

    it('has five attempts by default', async () => {
      let attempts = 0;
      const call = db.transaction(
        (transaction) => {
          attempts++;
          return failing('40001')(transaction);
        },
        { retry: { backoff: () => 0 } },
      );
      expect(await rejectionOf(call)).toMatchObject({ code: '40001' });
      expect(attempts).toBe(5);
    });

    it.each(['23505', '57014', '25006', '40002', '40003'])('is not for %s', async (code) => {
      let attempts = 0;
      const call = db.transaction(
        (transaction) => {
          attempts++;
          return failing(code)(transaction);
        },
        { retry: {} },
      );
      expect(await rejectionOf(call)).toMatchObject({ code, retryable: false });
      expect(attempts).toBe(1);
    });

    it('is for a failure at commit, too', async () => {
      await admin.script(`CREATE OR REPLACE FUNCTION ${table}_fails() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.v < 2 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION ${table}_fails()`);
      let attempts = 0;
      await db.transaction(
        (transaction) => transaction.exec(`INSERT INTO ${table} VALUES (1, $1)`, [attempts++]),
        { retry: { backoff: () => 0 } },
      );
      expect(attempts).toBe(3);
      expect(await ids()).toEqual([1]);
      await admin.script(`DROP TABLE ${table}; DROP FUNCTION ${table}_fails`);
    });

    it('ends when the signal aborts in a pause', async () => {
      const controller = new AbortController();
      let attempts = 0;
      const call = db.transaction(
        (transaction) => {
          attempts++;
          return failing('40001')(transaction);
        },
        {
          signal: controller.signal,
          retry: {
            backoff: () => {
              queueMicrotask(() => queueMicrotask(() => controller.abort('enough')));
              return 600_000;
            },
          },
        },
      );
      await expect(call).rejects.toBe('enough');
      expect(attempts).toBe(1);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    });
  });
});
