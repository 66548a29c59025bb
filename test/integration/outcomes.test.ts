import { finished } from 'node:stream/promises';
import type { Database } from 'kingbase-native';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isTag, startLosingProxy, type Loss, type LosingProxy } from '../support/losing-proxy.js';
import { startMessageProxy, type MessageName } from '../support/message-proxy.js';
import { targets, withDatabase } from '../support/targets.js';

const INSERT = `INSERT INTO outcomes (moods) SELECT $1::out_mood[] FROM generate_series(1, 3) RETURNING id, moods`;
const MOODS = '{glad,sad}';
async function collect(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const TEXT = [1, 2, 3].map((id) => ({ id, moods: MOODS }));

// What has been carried out is not carried out again, and stays a success, whatever becomes of the driver's own question
// about the types of its columns.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let proxy: LosingProxy;

  beforeEach(async () => {
    await withDatabase(target, (db) =>
      db.script(`
        DROP TABLE IF EXISTS outcomes;
        DROP TYPE IF EXISTS out_mood CASCADE;
        CREATE TYPE out_mood AS ENUM ('glad', 'sad');
        CREATE TABLE outcomes (id serial, moods out_mood[])`),
    );
    proxy = await startLosingProxy(target.config);
  });
  afterEach(() => proxy.close());

  const through = <T>(use: (db: Database) => Promise<T>, pool = {}): Promise<T> =>
    withDatabase(target, use, {
      host: proxy.host,
      port: proxy.port,
      sslMode: 'disable',
      pool: { heartbeatTimeout: 300, ...pool },
    });
  const rowsInTable = (): Promise<unknown> =>
    withDatabase(target, async (db) =>
      Number((await db.queryRow<{ n: bigint }>('SELECT count(*) AS n FROM outcomes'))?.n),
    );

  describe.each<Loss>(['fin', 'rst', 'hold'])('the connection lost (%s) behind the answer', (how) => {
    const calls: Record<string, (db: Database) => Promise<unknown>> = {
      query: async (db) => (await db.query(INSERT, [MOODS])).rows,
      'query with a limit': async (db) => (await db.query(INSERT, [MOODS], { timeout: 60_000 })).rows,
      'query of arrays, described first': async (db) => (await db.query(INSERT, [['glad', 'sad']])).rows,
      'a prepared statement': async (db) => (await (await db.prepare(INSERT)).query([MOODS])).rows,
    };
    it.each(Object.keys(calls))('%s resolves, and has happened once', async (name) => {
      await through(async (db) => {
        await db.query('SELECT 1');
        const lost = proxy.loseBehind(isTag('INSERT'), how);
        const call = calls[name]?.(db);
        await lost;
        const rows = (await call) as { id: number; moods: unknown }[];
        // Where the parameter was described the type is known by then.
        const known = name.includes('described');
        expect(rows).toEqual(known ? TEXT.map((row) => ({ ...row, moods: ['glad', 'sad'] })) : TEXT);
        expect(await rowsInTable()).toBe(3);
        // Else nothing was learnt, so nothing is remembered.
        if (known) return;
        const again = await db.query('SELECT moods FROM outcomes LIMIT 1');
        expect(again.rows).toEqual([{ moods: ['glad', 'sad'] }]);
      });
    });

    it('queryRow and exec resolve', async () => {
      await through(async (db) => {
        void proxy.loseBehind(isTag('INSERT'), how);
        expect(await db.queryRow(INSERT, [MOODS])).toEqual(TEXT[0]);
        void proxy.loseBehind(isTag('INSERT'), how);
        expect(await db.exec(INSERT, [MOODS])).toEqual({ rowsAffected: 3, command: 'INSERT' });
        expect(await rowsInTable()).toBe(6);
      });
    });

    it('rows() asks before it begins, and begins once', async () => {
      await through(async (db) => {
        const lost = proxy.loseBehind(({ type }) => type === 't', how);
        const rows = collect(db.rows(INSERT, [MOODS]));
        await lost;
        // Silence tells nobody whether the statement has arrived; that of the question does not matter.
        await expect(rows).resolves.toEqual(TEXT.map((row) => ({ ...row, moods: ['glad', 'sad'] })));
        expect(await rowsInTable()).toBe(3);
      });
    });

    if (how === 'hold') {
      it('what a question of the driver has waited for in vain is told', async () => {
        await through(async (db) => {
          const connection = await db.connect();
          void proxy.loseBehind(({ type }) => type === 't', how);
          await expect(collect(connection.rows(INSERT, [MOODS]))).rejects.toMatchObject({
            code: 'KB_CONNECTION_LOST',
            outcome: 'not-sent',
            message: expect.stringMatching(
              /^The connection to \S+ was lost: the server had not answered .+ within 300 ms/,
            ) as string,
          });
          await connection.release();
        });
      });
    }

    it('a statement in a transaction resolves, and the transaction is lost', async () => {
      await through(async (db) => {
        const tx = await db.begin();
        void proxy.loseBehind(isTag('INSERT'), how);
        expect((await tx.query(INSERT, [MOODS])).rows).toEqual(TEXT);
        await expect(tx.commit()).rejects.toMatchObject({ code: 'KB_CONNECTION_LOST' });
        expect(await rowsInTable()).toBe(0);
      });
    });

    it('a batch that resolves is there, and one that rejects is not', async () => {
      await through(async (db) => {
        const lost = proxy.loseBehind(isTag('INSERT'), how);
        const batch = db
          .batchInsert('outcomes', ['moods'], [[MOODS], [MOODS]], { returning: ['moods'] })
          .then(
            ({ rowsInserted }) => rowsInserted,
            () => 0,
          );
        await lost;
        expect(await rowsInTable()).toBe(await batch);
      });
    });
  });

  it.each(['timeout', 'signal'])(
    'a call whose %s ends it while the question waits resolves with text',
    async (by) => {
      await through(
        async (db) => {
          const controller = new AbortController();
          const lost = proxy.loseBehind(isTag('INSERT'), 'hold');
          const options = by === 'timeout' ? { timeout: 300 } : { signal: controller.signal };
          const call = db.query(INSERT, [MOODS], options);
          await lost;
          controller.abort(new Error('no more'));
          expect((await call).rows).toEqual(TEXT);
          expect(await rowsInTable()).toBe(3);
        },
        { heartbeatTimeout: 1_000 },
      );
    },
  );

  describe('a limit reached when the server has ended, and the driver has not heard of it yet', () => {
    // The proxy passes the server's answer on and reaches the limit in the same turn of the event loop.
    const ending = async (tag: MessageName, reach: () => void, run: (db: Database) => Promise<void>) => {
      const { host, port } = target.config;
      const passing = await startMessageProxy({ host, port }, []);
      try {
        const options = { host: passing.host, port: passing.port, sslMode: 'disable' as const };
        await withDatabase(
          target,
          async (db) => {
            await db.query('SELECT 1');
            passing.onNext(tag, reach);
            await run(db);
          },
          options,
        );
      } finally {
        await passing.stop();
      }
    };
    const pause = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

    it('an aborted COPY … FROM STDIN has taken effect', async () => {
      const controller = new AbortController();
      const abort = () => controller.abort(new Error('no more'));
      await ending('<COPY', abort, async (db) => {
        const copy = db.copyFrom('COPY outcomes (moods) FROM STDIN', { signal: controller.signal });
        copy.end(`${MOODS}\n${MOODS}\n`);
        await finished(copy);
        expect(copy.rowsAffected).toBe(2);
      });
      expect(controller.signal.aborted).toBe(true);
      expect(await rowsInTable()).toBe(2);
    });

    it('a COPY … FROM STDIN out of time has taken effect', async () => {
      const slow = () => pause(400);
      await ending('<COPY', slow, async (db) => {
        const copy = db.copyFrom('COPY outcomes (moods) FROM STDIN', { timeout: 300 });
        copy.end(`${MOODS}\n`);
        await finished(copy);
        expect(copy.rowsAffected).toBe(1);
      });
      expect(await rowsInTable()).toBe(1);
    });

    it('rows() out of time gives the rows that have come', async () => {
      const slow = () => pause(400);
      await ending('<INSERT', slow, async (db) => {
        await expect(collect(db.rows(INSERT, [MOODS], { timeout: 300 }))).resolves.toHaveLength(3);
      });
      expect(await rowsInTable()).toBe(3);
    });
  });
});
