import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ConnectionError, open, type Connection, type Database, type Transaction } from 'kingbase-native';
import { startMessageProxy, type Fault, type MessageProxy } from '../support/message-proxy.js';
import { rejectionOf } from '../support/rejections.js';

/** ms; short, so that what is half-open is given up soon. */
const PATIENCE = 300;

interface Loss {
  readonly name: string;
  readonly fault: Pick<Fault, 'at' | 'where' | 'action'>;
  /** What the server has made of the COMMIT. */
  readonly done: boolean;
}

const LOSSES: readonly Loss[] = [
  {
    name: 'COMMIT gets no further than the network',
    fault: { at: '>COMMIT', where: 'before', action: 'rst' },
    done: false,
  },
  {
    name: 'it is swallowed and nobody is told',
    fault: { at: '>COMMIT', where: 'before', action: 'hold' },
    done: false,
  },
  { name: 'its answer is lost', fault: { at: '<ready COMMIT', where: 'before', action: 'rst' }, done: true },
  {
    name: 'its answer ends in the middle',
    fault: { at: '<COMMIT', where: 'behind', action: 'fin' },
    done: true,
  },
  {
    name: 'its answer is swallowed and nobody is told',
    fault: { at: '<COMMIT', where: 'before', action: 'hold' },
    done: true,
  },
];

describe.each(inject('libraries'))('a COMMIT without an answer: $name', ({ path }) => {
  const { host: address, port: number, user, database } = inject('server');
  const server = { host: address, port: number };
  let proxy: MessageProxy;
  let db: Database;
  let admin: Database;

  async function start(faults: readonly Loss['fault'][]): Promise<void> {
    proxy = await startMessageProxy(
      server,
      faults.map((fault) => ({ ...fault, nth: 1 })),
    );
    const { host, port } = proxy;
    const pool = { max: 1, heartbeatTimeout: PATIENCE, heartbeatInterval: 0 };
    db = open({ host, port, user, database, clientLibrary: path, sslMode: 'disable', pool });
  }

  beforeEach(async () => {
    admin = open({ ...server, user, database, clientLibrary: path, pool: { max: 1 } });
    await admin.script('DROP TABLE IF EXISTS fates; CREATE TABLE fates (v int4)');
  });
  afterEach(async () => {
    await db.close({ timeout: 1 });
    await proxy.stop();
    await admin.close();
  });

  const written = async (): Promise<number> =>
    Number((await admin.queryRow<{ n: bigint }>('SELECT count(*) AS n FROM fates'))?.n);
  const insert = (tx: Transaction): Promise<unknown> => tx.exec('INSERT INTO fates VALUES ($1)', [1]);

  describe.each(LOSSES)('$name', ({ fault, done }) => {
    it('transaction() with retry.resolve has run once in effect', async () => {
      await start([fault]);
      let runs = 0;
      const work = async (tx: Transaction): Promise<string> => {
        runs++;
        await insert(tx);
        return 'done';
      };
      expect(await db.transaction(work, { retry: { resolve: true, backoff: () => 0 } })).toBe('done');
      expect(runs).toBe(done ? 1 : 2);
      expect(await written()).toBe(1);
    });

    it('commit({ resolve }) says how it has ended', async () => {
      await start([fault]);
      const tx = await db.begin();
      await insert(tx);
      const committed = tx.commit({ resolve: true });
      await expect(insert(tx)).rejects.toMatchObject({ code: 'KB_TRANSACTION_DONE' });
      if (done) {
        await committed;
      } else {
        const error = await rejectionOf(committed);
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'not-sent' });
      }
      expect(await written()).toBe(done ? 1 : 0);
    });

    it('without, nobody asks', async () => {
      await start([fault]);
      expect(await rejectionOf(db.transaction(insert, { retry: {} }))).toMatchObject({ outcome: 'unknown' });
    });
  });

  it('a session that goes on at a COMMIT nobody waits for any more is ended', async () => {
    // The first time the COMMIT takes longer than a test may.
    await admin.script(`
      CREATE OR REPLACE FUNCTION sleepy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON fates DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.v = 2) EXECUTE PROCEDURE sleepy()`);
    await start([{ at: '>COMMIT', where: 'behind', action: 'rst' }]);
    let runs = 0;
    const work = async (tx: Transaction): Promise<void> => {
      runs++;
      await tx.exec('INSERT INTO fates VALUES ($1)', [runs === 1 ? 2 : 1]);
    };
    await db.transaction(work, { retry: { resolve: true, backoff: () => 0 } });
    expect(runs).toBe(2);
    expect(await written()).toBe(1);
  });

  it('on a connection, which is lost with it', async () => {
    await start([{ at: '<ready COMMIT', where: 'before', action: 'rst' }]);
    const connection: Connection = await db.connect();
    await connection.transaction(insert, { retry: { resolve: true } });
    expect(await written()).toBe(1);
    await connection.release();
  });

  it('whose fate nobody can be asked for stays unknown', async () => {
    await start([{ at: '<ready COMMIT', where: 'before', action: 'rst' }]);
    const controller = new AbortController();
    const tx = await db.begin();
    await insert(tx);
    proxy.onNext('<COMMIT', () => controller.abort(new Error('the request is over')));
    const error = await rejectionOf(tx.commit({ resolve: true, signal: controller.signal }));
    expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
  });

  it('what goes well costs nothing else, and a failed transaction says so', async () => {
    await start([]);
    const tx = await db.begin();
    await insert(tx);
    await tx.commit({ resolve: true });
    const failed = await db.begin();
    await rejectionOf(failed.query('SELECT 1/0'));
    expect(await rejectionOf(failed.commit({ resolve: true }))).toMatchObject({
      code: 'KB_TRANSACTION_ROLLED_BACK',
    });
    await db.transaction((each) => each.query('SELECT 1'), { readOnly: true, retry: { resolve: true } });
    expect(await written()).toBe(1);
  });

  it('takes a boolean', async () => {
    await start([]);
    const options = { resolve: 'yes' } as unknown as { resolve: boolean };
    expect(await rejectionOf(db.transaction(insert, { retry: options }))).toMatchObject({
      code: 'KB_BAD_OPTION',
    });
    await using tx = await db.begin();
    expect(await rejectionOf(tx.commit(options))).toMatchObject({ code: 'KB_BAD_OPTION' });
  });
});
