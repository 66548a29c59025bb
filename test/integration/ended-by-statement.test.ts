import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { Transaction } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';
import { transactionWorld } from './with-transactions.js';

// What is called on a transaction is part of it, or is refused: also where a statement of the program has ended it.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const world = transactionWorld(target, 'ended_by_statement');
  const { ids, insert, expectClean } = world;

  const ends: Record<string, { end: (tx: Transaction) => Promise<unknown>; stands: boolean }> = {
    'COMMIT by exec': { end: (tx) => tx.exec('COMMIT'), stands: true },
    'END by query': { end: (tx) => tx.query('/* the end */ END'), stands: true },
    'ROLLBACK by exec': { end: (tx) => tx.exec('ROLLBACK'), stands: false },
    'a script with a COMMIT': { end: (tx) => tx.script('BEGIN; SELECT 1; COMMIT'), stands: true },
    'a COMMIT in a savepoint': { end: (tx) => tx.savepoint(() => tx.exec('COMMIT')), stands: true },
    'a prepared ROLLBACK': {
      end: async (tx) => {
        const statement = await tx.prepare('ROLLBACK');
        await statement.exec();
      },
      stands: false,
    },
  };
  const calls: Record<string, (tx: Transaction) => Promise<unknown>> = {
    exec: (tx) => insert(tx, 2),
    query: (tx) => tx.query(`INSERT INTO ${world.table} VALUES (2) RETURNING id`),
    script: (tx) => tx.script(`INSERT INTO ${world.table} VALUES (2)`),
    rows: async (tx) => {
      for await (const row of tx.rows(`INSERT INTO ${world.table} VALUES (2) RETURNING id`))
        expect(row).toEqual({ id: 2 });
    },
    batchInsert: (tx) => tx.batchInsert(world.table, ['id'], [[2]]),
    copyFrom: (tx) => {
      const stream = tx.copyFrom(`COPY ${world.table} (id) FROM STDIN`);
      stream.end('2\n');
      return finished(stream);
    },
    savepoint: (tx) => tx.savepoint(() => insert(tx, 2)),
    prepare: async (tx) => {
      const statement = await tx.prepare(`INSERT INTO ${world.table} VALUES (2)`);
      await statement.exec();
    },
  };
  const REFUSED = { code: 'KB_TRANSACTION_DONE', hint: expect.stringContaining('commit()') as string };
  const cases = Object.keys(ends).flatMap((how) => Object.keys(calls).map((call) => ({ how, call })));

  it.each(cases)('$call after $how', async ({ how, call }) => {
    const { end, stands } = ends[how] as (typeof ends)[string];
    const transaction = world.db.transaction(async (tx) => {
      await insert(tx, 1);
      await end(tx);
      await calls[call]?.(tx);
    });
    expect(await rejectionOf(transaction)).toMatchObject(REFUSED);
    expect(await ids()).toEqual(stands ? [1] : []);
    await expectClean();
  });

  it.each(Object.keys(calls))('%s that did not wait for the COMMIT', async (call) => {
    const tx = await world.db.begin();
    const committed = tx.exec('COMMIT');
    const refused = rejectionOf(calls[call]?.(tx) ?? Promise.resolve());
    await committed;
    expect(await refused).toMatchObject(REFUSED);
    await tx.rollback();
    expect(await ids()).toEqual([]);
    await expectClean();
  });

  it('on a connection: the transaction takes no more calls, and the connection does', async () => {
    const connection = await world.db.connect();
    const tx = await connection.begin();
    await tx.exec('COMMIT');
    expect(await rejectionOf(insert(tx, 1))).toMatchObject(REFUSED);
    await tx.commit();
    await connection.exec(`INSERT INTO ${world.table} VALUES (3)`);
    await connection.release();
    expect(await ids()).toEqual([3]);
  });

  it('ends as it has ended where nothing is called any more', async () => {
    await world.db.transaction(async (tx) => {
      await insert(tx, 1);
      await tx.exec('COMMIT');
    });
    await world.db.transaction(async (tx) => {
      await insert(tx, 2);
      await tx.exec('ROLLBACK');
    });
    expect(await ids()).toEqual([1]);
    await expectClean();
  });

  it('is not run again where what it did may stand', async () => {
    let runs = 0;
    const work = world.db.transaction(
      async (tx) => {
        runs++;
        await insert(tx, runs);
        await tx.exec('COMMIT');
        await world.admin.query(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`);
      },
      { retry: { maxAttempts: 3, backoff: () => 0 } },
    );
    expect(await rejectionOf(work)).toMatchObject({ code: '40001' });
    expect(runs).toBe(1);
    expect(await ids()).toEqual([1]);
    await expectClean();
  });

  it('COMMIT AND CHAIN is no end', async () => {
    await world.db.transaction(async (tx) => {
      await insert(tx, 1);
      await tx.exec('COMMIT AND CHAIN');
      await insert(tx, 2);
      await tx.exec('ROLLBACK AND CHAIN');
      await insert(tx, 3);
    });
    expect(await ids()).toEqual([1, 3]);
  });
});
