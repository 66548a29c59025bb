import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const TIMES = 40;
/** What was used last may be remembered as such. */
const STILL_THERE = 3;

// A program may hold one connection for as long as it runs: nothing that has ended on it is kept.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  let held: Connection;
  beforeAll(async () => {
    db = open({ ...target.config, pool: { max: 2 } });
    held = await db.connect();
    await held.script('CREATE TEMP TABLE kept (id int4)');
  });
  afterAll(async () => {
    await held.release();
    await db.close();
  });

  const signal = new AbortController().signal;
  /** Each gives the objects that are to go. */
  const uses: Record<string, (number: number) => Promise<object[]>> = {
    'a statement, closed': async (number) => {
      const statement = await held.prepare(`SELECT ${number % 3} + $1::int4 AS n`);
      await statement.query([1]);
      await statement.close();
      return [statement];
    },
    'a statement, closed and never run': async () => {
      const statement = await held.prepare('SELECT 1');
      await statement.close();
      return [statement];
    },
    'a result': async (number) => [
      await held.query('SELECT $1::int4 AS n', [number], { signal, timeout: 60_000 }),
    ],
    'a refused call': async () => {
      try {
        await held.query('SELECT 1 / $1::int4', [0], { signal });
        return [];
      } catch (error) {
        return [error as object];
      }
    },
    'rows, read to their end': async () => {
      const rows = held.rows('SELECT generate_series(1, 10) AS n', [], { signal });
      for await (const row of rows) expect(row).toBeDefined();
      return [rows];
    },
    'rows, left early': async () => {
      const rows = held.rows('SELECT generate_series(1, 10000) AS n');
      for await (const row of rows) {
        expect(row).toEqual({ n: 1 });
        break;
      }
      return [rows];
    },
    'rows, never read': () => Promise.resolve([held.rows('SELECT 1')]),
    'a transaction and its savepoint': async () => {
      const transaction = await held.begin();
      const statement = await transaction.prepare('SELECT 1 AS one');
      await transaction.savepoint(async (inner) => {
        await inner.query('SELECT 1');
      });
      await statement.query();
      await transaction.rollback();
      return [transaction, statement];
    },
    'a batch': async (number) => {
      const rows = [[number]];
      await held.batchInsert('kept', ['id'], rows, { signal });
      return [rows];
    },
    'a COPY in and one out': async () => {
      const into = held.copyFrom('COPY kept FROM STDIN', { signal });
      into.end('1\n');
      await finished(into);
      const out = held.copyTo('COPY kept TO STDOUT');
      out.resume();
      await finished(out);
      return [into, out];
    },
    'a listener': async () => {
      const listener = (): void => undefined;
      held.on('notification', listener);
      held.off('notification', listener);
      return Promise.resolve([listener]);
    },
  };

  it.each(Object.keys(uses))('%s', async (use) => {
    const references: WeakRef<object>[] = [];
    for (let i = 0; i < TIMES; i++) {
      for (const object of (await uses[use]?.(i)) ?? []) references.push(new WeakRef(object));
    }
    const left = () => references.filter((reference) => reference.deref() !== undefined).length;
    for (let tries = 0; tries < 20 && left() > STILL_THERE; tries++) {
      await new Promise(setImmediate);
      collectGarbage();
    }
    expect(references.length).toBeGreaterThanOrEqual(TIMES);
    expect(left()).toBeLessThanOrEqual(STILL_THERE);
  });
});
