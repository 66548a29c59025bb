import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, type Connection, type Database, type Transaction } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

// What is documented as one call is one call: nothing else gets in between its statements, and nobody's result is undone
// by somebody else's failure.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const table = `one_call_${target.flavour}`;
  let db: Database;
  let admin: Database;
  let connection: Connection;

  beforeEach(async () => {
    db = open({ ...target.config, pool: { max: 2 } });
    admin = open({ ...target.config, pool: { max: 1 } });
    await admin.script(
      `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (id int4 PRIMARY KEY, who text)`,
    );
    connection = await db.connect();
  });
  afterEach(async () => {
    await connection.release();
    await Promise.all([db.close({ timeout: 1_000 }), admin.close({ timeout: 1_000 })]);
  });

  const ids = async (who: string): Promise<number[]> =>
    (
      await admin.query<[number]>(`SELECT id FROM ${table} WHERE who = $1 ORDER BY id`, [who], {
        rowMode: 'array',
      })
    ).rows.flat();
  const insert = (on: Connection | Transaction, id: number, who: string): Promise<unknown> =>
    on.exec(`INSERT INTO ${table} VALUES ($1, $2)`, [id, who]);
  const batchOf = (from: number, count: number, extra: unknown[][] = []): unknown[][] => [
    ...Array.from({ length: count }, (_, i) => [from + i, 'batch']),
    ...extra,
  ];

  describe('batchInsert on a connection', () => {
    it.each(['copy', 'unnest', 'values'] as const)(
      'by %s: a call beside it that resolves stands',
      async (strategy) => {
        const rows = batchOf(1_000, 2_000, [[1_000, 'batch']]);
        const batch = rejectionOf(
          connection.batchInsert(table, ['id', 'who'], rows, {
            strategy,
            chunkRows: 100,
          }),
        );
        const done: number[] = [];
        let over = false;
        void batch.finally(() => (over = true));
        for (let id = 1; !over; id++) {
          await insert(connection, id, 'other');
          done.push(id);
        }
        expect(await batch).toMatchObject({ code: '23505' });
        expect(await ids('other')).toEqual(done);
        expect(await ids('batch')).toEqual([]);
      },
    );

    it('two at once stand or fall each by itself', async () => {
      const good = connection.batchInsert(table, ['id', 'who'], batchOf(1, 300), { chunkRows: 50 });
      const bad = connection.batchInsert(table, ['id', 'who'], batchOf(1_000, 300, [[1_000, 'batch']]), {
        chunkRows: 50,
        strategy: 'values',
      });
      const [first, second] = await Promise.allSettled([good, bad]);
      expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
      expect(await ids('batch')).toHaveLength(300);
    });
  });

  describe('in a transaction', () => {
    it('two batches at once do not cross', async () => {
      await db.transaction(async (transaction) => {
        await Promise.all(
          [1, 1_000].map((from) =>
            transaction.batchInsert(table, ['id', 'who'], batchOf(from, 300), {
              chunkRows: 20,
              strategy: 'values',
            }),
          ),
        );
      });
      expect(await ids('batch')).toHaveLength(600);
    });

    it('savepoints at once do not cross: each stands or is undone by itself', async () => {
      for (let round = 0; round < 10; round++) {
        const base = round * 100;
        await db.transaction(async (transaction) => {
          const outcomes = await Promise.allSettled(
            [0, 1, 2, 3].map((n) =>
              transaction.savepoint(async () => {
                await insert(transaction, base + n, 'savepoint');
                await transaction.query('SELECT 1');
                if (n % 2 === 1) throw new Error('undo');
              }),
            ),
          );
          expect(outcomes.map(({ status }) => status)).toEqual([
            'fulfilled',
            'rejected',
            'fulfilled',
            'rejected',
          ]);
        });
      }
      const expected = Array.from({ length: 10 }, (_, round) => [round * 100, round * 100 + 2]).flat();
      expect(await ids('savepoint')).toEqual(expected);
    });

    it('a call from outside of a savepoint stands though the savepoint is undone', async () => {
      await db.transaction(async (transaction) => {
        let begun = (): void => undefined;
        const inside = new Promise<void>((resolve) => (begun = resolve));
        let goOn = (): void => undefined;
        const held = new Promise<void>((resolve) => (goOn = resolve));
        const savepoint = transaction
          .savepoint(async () => {
            await insert(transaction, 1, 'inside');
            begun();
            await held;
            await insert(transaction, 2, 'inside');
            throw new Error('undo');
          })
          .catch(() => undefined);
        await inside;
        const outside = [
          insert(transaction, 3, 'outside'),
          transaction.savepoint(() => insert(transaction, 4, 'outside')),
          transaction.batchInsert(table, ['id', 'who'], [[5, 'outside']]),
        ];
        goOn();
        await Promise.all([savepoint, ...outside]);
      });
      expect(await ids('inside')).toEqual([]);
      expect(await ids('outside')).toEqual([3, 4, 5]);
    });

    it('rows and a savepoint at once, a savepoint inside a loop over rows of the database', async () => {
      await db.transaction(async (transaction) => {
        const read = (async (): Promise<number> => {
          let count = 0;
          const rows = transaction.rows('SELECT generate_series(1, 3000) AS i').batches();
          for await (const batch of rows) count += batch.length;
          return count;
        })();
        const savepoint = transaction.savepoint(() => insert(transaction, 1, 'savepoint'));
        expect(await read).toBe(3000);
        await savepoint;
        await transaction.savepoint(async () => {
          const rows = transaction.rows('SELECT generate_series(1, 10)').batches();
          for await (const { length } of rows) expect(length).toBe(10);
          await insert(transaction, 2, 'savepoint');
        });
      });
      expect(await ids('savepoint')).toEqual([1, 2]);
    });

    it('a savepoint whose work ends the transaction', async () => {
      await db.transaction(async (transaction) => {
        await insert(transaction, 1, 'kept');
        expect(await transaction.savepoint(() => transaction.commit().then(() => 'committed'))).toBe(
          'committed',
        );
      });
      const undone = await db.begin();
      await insert(undone, 2, 'undone');
      await undone.savepoint(() => undone.rollback());
      expect(await ids('kept')).toEqual([1]);
      expect(await ids('undone')).toEqual([]);
      expect(db.stats().inUse).toBe(1);
    });

    it('a rollback does not wait for a savepoint that hangs', async () => {
      const transaction = await db.begin();
      const hanging = new Promise<void>((resolve) => {
        void transaction
          .savepoint(async () => {
            await insert(transaction, 1, 'undone');
            resolve();
            await new Promise(() => undefined);
          })
          .catch(() => undefined);
      });
      await hanging;
      await transaction.rollback();
      expect(await ids('undone')).toEqual([]);
    });
  });

  describe('while a transaction is open on a connection', () => {
    it.each(['begin', 'transaction'] as const)(
      'another by %s is refused, and the first goes on',
      async (how) => {
        const begin = (): Promise<unknown> =>
          how === 'begin' ? connection.begin() : connection.transaction(() => 1);
        const error = await rejectionOf(
          connection.transaction(async (transaction) => {
            await insert(transaction, 1, 'outer');
            const refusal = await rejectionOf(begin());
            expect(refusal).toMatchObject({ name: 'UsageError', code: 'KB_TRANSACTION_OPEN' });
            expect(refusal.hint).toContain('savepoint');
            throw refusal;
          }),
        );
        expect(error.code).toBe('KB_TRANSACTION_OPEN');
        expect(await ids('outer')).toEqual([]);
        // Both at once, before the first has begun.
        const [first, second] = await Promise.allSettled([
          connection.transaction((transaction) => insert(transaction, 1, 'outer')),
          begin(),
        ]);
        expect(first.status).toBe('fulfilled');
        expect(second).toMatchObject({ reason: { code: 'KB_TRANSACTION_OPEN' } });
        expect(await ids('outer')).toEqual([1]);
      },
    );

    it('also one of a statement', async () => {
      await connection.exec('BEGIN');
      await insert(connection, 1, 'outer');
      for (const call of [connection.begin(), connection.transaction(() => 1)]) {
        expect(await rejectionOf(call as Promise<unknown>)).toMatchObject({ code: 'KB_TRANSACTION_OPEN' });
      }
      await connection.exec('ROLLBACK');
      expect(await ids('outer')).toEqual([]);
      await connection.transaction((transaction) => insert(transaction, 2, 'outer'));
      expect(await ids('outer')).toEqual([2]);
    });

    it('calls on the connection are refused, and taken again when it has ended', async () => {
      const prepared = await connection.prepare('SELECT 1 AS one');
      const transaction = await connection.begin();
      for (const call of [
        () => connection.query('SELECT 1'),
        () => insert(connection, 1, 'outside'),
        () => connection.script('SELECT 1'),
        () => connection.batchInsert(table, ['id', 'who'], [[1, 'outside']]),
        () => connection.prepare('SELECT 1'),
        () => prepared.query(),
        () => connection.rows('SELECT 1')[Symbol.asyncIterator]().next(),
      ] as (() => Promise<unknown>)[]) {
        expect(await rejectionOf(call())).toMatchObject({ code: 'KB_TRANSACTION_OPEN' });
      }
      await insert(transaction, 1, 'inside');
      await transaction.commit();
      await insert(connection, 2, 'outside');
      expect(await prepared.queryRow()).toEqual({ one: 1 });
      expect(await ids('inside')).toEqual([1]);
      expect(await ids('outside')).toEqual([2]);
    });

    it('calls asked before it run before it', async () => {
      const before = insert(connection, 1, 'before');
      const failing = connection.transaction(async (transaction) => {
        await insert(transaction, 2, 'inside');
        throw new Error('of the program');
      });
      await expect(failing).rejects.toThrow('of the program');
      await before;
      expect(await ids('before')).toEqual([1]);
    });
  });
});
