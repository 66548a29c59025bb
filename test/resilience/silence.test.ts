import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ConnectionError, open, TimeoutError, type ConnectionConfig, type Database } from 'kingbase-native';
import { Client, Cursor, Pool, QueryStream } from 'kingbase-native/pg';
import { startMessageProxy, type Fault, type MessageName } from '../support/message-proxy.js';

/** ms. */
const LIMITS = { timeout: 600, connectTimeout: 800, heartbeatTimeout: 200, acquireTimeout: 2_000 };
/** ms within which everything must have ended, limits one after the other and a busy machine included. */
const LATEST = 8_000;
/** Faults tried at the same time. */
const AT_ONCE = 16;

interface Stage {
  readonly db: Database;
  /** For programs of the `pg` interface. */
  readonly where: { host: string; port: number; user: string; database: string; clientLibrary: string };
}

type Deed = (stage: Stage) => Promise<unknown>;

const { timeout } = LIMITS;
const MANY = 'SELECT i, repeat($1, 100) AS t FROM generate_series(1, 500) AS i';

const DEEDS: Record<string, Deed> = {
  query: ({ db }) => db.query('SELECT $1::int4 AS v', [1]),
  'query, prepared': async ({ db }) => {
    for (let i = 0; i < 3; i++) await db.query('SELECT $1::int4 AS v', [i]);
  },
  'query of a type not known': ({ db }) => db.query("SELECT 'a'::silence_mood AS v"),
  'query with an array': ({ db }) => db.query('SELECT $1::silence_mood[] AS v', [['a']]),
  script: ({ db }) => db.script('SELECT 1; SELECT 2'),
  scriptRows: ({ db }) => db.scriptRows('SELECT 1; SELECT 2'),
  tag: async ({ db }) => await db.sql`SELECT ${1}::int4 AS v`,
  prepare: async ({ db }) => {
    const statement = await db.prepare('SELECT $1::int4 AS v');
    await statement.query([1]);
    await statement.close();
  },
  'prepare on a connection': async ({ db }) => {
    await using connection = await db.connect();
    const statement = await connection.prepare('SELECT $1::int4 AS v');
    await statement.query([1]);
    await statement.close();
    await connection.query('SELECT 1');
  },
  rows: async ({ db }) => {
    for await (const row of db.rows(MANY, ['x'], { timeout, stallTimeout: 1_000 })) expect(row).toBeDefined();
  },
  'rows, left': async ({ db }) => {
    for await (const row of db.rows(MANY, ['x'], { timeout })) if (row) break;
    await db.query('SELECT 1');
  },
  'rows as a stream': async ({ db }) => {
    const stream = db.rows(MANY, ['x'], { timeout }).toReadable();
    stream.resume();
    await finished(stream);
  },
  copyFrom: async ({ db }) => {
    const stream = db.copyFrom('COPY silence_town FROM STDIN', { timeout });
    Readable.from(['1\ta\n', '2\tb\n']).pipe(stream);
    await finished(stream);
  },
  'copyFrom, destroyed': async ({ db }) => {
    const stream = db.copyFrom('COPY silence_town FROM STDIN', { timeout });
    stream.on('error', () => undefined);
    await new Promise((resolve) => stream.write('1\ta\n', resolve));
    stream.destroy();
    await db.query('SELECT 1');
  },
  copyTo: ({ db }) => text(db.copyTo('COPY (SELECT generate_series(1, 500)) TO STDOUT', { timeout })),
  'batch by COPY': ({ db }) =>
    db.batchInsert('silence_town', ['id', 'name'], ROWS, { strategy: 'copy', timeout }),
  'batch by arrays': ({ db }) =>
    db.batchInsert('silence_town', ['id', 'name'], ROWS, { strategy: 'unnest', timeout, chunkRows: 2 }),
  'batch by values': ({ db }) =>
    db.batchInsert('silence_town', ['id', 'name'], ROWS, {
      strategy: 'values',
      returning: ['id'],
      timeout,
      chunkRows: 2,
    }),
  transaction: ({ db }) =>
    db.transaction(
      async (tx) => {
        await tx.exec('INSERT INTO silence_town VALUES (1)');
        await tx.savepoint(async () => {
          await tx.query('SELECT 1');
        });
      },
      { timeout },
    ),
  'transaction, default limit': ({ db }) =>
    db.transaction(async (tx) => {
      await tx.exec('INSERT INTO silence_town VALUES (1)');
      await tx.savepoint(async () => {
        await tx.query('SELECT 1');
      });
    }),
  'transaction rolled back': ({ db }) =>
    db.transaction(async (tx) => {
      await tx.exec('INSERT INTO silence_town VALUES (1)');
      throw new RangeError('changed my mind');
    }),
  'transaction whose savepoint fails': ({ db }) =>
    db.transaction(async (tx) => {
      await tx
        .savepoint(async () => {
          await tx.query('SELECT 1/0');
        })
        .catch(() => undefined);
      await tx.query('SELECT 1');
    }),
  'transaction with retry and resolve': ({ db }) =>
    db.transaction(
      async (tx) => {
        await tx.exec('INSERT INTO silence_town VALUES (1)');
      },
      { timeout: 1_000, retry: { maxAttempts: 2, resolve: true } },
    ),
  'begin, commit': async ({ db }) => {
    const tx = await db.begin();
    await tx.query('SELECT 1');
    await tx.commit();
  },
  'begin, commit resolved': async ({ db }) => {
    const tx = await db.begin();
    await tx.exec('INSERT INTO silence_town VALUES (1)');
    await tx.commit({ resolve: true });
  },
  'begin, rollback': async ({ db }) => {
    const tx = await db.begin();
    await tx.query('SELECT 1');
    await tx.rollback();
  },
  connect: async ({ db }) => {
    const connection = await db.connect();
    await connection.query('SELECT 1');
    await connection.exec('BEGIN');
    await connection.release();
    await db.query('SELECT 1');
  },
  'connect, discard': async ({ db }) => {
    const connection = await db.connect();
    await connection.query('SELECT 1');
    await connection.release({ discard: true });
  },
  listen: async ({ db }) => {
    const subscription = await db.listen('silence', () => undefined);
    await db.query("SELECT pg_notify('silence', 'x')");
    await subscription.close();
  },
  ping: ({ db }) => db.ping(),
  serverInfo: ({ db }) => db.serverInfo(),
  'large object': async ({ db }) => {
    const objects = db.largeObjects();
    const oid = await objects.create();
    const stream = objects.createWriteStream(oid, { timeout, chunkSize: 4 });
    stream.end('0123456789');
    await finished(stream);
    await text(objects.createReadStream(oid, { timeout, chunkSize: 4 }));
    await objects.unlink(oid);
  },
  'pg: Client': async ({ where }) => {
    const client = new Client(pgConfig(where));
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT $1::int4 AS v', [1]);
      await client.query({ name: 'named', text: 'SELECT $1::int4 AS v', values: [1] });
    } finally {
      await client.end();
    }
  },
  'pg: Pool': async ({ where }) => {
    const pool = new Pool({ ...pgConfig(where), max: 2 });
    pool.on('error', () => undefined);
    try {
      await pool.query('SELECT 1');
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await client.query('SELECT 1');
        await client.query('COMMIT');
      } finally {
        client.release();
      }
      await pool.query('SELECT 1');
    } finally {
      await pool.end();
    }
  },
  'pg: Cursor': async ({ where }) => {
    const client = new Client(pgConfig(where));
    client.on('error', () => undefined);
    try {
      await client.connect();
      const cursor = client.query(new Cursor(MANY, ['x']));
      await cursor.read(10);
      await cursor.close();
      await client.query('SELECT 1');
    } finally {
      await client.end();
    }
  },
  'pg: QueryStream': async ({ where }) => {
    const client = new Client(pgConfig(where));
    client.on('error', () => undefined);
    try {
      await client.connect();
      const stream = client.query(new QueryStream(MANY, ['x']));
      stream.resume();
      await finished(stream);
    } finally {
      await client.end();
    }
  },
};

