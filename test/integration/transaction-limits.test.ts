import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { TimeoutError, type Transaction, type TransactionOptions } from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';
import { FOR_EVER, transactionWorld } from './with-transactions.js';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const world = transactionWorld(target, 'transaction_limits');
  const { table, ids, insert, untilSleeping, expectClean } = world;

  describe('signal', () => {
    it('stops what is going on, rolls back, and rejects with its reason', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const seen: unknown[] = [];
      const call = world.db.transaction(
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
      expect(world.db.stats().openConnections).toBe(1);
      await expectClean();
    });

    it('stops a function that waits for something else', async () => {
      const controller = new AbortController();
      const call = world.db.transaction(
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
      const transaction = await world.db.begin({ signal: controller.signal });
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
      await expect(world.db.transaction(() => 1, { signal: aborted })).rejects.toBe('before');
      await expect(world.db.begin({ signal: aborted })).rejects.toBe('before');
      expect(world.db.stats()).toMatchObject({ openConnections: 0, inUse: 0 });
      const controller = new AbortController();
      await world.db.transaction((transaction) => insert(transaction, 1), { signal: controller.signal });
      const byHand = await world.db.begin({ signal: controller.signal });
      await insert(byHand, 2);
      await byHand.commit();
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      controller.abort('after');
      expect(await ids()).toEqual([1, 2]);
      await expectClean();
    });

    it('and timeout count from when a connection is asked for', async () => {
      world.db.configurePool({ max: 1 });
      const held = await world.db.connect();
      const controller = new AbortController();
      const calls = [
        world.db.transaction(() => 1, { signal: controller.signal }),
        world.db.begin({ signal: controller.signal }),
      ].map((call) => call.catch((error: unknown) => error));
      controller.abort('enough');
      expect(await Promise.all(calls)).toEqual(['enough', 'enough']);
      for (const call of [world.db.transaction(() => 1, { timeout: 20 }), world.db.begin({ timeout: 20 })]) {
        expect(await rejectionOf(call as Promise<unknown>)).toBeInstanceOf(TimeoutError);
      }
      await held.release();
      await expectClean();
    });
  });

  describe('timeout', () => {
    it('stops and rolls back the transaction, and says so', async () => {
      await world.db.ping();
      for (const work of [
        (transaction: Transaction) => transaction.query(FOR_EVER),
        () => new Promise(() => undefined),
      ]) {
        const error = await rejectionOf(
          world.db.transaction(
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
      await world.db.ping();
      let attempts = 0;
      const error = await rejectionOf(
        world.db.transaction(
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
        world.db.transaction(
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
      await world.db.transaction((transaction) => insert(transaction, 1), { timeout: 60_000 });
      await world.db.transaction((transaction) => insert(transaction, 2), { timeout: Infinity });
      expect(await ids()).toEqual([1, 2]);
    });
  });

  describe('retry', () => {
    const failing = (code: string) => (transaction: Transaction) =>
      transaction.script(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`);

    /** Both read before either writes, so that one of them must fail. */
    async function conflict(options: TransactionOptions & { retry?: object }): Promise<[number, unknown[]]> {
      await insert(world.db, 1);
      await insert(world.db, 2);
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
        [1, 2].map((mine) => world.db.transaction((transaction) => work(transaction, mine), options)),
      );
      waiting = [];
      return [attempts, ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))];
    }

    it('runs a transaction again that could not be serialized, and only then', async () => {
      const [attempts, errors] = await conflict({ isolation: 'serializable', retry: {} });
      expect(errors).toEqual([]);
      expect(attempts).toBe(3);
      // As if one had come after the other: the later has seen the earlier.
      const { rows } = await world.admin.query(`SELECT v FROM ${table} ORDER BY v`);
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
      await world.admin.exec(`INSERT INTO ${table} VALUES (1, 0), (2, 0)`);
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
        world.db.transaction((transaction) => work(transaction, 1, 2), { retry: {} }),
        world.db.transaction((transaction) => work(transaction, 2, 1), { retry: {} }),
      ]);
      expect(attempts).toBe(3);
      expect((await world.admin.query(`SELECT v FROM ${table}`)).rows).toEqual([{ v: 2 }, { v: 2 }]);
      await expectClean();
    });

    it('ends at maxAttempts, after the pauses that backoff gives, with the last error', async () => {
      const pauses: number[] = [];
      let attempts = 0;
      const call = world.db.transaction(
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
      const call = world.db.transaction(
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
      const call = world.db.transaction(
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
      await world.admin
        .script(`CREATE OR REPLACE FUNCTION ${table}_fails() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.v < 2 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION ${table}_fails()`);
      let attempts = 0;
      await world.db.transaction(
        (transaction) => transaction.exec(`INSERT INTO ${table} VALUES (1, $1)`, [attempts++]),
        { retry: { backoff: () => 0 } },
      );
      expect(attempts).toBe(3);
      expect(await ids()).toEqual([1]);
      await world.admin.script(`DROP TABLE ${table}; DROP FUNCTION ${table}_fails`);
    });

    it('ends when the signal aborts in a pause', async () => {
      const controller = new AbortController();
      let attempts = 0;
      const call = world.db.transaction(
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
