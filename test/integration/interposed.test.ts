import { afterEach, describe, expect, inject, it } from 'vitest';
import { open, TimeoutError, type ConnectionConfig, type Database, type Queryable } from 'kingbase-native';
import { startMessageProxy, type MessageName, type MessageProxy } from '../support/message-proxy.js';

const REASON = new Error('the request is over');

/** So many parameters that no library can read a description of the statement. */
const MANY = 8_000;
const MANY_PARAMETERS = Array.from({ length: MANY }, (_, i) => (i === 0 ? [1] : i));
const LIST = Array.from({ length: MANY - 1 }, (_, i) => `$${i + 2}::int4`).join();
const LONG_MANY = `SELECT pg_sleep(60) WHERE cardinality($1::int4[]) + cardinality(ARRAY[${LIST}]) > 0`;
const LONG = 'SELECT pg_sleep(60) WHERE cardinality($1::int4[]) > 0';

interface Interposed {
  readonly name: string;
  readonly options?: Pick<ConnectionConfig, 'pooler'>;
  readonly call: (on: Queryable, limits: { signal?: AbortSignal; timeout?: number }) => Promise<unknown>;
  /** The messages by which the driver asks, and the how manieth of each on the connection. */
  readonly at: readonly (readonly [MessageName, number])[];
}

const interposed: readonly Interposed[] = [
  {
    name: 'what a statement with a list is described by behind a pooler',
    options: { pooler: 'transaction' },
    call: (on, limits) => on.query(LONG, [[1]], limits),
    at: [
      ['>BEGIN', 1],
      ['>P', 1],
      ['>D', 1],
      ['>DEALLOCATE', 1],
    ],
  },
  {
    name: 'the same of more parameters than a description can have',
    options: { pooler: 'transaction' },
    call: (on, limits) => on.query(LONG_MANY, MANY_PARAMETERS, limits),
    at: [
      ['>P', 1],
      ['>P', 2],
      ['>DEALLOCATE', 1],
    ],
  },
  {
    name: 'the question for the types of many parameters',
    call: (on, limits) => on.query(LONG_MANY, MANY_PARAMETERS, limits),
    at: [
      ['>P', 1],
      ['>P', 2],
    ],
  },
];

const cases = interposed.flatMap(({ at, ...each }) =>
  at.map(([message, nth]) => ({ ...each, message, nth, label: `${each.name}, at ${message} ${nth}` })),
);

// The driver's own commands are part of the call that they are for: what ends the call ends them, and the statement too.
describe.each(inject('libraries'))('$name', ({ path }) => {
  let proxy: MessageProxy;
  let db: Database;

  async function start(options: Interposed['options']): Promise<void> {
    const { user, database, ...server } = inject('server');
    proxy = await startMessageProxy(server, []);
    const { host, port } = proxy;
    const sslMode = 'disable';
    db = open({ host, port, user, database, clientLibrary: path, sslMode, ...options, pool: { max: 1 } });
    await db.ping();
  }
  afterEach(async () => {
    await db.close({ timeout: 1 });
    await proxy.stop();
  });

  function onNth(name: MessageName, nth: number, then: () => void): void {
    proxy.onNext(name, () => {
      if (nth === 1) then();
      else onNth(name, nth - 1, then);
    });
  }

  it.each(cases)('an abort: $label', async ({ options, call, message, nth }) => {
    await start(options);
    const controller = new AbortController();
    onNth(message, nth, () => controller.abort(REASON));
    await expect(call(db, { signal: controller.signal })).rejects.toBe(REASON);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    // By a cancel, and not by closing the connection.
    expect(proxy.links).toHaveLength(1);
    const { rows } = await db.query('SELECT name FROM pg_prepared_statements');
    expect(rows.length).toBeLessThanOrEqual(1);
  });

  // There the transaction is the program's.
  const inTransaction = cases.filter(({ message }) => message !== '>BEGIN');
  it.each(inTransaction)('an abort in a transaction: $label', async ({ options, call, message, nth }) => {
    await start(options);
    const controller = new AbortController();
    const tx = await db.begin();
    onNth(message, nth, () => controller.abort(REASON));
    await expect(call(tx, { signal: controller.signal })).rejects.toBe(REASON);
    await tx.rollback();
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    expect(proxy.links).toHaveLength(1);
  });

  it.each(interposed)('a time limit: $name', async ({ options, call }) => {
    await start(options);
    await expect(call(db, { timeout: 150 })).rejects.toBeInstanceOf(TimeoutError);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    expect(proxy.links).toHaveLength(1);
  });
});
