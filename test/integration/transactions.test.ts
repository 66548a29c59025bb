import { describe, expect, it } from 'vitest';
import { DatabaseError, open, UsageError, type TransactionOptions } from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';
import { transactionWorld } from './with-transactions.js';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const world = transactionWorld(target, 'transactions');
  const { table, ids, insert, expectClean } = world;

  describe('ends', () => {
    it('by a commit when the function returns, with its result', async () => {
      const result = await world.db.transaction(async (transaction) => {
        await insert(transaction, 1);
        expect(await ids()).toEqual([]);
        return 'done';
      });
      expect(result).toBe('done');
      expect(await ids()).toEqual([1]);
      expect(await world.db.transaction(() => 'at once')).toBe('at once');
      await expectClean();
    });

    it('by a rollback when the function throws, with its error', async () => {
      const error = new Error('of the program');
      await expect(
        world.db.transaction(async (transaction) => {
          await insert(transaction, 1);
          throw error;
        }),
      ).rejects.toBe(error);
      await expect(
        world.db.transaction(() => {
          throw error;
        }),
      ).rejects.toBe(error);
      expect(
        await rejectionOf(world.db.transaction((transaction) => transaction.query('SELECT 1/0'))),
      ).toMatchObject({ code: '22012' });
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('by hand', async () => {
      const kept = await world.db.begin();
      const undone = await world.db.begin();
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
        await using transaction = await world.db.begin();
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
        await using transaction = await world.db.begin();
        await insert(transaction, 1);
        await transaction.commit();
      };
      await use();
      expect(await ids()).toEqual([1]);
      await expectClean();
    });

    it('with what was asked of it before, in order, though nobody waited for that', async () => {
      const transaction = await world.db.begin();
      const calls = [1, 2, 3].map((id) => insert(transaction, id));
      await transaction.commit();
      await Promise.all(calls);
      expect(await ids()).toEqual([1, 2, 3]);
    });

    it('and takes nothing more', async () => {
      const [committed, rolledBack] = [await world.db.begin(), await world.db.begin()];
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
      const call = world.db.transaction(async (transaction) => {
        await insert(transaction, 1);
        await rejectionOf(transaction.query('SELECT 1 / 0'));
      });
      const error = await rejectionOf(call);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.code).toBe('KB_TRANSACTION_ROLLED_BACK');
      const byHand = await world.db.begin();
      await rejectionOf(byHand.query('SELECT 1 / 0'));
      expect(await rejectionOf(byHand.query('SELECT 1'))).toMatchObject({ code: '25P02' });
      expect((await rejectionOf(byHand.commit())).code).toBe('KB_TRANSACTION_ROLLED_BACK');
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('in no commit when a deferred constraint fails then', async () => {
      await world.admin.script(
        `CREATE TABLE ${table}_child (parent int4 REFERENCES ${table} DEFERRABLE INITIALLY DEFERRED)`,
      );
      const error = await rejectionOf(
        world.db.transaction(async (transaction) => {
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
      await world.admin.exec(`DROP TABLE ${table}_child`);
    });

    it('on a connection, which stays checked out', async () => {
      await using connection = await world.db.connect();
      await connection.transaction((transaction) => insert(transaction, 1));
      const transaction = await connection.begin();
      expect(transaction.backendPid).toBe(connection.backendPid);
      await insert(transaction, 2);
      await transaction.rollback();
      expect(await connection.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
      expect(await ids()).toEqual([1]);
      expect(world.db.stats().inUse).toBe(1);
    });

    it('together with its connection when that is released', async () => {
      const connection = await world.db.connect();
      const transaction = await connection.begin();
      await insert(transaction, 1);
      await connection.release();
      expect(await rejectionOf(transaction.commit())).toMatchObject({ code: 'KB_TRANSACTION_DONE' });
      expect(await ids()).toEqual([]);
      await until('it is rolled back', () => world.db.stats().inUse === 0);
      await expectClean();
    });
  });

  describe('a connection whose rollback fails', () => {
    it('is closed, and the error of the program is the one that is seen', async () => {
      const error = new Error('of the program');
      let processId = 0;
      await expect(
        world.db.transaction(async (transaction) => {
          ({ backendPid: processId } = transaction);
          await world.admin.query('SELECT pg_terminate_backend($1)', [processId]);
          throw error;
        }),
      ).rejects.toBe(error);
      await until('it is gone', () => world.db.stats().openConnections === 0);
      await expectClean();
      expect(await world.db.queryRow('SELECT pg_backend_pid() <> $1 AS other', [processId])).toEqual({
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
      expect(
        await world.db.transaction((transaction) => transaction.queryRow(settings), options),
      ).toMatchObject(expected);
      await using transaction = await world.db.begin(options);
      expect(await transaction.queryRow(settings)).toMatchObject(expected);
      await using connection = await world.db.connect();
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
        world.db.begin({ isolation: 'snapshot' as never }),
        world.db.transaction(() => 1, { isolation: 'constructor' as never }),
      ]) {
        const error = await rejectionOf(call);
        expect(error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_OPTION' });
        expect(error.message).toContain('serializable');
      }
      expect(world.db.stats()).toMatchObject({ inUse: 0 });
    });
  });

  describe('savepoint', () => {
    it('undoes what it did when it throws, and the transaction goes on', async () => {
      await world.db.transaction(async (transaction) => {
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
      await world.db.transaction(async (transaction) => {
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
      const call = world.db.transaction(async (transaction) => {
        await insert(transaction, 1);
        await transaction.savepoint(() => transaction.query('SELECT 1 / 0'));
      });
      expect(await rejectionOf(call)).toMatchObject({ code: '22012' });
      expect(await ids()).toEqual([]);
      await expectClean();
    });

    it('keeps the error that says why, where it cannot be rolled back to', async () => {
      const call = world.db.transaction((transaction) =>
        transaction.savepoint(() => transaction.query('SELECT pg_terminate_backend(pg_backend_pid())')),
      );
      expect(await rejectionOf(call)).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
    });
  });
});
