import { describe, expect, inject, it } from 'vitest';
import { open, type Database, type QueryOptions } from 'kingbase-native';
import { startMessageProxy, type MessageName } from '../support/message-proxy.js';

const ROWS = 3_000;
const SELECT = `SELECT i, repeat('x', 20) AS text FROM generate_series(1, ${ROWS}) AS i`;
/** ms. The proxy holds everything up for longer, after the server has sent the last row. */
const LIMIT = 5;

const READERS: readonly [
  name: string,
  message: MessageName,
  count: (db: Database, options: QueryOptions) => Promise<number>,
][] = [
  [
    'rows',
    '<D',
    async (db, options) => {
      let count = 0;
      for await (const row of db.rows<{ i: number }>(SELECT, [], options)) count += Math.sign(row.i);
      return count;
    },
  ],
  [
    'batches of rows',
    '<D',
    async (db, options) => {
      let count = 0;
      for await (const batch of db.rows(SELECT, [], options).batches()) count += batch.length;
      return count;
    },
  ],
  [
    'rows as a Readable',
    '<D',
    async (db, options) => {
      let count = 0;
      for await (const row of db.rows(SELECT, [], options).toReadable()) count += Number(row !== null);
      return count;
    },
  ],
  [
    'copyTo',
    '<d',
    async (db, options) => {
      let text = '';
      for await (const piece of db.copyTo(`COPY (${SELECT}) TO STDOUT`, options)) text += String(piece);
      return text.split('\n').length - 1;
    },
  ],
];

// The cancel comes when the server has completed the statement, and its rows are still on their way.
describe.each(inject('libraries'))('a stream whose limit comes too late, with $name', ({ path }) => {
  const { host, port, user, database } = inject('server');

  it.each(READERS)(
    'of %s gives all or fails: it never ends early as if it were complete',
    async (_name, at, count) => {
      for (const nth of [1, 2, 400, 2_999]) {
        const proxy = await startMessageProxy({ host, port }, [
          { at, nth, where: 'before', action: 'delay' },
        ]);
        const db = open({
          host: proxy.host,
          port: proxy.port,
          user,
          database,
          clientLibrary: path,
          sslMode: 'disable',
          pool: { max: 1 },
        });
        try {
          await db.ping();
          const outcome = await count(db, { timeout: LIMIT }).catch((error: unknown) => error);
          if (typeof outcome === 'number') expect(outcome).toBe(ROWS);
          else expect(outcome).toMatchObject({ code: 'KB_TIMEOUT' });
          expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
        } finally {
          await db.close();
          await proxy.stop();
        }
      }
    },
  );
});
