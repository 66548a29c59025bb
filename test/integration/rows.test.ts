import { once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type ConnectionConfig, type Database } from 'kingbase-native';
import { buildStandInWithout } from '../../scripts/stand-in-libkci.js';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';
import { withConnection } from './with-connection.js';

interface Numbered {
  i: number;
}

/** So many that no buffer on the way holds them all; in FROM, generate_series would make them all before the first. */
const ENDLESS =
  'SELECT i, repeat(md5(i::text), 10) AS text FROM (SELECT generate_series(1, 50000000) AS i) AS numbers';
const SOME = 'SELECT i FROM generate_series(1, $1::int4) AS i';

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

const [some] = targets().filter(({ flavour, transport }) => flavour === 'kci' && transport === 'TCP');
const withCursor = { name: 'a library without single-row mode', byCursor: true, config: some!.config };

describe.each([...targets().map((target) => ({ ...target, byCursor: false })), withCursor])(
  '$name',
  ({ config: given, byCursor }) => {
    let config: ConnectionConfig = given;
    let db: Database;
    beforeAll(async () => {
      if (byCursor)
        config = { ...given, clientLibrary: (await buildStandInWithout('KCIsetSingleRowMode')).path };
      // One connection: rows that kept it would stop everything after them.
      db = open(config, { pool: { max: 1, acquireTimeout: 10_000 } });
      expect(db.clientLibrary().capabilities.singleRowMode).toBe(!byCursor);
    });
    afterAll(() => db.close());

    const processId = async (): Promise<number> =>
      (await db.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))!.pid;

    /** Runs `use` and checks that the one connection is the same afterwards, free, and in no transaction. */
    async function keepsConnection(use: () => Promise<void>): Promise<void> {
      const before = await processId();
      await use();
      // A cancel request may still be on its way.
      await until('the connection is free', () => db.stats().inUse === 0);
      expect(db.stats().openConnections).toBe(1);
      // A setting that is local to its transaction.
      await db.query(`SELECT set_config('rows.transaction', 'still open', true)`);
      const sql = `SELECT pg_backend_pid() AS pid, current_setting('rows.transaction', true) AS transaction`;
      expect(await db.queryRow(sql)).toEqual({ pid: before, transaction: '' });
      expect((await db.query(`SELECT name FROM pg_cursors WHERE name <> ''`)).rows).toEqual([]);
    }

    describe('all rows', () => {
      it.each([0, 1, 499, 500, 501, 20_000])('%d of them, in their order', async (n) => {
        await keepsConnection(async () => {
          expect((await collect(db.rows<Numbered>(SOME, [n]))).map(({ i }) => i)).toEqual(upTo(n));
        });
      });

      it('are what query gives', async () => {
        const sql = `SELECT i, i::int8 * 4000000000 AS big, nullif(i % 3, 0) AS sometimes, '第' || i AS text, i % 2 = 0 AS even,
            to_timestamp(i) AS time, int4send(i) AS bytes, ARRAY[i, NULL] AS list, json_build_object('i', i) AS json,
            :more::int4[] AS more
          FROM generate_series(1, 2000) AS i`;
        const parameters = { more: [1, 2] };
        const rows = db.rows(sql, parameters);
        const expected = await db.query(sql, parameters);
        expect(await rows.fields()).toEqual(expected.fields);
        expect(await collect(rows)).toEqual(expected.rows);
        const arrays = { rowMode: 'array', types: { int8: 'number' } } as const;
        expect(await collect(db.rows(sql, parameters, arrays))).toEqual(
          (await db.query(sql, parameters, arrays)).rows,
        );
      });

      it('of types that the server must be asked about', async () => {
        await withConnection(db, async (connection) => {
          const name = `rows_mood_${connection.backendPid}`;
          await connection.exec(`CREATE TYPE ${name} AS ENUM ('glad', '难过')`);
          try {
            const sql = `SELECT '{glad,难过}'::${name}[] AS moods FROM generate_series(1, 3)`;
            const types = { [name]: { parse: (text: string) => `<${text}>` } };
            // A cursor's transaction is one in which the server is asked only after it has answered before.
            if (byCursor) await connection.query(`SELECT 'glad'::${name}`);
            const rows = await collect(connection.rows(sql, [], { types }));
            expect(rows).toEqual(Array(3).fill({ moods: ['<glad>', '<难过>'] }));
          } finally {
            await connection.exec(`DROP TYPE ${name}`);
          }
        });
      });

      it('of a statement that changes something, whose changes stay', async () => {
        await withConnection(db, async (connection) => {
          await connection.exec('CREATE TEMPORARY TABLE rows_changed (i int4)');
          const insert = 'INSERT INTO rows_changed SELECT generate_series(1, $1::int4) RETURNING i';
          expect(await collect(connection.rows(insert, [3]))).toEqual([{ i: 1 }, { i: 2 }, { i: 3 }]);
          const within = 'WITH more AS (INSERT INTO rows_changed VALUES (4) RETURNING i) SELECT i FROM more';
          expect(await collect(connection.rows(within))).toEqual([{ i: 4 }]);
          expect(await collect(connection.rows('UPDATE rows_changed SET i = i + 1'))).toEqual([]);
          expect(await connection.queryRow('SELECT sum(i) AS sum FROM rows_changed')).toEqual({ sum: 14n });
          await connection.exec('DROP TABLE rows_changed');
        });
      });

      it('twice by the same text, and by a statement', async () => {
        for (let n = 1; n <= 3; n++) expect(await collect(db.rows(SOME, [n]))).toHaveLength(n);
        const statement = await db.prepare(SOME);
        for (let n = 1; n <= 3; n++) expect(await collect(statement.rows([n]))).toHaveLength(n);
        const open = statement.rows<Numbered>([3])[Symbol.asyncIterator]();
        expect(await open.next()).toEqual({ done: false, value: { i: 1 } });
        // The rows that are being read still need it.
        await statement.close();
        expect(await open.next()).toEqual({ done: false, value: { i: 2 } });
        await open.return?.();
        expect(await rejectionOf(collect(statement.rows([1])))).toMatchObject({
          code: 'KB_STATEMENT_CLOSED',
        });
      });
    });

    describe('the ways of reading', () => {
      it('nothing is sent before the first row is asked for', async () => {
        const lazy = open(config);
        const rows = lazy.rows('SELECT nonsense');
        await rows.close();
        expect(await collect(rows)).toEqual([]);
        expect(lazy.stats().openConnections).toBe(0);
        await lazy.close();
      });

      it('calls of next() that are made at the same time get their rows in their order', async () => {
        await keepsConnection(async () => {
          const iterator = db.rows<Numbered>(SOME, [1200])[Symbol.asyncIterator]();
          const results = await Promise.all(Array.from({ length: 1205 }, () => iterator.next()));
          expect(results.slice(0, 1200).map(({ value }) => (value as Numbered).i)).toEqual(upTo(1200));
          expect(results.slice(1200)).toEqual(Array(5).fill({ done: true, value: undefined }));
        });
      });

      it('batches', async () => {
        await keepsConnection(async () => {
          const batches = await collect(db.rows<Numbered>(SOME, [5000]).batches());
          expect(batches.length).toBeGreaterThan(1);
          expect(batches.flat().map(({ i }) => i)).toEqual(upTo(5000));
          const iterator = db.rows<Numbered>(SOME, [5000]).batches();
          const [first, second] = await Promise.all([iterator.next(), iterator.next()]);
          expect((second.value as Numbered[])[0]!.i).toBe((first.value as Numbered[]).length + 1);
          await iterator.return?.();
          expect(await iterator.next()).toEqual({ done: true, value: undefined });
        });
      });

      it('as a Readable, ours or that of Readable.from', async () => {
        await keepsConnection(async () => {
          for (const stream of [
            db.rows<Numbered>(SOME, [5000]).toReadable(),
            db.rows<Numbered>(SOME, [5000]).toReadable({ highWaterMark: 1 }),
            Readable.from(db.rows<Numbered>(SOME, [5000])),
          ]) {
            expect((await collect(stream as AsyncIterable<Numbered>)).map(({ i }) => i)).toEqual(upTo(5000));
          }
        });
      });

      it('only once', async () => {
        const rows = db.rows(SOME, [3]);
        await collect(rows);
        for (const again of [
          () => rows[Symbol.asyncIterator](),
          () => rows.batches(),
          () => rows.toReadable(),
        ]) {
          expect(again).toThrow(expect.objectContaining({ name: 'UsageError', code: 'KB_ROWS_TAKEN' }));
        }
      });

      it('the server waits for the reader', async () => {
        await using watcher = open(given);
        await withConnection(db, async (connection) => {
          const iterator = connection.rows(ENDLESS)[Symbol.asyncIterator]();
          for (let i = 0; i < 2000; i++) await iterator.next();
          const sql = 'SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1';
          await until('the server waits', async () => {
            const row = await watcher.queryRow<Record<string, string>>(sql, [connection.backendPid]);
            return byCursor
              ? row?.['state'] === 'idle in transaction'
              : row?.['wait_event'] === 'ClientWrite';
          });
          expect(await iterator.next()).toMatchObject({ value: { i: 2001 } });
          await iterator.return?.();
        });
      });
    });

    describe('ended early', () => {
      it('by leaving the loop', async () => {
        await keepsConnection(async () => {
          for await (const row of db.rows<Numbered>(ENDLESS)) if (row.i === 1000) break;
          const failure = new Error('in the loop');
          await expect(
            (async () => {
              for await (const { i } of db.rows<Numbered>(ENDLESS)) if (i === 7) throw failure;
            })(),
          ).rejects.toBe(failure);
        });
      });

      it('by close(), also while a row is being waited for', async () => {
        await keepsConnection(async () => {
          const rows = db.rows('SELECT pg_sleep(100)');
          const next = rows[Symbol.asyncIterator]().next();
          await until('it runs', () => db.stats().inUse === 1);
          await rows.close();
          expect(await next).toEqual({ done: true, value: undefined });
        });
      });

      it('by "await using"', async () => {
        await keepsConnection(async () => {
          await using rows = db.rows(ENDLESS);
          expect(await rows.fields()).toHaveLength(2);
          expect(db.stats().inUse).toBe(1);
        });
      });

      it('by destroying its stream, and by a pipeline whose target fails', async () => {
        await keepsConnection(async () => {
          const stream = db.rows(ENDLESS).toReadable();
          await once(stream, 'readable');
          stream.destroy();
          await once(stream, 'close');
          const failure = new Error('full');
          let taken = 0;
          const target = new Writable({
            objectMode: true,
            write: (_row, _encoding, callback) => {
              callback(++taken === 2000 ? failure : null);
            },
          });
          await expect(pipeline(db.rows(ENDLESS).toReadable(), target)).rejects.toBe(failure);
          expect(taken).toBe(2000);
        });
      });

      it('by its signal', async () => {
        await keepsConnection(async () => {
          const reason = new Error('no more');
          const abort = new AbortController();
          let last = 0;
          const loop = async (): Promise<void> => {
            for await (const { i } of db.rows<Numbered>(ENDLESS, [], { signal: abort.signal })) {
              last = i;
              if (i === 5) abort.abort(reason);
            }
          };
          await expect(loop()).rejects.toBe(reason);
          // What lay there already is not handed out either.
          expect(last).toBe(5);
          await expect(collect(db.rows(ENDLESS, [], { signal: abort.signal }))).rejects.toBe(reason);
        });
      });

      it('by its signal while the server is at work, and while nobody reads', async () => {
        await keepsConnection(async () => {
          const reason = new Error('no more');
          let abort = new AbortController();
          const slow = db.rows('SELECT pg_sleep(100)', [], { signal: abort.signal });
          const next = slow[Symbol.asyncIterator]().next();
          await until('it runs', () => db.stats().inUse === 1);
          abort.abort(reason);
          await expect(next).rejects.toBe(reason);

          abort = new AbortController();
          const unread = db.rows(ENDLESS, [], { signal: abort.signal })[Symbol.asyncIterator]();
          await unread.next();
          abort.abort(reason);
          await until('the connection is free', () => db.stats().inUse === 0);
          await expect(unread.next()).rejects.toBe(reason);
          expect(await unread.next()).toEqual({ done: true, value: undefined });
        });
      });

      it('by its time limit, whoever is waited for', async () => {
        await keepsConnection(async () => {
          const timeout = 150;
          const slow = rejectionOf(collect(db.rows('SELECT pg_sleep(100)', [], { timeout })));
          expect(await slow).toMatchObject({ name: 'TimeoutError', code: 'KB_TIMEOUT', timeout });
          const unread = db.rows(ENDLESS, [], { timeout }).batches();
          await unread.next();
          await until('the connection is free', () => db.stats().inUse === 0);
          expect(await rejectionOf(collect(unread))).toMatchObject({
            code: 'KB_TIMEOUT',
            operation: 'query',
          });
          const wrong = rejectionOf(collect(db.rows(SOME, [1], { timeout: -1 })));
          expect(await wrong).toMatchObject({ code: 'KB_BAD_OPTION' });
        });
      });
    });

    describe('errors', () => {
      it('before the first row, and after many', async () => {
        await keepsConnection(async () => {
          expect(await rejectionOf(collect(db.rows('SELECT nonsense')))).toMatchObject({ code: '42703' });
          expect(await rejectionOf(db.rows('SELECT nonsense').fields())).toMatchObject({ code: '42703' });
          let read = 0;
          const loop = async (): Promise<void> => {
            for await (const row of db.rows(
              'SELECT 1 / (5000 - i) AS v FROM generate_series(1, 10000) AS i',
            )) {
              expect(row).toHaveProperty('v');
              read++;
            }
          };
          expect(await rejectionOf(loop())).toMatchObject({ code: '22012', condition: 'division_by_zero' });
          expect(read).toBeLessThan(5000);
          const stream = db.rows('SELECT 1 / (5 - i) AS v FROM generate_series(1, 10) AS i').toReadable();
          expect(await rejectionOf(collect(stream))).toMatchObject({ code: '22012' });
        });
      });

      it('go to one of the calls that wait, and the end to the others', async () => {
        const iterator = db.rows('SELECT nonsense')[Symbol.asyncIterator]();
        const [first, ...rest] = await Promise.allSettled([
          iterator.next(),
          iterator.next(),
          iterator.next(),
        ]);
        expect(first).toMatchObject({ status: 'rejected', reason: { code: '42703' } });
        expect(rest).toEqual(Array(2).fill({ status: 'fulfilled', value: { done: true, value: undefined } }));
      });

      it('of a mistake in the call', async () => {
        expect(await rejectionOf(collect(db.rows(SOME, [() => 1])))).toMatchObject({
          code: 'KB_BAD_PARAMETER',
        });
        expect(await rejectionOf(collect(db.rows(7 as never)))).toMatchObject({ code: 'KB_BAD_STATEMENT' });
        expect(await rejectionOf(collect(db.rows('SELECT :a', { b: 1 })))).toMatchObject({
          code: 'KB_BAD_PARAMETER',
        });
      });

      it('of a converter', async () => {
        await keepsConnection(async () => {
          const failure = new Error('cannot read that');
          const parse = (text: string): string => {
            if (text === '3000') throw failure;
            return text;
          };
          const rows = db.rows<{ i: string }>(SOME, [1_000_000], { types: { int4: { parse } } });
          const before: string[] = [];
          const readAll = async (): Promise<void> => {
            for await (const { i } of rows) before.push(i);
          };
          await expect(readAll()).rejects.toBe(failure);
          // Up to the row that could not be read, as after an error of the server; by a cursor up to its batch.
          const length = byCursor ? 2500 : 2999;
          expect(before).toEqual(Array.from({ length }, (_, index) => String(index + 1)));
        });
      });

      it('of a connection that is lost', async () => {
        await using killer = open(given);
        const iterator = db.rows(ENDLESS)[Symbol.asyncIterator]();
        await iterator.next();
        const mine = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()`;
        await killer.exec(mine, [byCursor ? 'FETCH%kbn_rows%' : 'SELECT i, repeat(md5%']);
        const rest = async (): Promise<void> => {
          while ((await iterator.next()).done !== true);
        };
        expect(await rejectionOf(rest())).toMatchObject({ code: 'KB_CONNECTION_LOST' });
        expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      });
    });

    describe('on a connection', () => {
      it('other calls wait, and go on when all rows have been read', async () => {
        await withConnection(db, async (connection) => {
          const order: string[] = [];
          const iterator = connection.rows(SOME, [1200])[Symbol.asyncIterator]();
          await iterator.next();
          const other = connection.exec('SELECT 1').then(() => order.push('other'));
          while ((await iterator.next()).done !== true);
          order.push('read');
          await other;
          expect(order).toEqual(['read', 'other']);
        });
      });

      it('in a transaction they see its changes and leave it open', async () => {
        await db.transaction(async (transaction) => {
          await transaction.exec('CREATE TEMPORARY TABLE rows_mine (i int4) ON COMMIT DROP');
          await transaction.exec('INSERT INTO rows_mine SELECT generate_series(1, 3000)');
          expect(await collect(transaction.rows('SELECT i FROM rows_mine'))).toHaveLength(3000);
          for await (const row of transaction.rows<Numbered>(ENDLESS)) if (row.i === 5) break;
          const insert = 'INSERT INTO rows_mine SELECT generate_series(1, 100000) RETURNING i';
          for await (const row of transaction.rows<Numbered>(insert)) if (row.i === 5) break;
          const { count } = (await transaction.queryRow<{ count: bigint }>(
            'SELECT count(*) FROM rows_mine',
          ))!;
          // The statement is undone that was stopped, unless it had been done already.
          expect([3000n, 103_000n]).toContain(count);
          expect(await collect(transaction.rows('SELECT i FROM rows_mine LIMIT 3'))).toHaveLength(3);
        });
      });

      it('a statement that fails fails its transaction, as by query()', async () => {
        const failing = db.transaction(async (transaction) => {
          expect(await rejectionOf(collect(transaction.rows('SELECT 1 / 0')))).toMatchObject({
            code: '22012',
          });
          await transaction.query('SELECT 1');
        });
        expect(await rejectionOf(failing)).toMatchObject({ code: '25P02' });
      });

      it('one whose time is up is free although nobody reads', async () => {
        await withConnection(db, async (connection) => {
          const iterator = connection.rows(ENDLESS, [], { timeout: 100 })[Symbol.asyncIterator]();
          await iterator.next();
          expect(await connection.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
          while (
            !(await iterator.next().then(
              ({ done }) => done,
              () => true,
            ))
          );
        });
      });

      it('a call inside the loop that would wait for ever is refused, and the loop goes on', async () => {
        await withConnection(db, async (connection) => {
          let read = 0;
          let refusal: unknown;
          for await (const row of connection.rows<Numbered>(ENDLESS)) {
            read = row.i;
            if (row.i === 3) refusal = await rejectionOf(connection.query('SELECT 1'));
            if (row.i === 5000) break;
          }
          expect(refusal).toMatchObject({ name: 'UsageError', code: 'KB_ROWS_OPEN' });
          expect((refusal as { hint: string }).hint).toContain('inside the loop');
          expect(read).toBe(5000);
          expect(await connection.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
        });
      });

      it('a call behind a batch is not refused for rows that were read before it', async () => {
        await withConnection(db, async (connection) => {
          await connection.script('CREATE TEMPORARY TABLE IF NOT EXISTS behind (i int4)');
          let behind: Promise<unknown> | undefined;
          const inTurn = async function* (): AsyncGenerator<[number]> {
            for (let i = 0; i < 20; i++) {
              yield await new Promise((resolve) => setTimeout(resolve, 20, [i]));
              if (i === 3) behind = connection.queryRow('SELECT count(*)::int4 AS n FROM behind');
            }
          };
          const read = async (): Promise<void> => {
            const rows = connection.rows('SELECT 1 AS n FROM pg_sleep(0.1)', [], { stallTimeout: 150 });
            for await (const row of rows) expect(row).toEqual({ n: 1 });
          };
          await Promise.all([read(), connection.batchInsert('behind', ['i'], inTurn(), { chunkRows: 1 })]);
          expect(await behind).toEqual({ n: 20 });
        });
      });

      it('a connection that is released under rows which nobody reads on comes back', async () => {
        const connection = await db.connect();
        const iterator = connection.rows(ENDLESS)[Symbol.asyncIterator]();
        await iterator.next();
        await connection.release();
        expect(
          await rejectionOf(
            (async () => {
              while ((await iterator.next()).done !== true);
            })(),
          ),
        ).toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
        expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      });

      it('a transaction that is aborted takes its rows with it', async () => {
        const reason = new Error('time to go');
        const abort = new AbortController();
        const work = db.transaction(
          async (transaction) => {
            for await (const row of transaction.rows<Numbered>(ENDLESS))
              if (row.i === 10) abort.abort(reason);
          },
          { signal: abort.signal },
        );
        await expect(work).rejects.toBe(reason);
        await until('the connection is free', () => db.stats().inUse === 0);
        expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      });
    });

    it('rows that are left half-read are reported as a leak, those that are read are not', async () => {
      const own = open(config, { pool: { max: 2, leakTimeout: 100 } });
      const leaks: { processId: number; stack: string }[] = [];
      own.on('leak', (leak) => leaks.push(leak));
      const reading = own.rows(ENDLESS)[Symbol.asyncIterator]();
      const reader = (async () => {
        while (leaks.length === 0) await reading.next();
      })();
      const left = own.rows<{ pid: number }>(`SELECT pg_backend_pid() AS pid, ${ENDLESS.slice(7)}`);
      const iterator = left[Symbol.asyncIterator]();
      const { value } = (await iterator.next()) as { value: { pid: number } };
      await reader;
      expect(leaks).toHaveLength(1);
      expect(leaks[0]!.processId).toBe(value.pid);
      expect(leaks[0]!.stack).toContain('rows.test.ts');
      await Promise.all([reading.return?.(), iterator.return?.()]);
      await own.close();
    });

    it('the command tag is there when all rows have been read, and only then', async () => {
      const rows = db.rows<Numbered>(SOME, [7]);
      expect(rows.tag).toBeUndefined();
      await collect(rows);
      expect(rows.tag).toEqual({ command: 'SELECT', rowCount: 7 });
      const left = db.rows<Numbered>(ENDLESS);
      for await (const { i } of left) {
        expect(i).toBe(1);
        break;
      }
      expect(left.tag).toBeUndefined();
      const none = db.rows('CREATE TEMPORARY TABLE tagged (i int4)');
      await collect(none);
      expect(none.tag).toEqual({ command: 'CREATE TABLE', rowCount: null });
      const changes = db.rows('INSERT INTO tagged SELECT generate_series(1, 3) RETURNING i');
      await collect(changes);
      expect(changes.tag).toEqual({ command: 'INSERT', rowCount: 3 });
      await db.exec('DROP TABLE tagged');
    });

    it('whoever traces is told when the last row has been read', async () => {
      const events: unknown[] = [];
      const onEnd = (context: unknown): void => {
        const {
          'db.query.text': text,
          'db.response.returned_rows': rows,
          'error.type': error,
        } = context as Record<string, unknown>;
        if (String(text).includes('rows_traced')) events.push({ rows, error });
      };
      subscribe('tracing:kingbase:query:asyncEnd', onEnd);
      try {
        const sql = 'SELECT i AS rows_traced FROM generate_series(1, $1::int4) AS i';
        const iterator = db.rows(sql, [1200])[Symbol.asyncIterator]();
        await iterator.next();
        expect(events).toEqual([]);
        while ((await iterator.next()).done !== true);
        await until('it is told', () => events.length > 0);
        expect(events).toEqual([{ rows: 1200, error: undefined }]);
        await collect(db.rows('SELECT 1 / 0 AS rows_traced')).catch(() => undefined);
        await until('it is told', () => events.length > 1);
        expect(events[1]).toMatchObject({ error: '22012' });
      } finally {
        unsubscribe('tracing:kingbase:query:asyncEnd', onEnd);
      }
    });
  },
);