/** What has begun before may end first: an attempt to connect that leads nowhere, a connection that is found dead. */
async function serves(db: Database): Promise<void> {
  for (;;) {
    try {
      await db.query('SELECT 1', [], { timeout: 1_000 });
      return;
    } catch (error) {
      if (!(error instanceof ConnectionError || error instanceof TimeoutError)) throw error;
    }
  }
}

const ROWS = Array.from({ length: 5 }, (_, i) => [i, `town ${i}`]);

function pgConfig(where: Stage['where']): object {
  return {
    ...where,
    connectionTimeoutMillis: LIMITS.connectTimeout,
    query_timeout: LIMITS.timeout,
    ssl: false,
  };
}

// What keeps the limits is above the library: one of them stands for all.
describe.each(inject('libraries').slice(0, 1))('a connection that falls silent, with $name', ({ path }) => {
  const { host, port, user, database } = inject('server');
  const direct: ConnectionConfig = { host, port, user, database, clientLibrary: path, sslMode: 'disable' };
  let setUp: Database;

  beforeAll(async () => {
    setUp = open(direct);
    await setUp.script(`DROP TABLE IF EXISTS silence_town; CREATE TABLE silence_town (id int4, name text);
      DROP TYPE IF EXISTS silence_mood; CREATE TYPE silence_mood AS ENUM ('a', 'b')`);
  });
  afterAll(() => setUp.close());

  /** What becomes of the deed with that fault; the messages that passed where it had none. */
  async function perform(deed: Deed, fault: Fault | undefined): Promise<{ seen: Fault[]; wrong: string[] }> {
    const seen: Fault[] = [];
    let recording = true;
    const tell = (at: MessageName, nth: number): void => {
      if (recording) seen.push({ at, nth, where: 'before', action: 'hold' });
    };
    const proxy = await startMessageProxy({ host, port }, fault === undefined ? [] : [fault], tell);
    const { timeout: limit, connectTimeout, heartbeatTimeout, acquireTimeout } = LIMITS;
    const where = { host: proxy.host, port: proxy.port, user, database, clientLibrary: path };
    const db = open({
      ...direct,
      host: proxy.host,
      port: proxy.port,
      timeout: limit,
      connectTimeout,
      pool: { max: 2, acquireTimeout, heartbeatTimeout, heartbeatInterval: 1_000 },
    });
    const wrong: string[] = [];
    const within = async (what: string, work: Promise<unknown>): Promise<void> => {
      let late: NodeJS.Timeout | undefined;
      const tooLate = new Promise((_resolve, reject) => {
        late = setTimeout(() => reject(new Error(`${what} has not ended`)), LATEST);
      });
      try {
        await Promise.race([work, tooLate]);
      } catch (error) {
        const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        if (what !== 'the deed' || message.endsWith('has not ended')) wrong.push(`${what}: ${message}`);
        else if (fault === undefined && !(error instanceof RangeError)) wrong.push(`${what}: ${message}`);
      } finally {
        clearTimeout(late);
      }
    };
    await within('the deed', deed({ db, where }));
    recording = false;
    await within('the next call', serves(db));
    await within('close', db.close({ timeout: 500 }));
    await proxy.stop();
    return { seen, wrong };
  }

  it.each(Object.entries(DEEDS))(
    '%s ends by its limit, wherever it happens',
    async (_name, deed) => {
      const { seen, wrong } = await perform(deed, undefined);
      expect(wrong).toEqual([]);
      // Of rows and pieces that follow one another the first and the last stand for all.
      const faults = seen.filter(
        ({ at, nth }) => nth <= 2 || !seen.some((other) => other.at === at && other.nth > nth),
      );
      const found: string[] = [];
      const work = async (): Promise<void> => {
        for (let fault = faults.pop(); fault !== undefined; fault = faults.pop()) {
          const outcome = await perform(deed, fault);
          found.push(...outcome.wrong.map((what) => `${fault?.at} ${fault?.nth} ${fault?.where}: ${what}`));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      expect(found).toEqual([]);
    },
    120_000,
  );
});
