import { afterEach, describe, expect, inject, it } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { startMessageProxy, type MessageProxy } from '../support/message-proxy.js';

const REASON = new Error('the request is over');
/** Far longer than a test may take. */
const LONG = 'SELECT pg_sleep(60)';

interface Taker {
  readonly name: string;
  /** At which SAVEPOINT the transaction is ended. */
  readonly nth: number;
  readonly take: (tx: Transaction) => Promise<unknown>;
}

const takers: readonly Taker[] = [
  {
    name: 'rows',
    nth: 1,
    take: async (tx) => {
      for await (const row of tx.rows(LONG)) expect(row).toBeUndefined();
    },
  },
  { name: 'a savepoint', nth: 1, take: (tx) => tx.savepoint((inner) => inner.query(LONG)) },
  {
    name: 'a savepoint in a savepoint',
    nth: 2,
    take: (tx) => tx.savepoint((outer) => outer.savepoint((inner) => inner.query(LONG))),
  },
  {
    name: 'rows in a savepoint',
    nth: 2,
    take: (tx) =>
      tx.savepoint(async (inner) => {
        for await (const row of inner.rows(LONG)) expect(row).toBeUndefined();
      }),
  },
  {
    name: 'a batch',
    nth: 1,
    take: (tx) => tx.batchInsert('pg_temp.taken', ['a'], [[1], [2]], { onBadRow: 'collect' }),
  },
];

// SAVEPOINT has succeeded, and its answer is on the way, when the transaction comes to its end: what the savepoint was for
// does not get the session any more.
describe.each(inject('libraries'))('$name', ({ path }) => {
  let proxy: MessageProxy;
  let db: Database;

  async function start(nth: number): Promise<void> {
    const { user, database, ...server } = inject('server');
    proxy = await startMessageProxy(server, [
      { at: '<ready SAVEPOINT', nth, where: 'before', action: 'delay' },
    ]);
    const { host, port } = proxy;
    const sslMode = 'disable';
    db = open({ host, port, user, database, clientLibrary: path, sslMode, pool: { max: 1 } });
  }
  afterEach(async () => {
    await db.close({ timeout: 1 });
    await proxy.stop();
  });

  /** Calls back when that many of them have been passed on. */
  function onSavepoint(nth: number, then: () => void): void {
    proxy.onNext('>SAVEPOINT', () => {
      if (nth === 1) then();
      else onSavepoint(nth - 1, then);
    });
  }

  it.each(takers)('$name', async ({ nth, take }) => {
    await start(nth);
    const controller = new AbortController();
    const taken: Promise<unknown>[] = [];
    onSavepoint(nth, () => controller.abort(REASON));
    const ended = db.transaction(
      async (tx) => {
        await tx.exec('CREATE TEMP TABLE taken (a int4)');
        taken.push(take(tx).catch((error: unknown) => error));
        await taken[0];
      },
      { signal: controller.signal },
    );
    await expect(ended).rejects.toBe(REASON);
    expect(await taken[0]).toBe(REASON);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  });

  const asking: readonly { name: string; take: (tx: Transaction) => Promise<unknown> }[] = [
    {
      name: 'rows',
      take: async (tx) => {
        for await (const row of tx.rows(`SELECT ARRAY['a']::asked[] AS list FROM pg_sleep(60)`))
          expect(row).toBeNull();
      },
    },
    {
      name: 'a query with a parameter',
      take: (tx) =>
        tx.query('SELECT $1::asked AS one FROM pg_sleep(60)', [{ like: 'a' }], {
          types: { asked: { serialize: () => 'a' } },
        }),
    },
  ];

  it.each(asking)('a call that asks about types: $name', async ({ take }) => {
    await start(1);
    await db.script(`DROP TYPE IF EXISTS asked CASCADE; CREATE TYPE asked AS ENUM ('a')`);
    const controller = new AbortController();
    let taken: Promise<unknown> | undefined;
    proxy.onNext('>look-up', () => controller.abort(REASON));
    const ended = db.transaction(
      async (tx) => {
        taken = take(tx).catch((error: unknown) => error);
        await taken;
      },
      { signal: controller.signal },
    );
    await expect(ended).rejects.toBe(REASON);
    const error = await taken;
    if (error !== REASON) expect(error).toMatchObject({ name: 'DatabaseError', code: '57014' });
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  });

  it('a database that is closed while a transaction begins waits for nothing that it does', async () => {
    const { user, database, ...server } = inject('server');
    proxy = await startMessageProxy(server, [
      { at: '<ready BEGIN', nth: 1, where: 'before', action: 'delay' },
    ]);
    const { host, port } = proxy;
    db = open({ host, port, user, database, clientLibrary: path, sslMode: 'disable', pool: { max: 1 } });
    await db.ping();
    let closed: Promise<void> | undefined;
    proxy.onNext('>BEGIN', () => {
      closed = db.close({ timeout: 1 });
    });
    const ended = db.transaction((tx) => tx.query(LONG));
    await expect(ended).rejects.toThrow();
    await closed;
    expect(db.stats()).toMatchObject({ openConnections: 0, inUse: 0 });
  });
});
