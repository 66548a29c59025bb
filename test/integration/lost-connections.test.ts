import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  ConnectionError,
  DatabaseError,
  open,
  type Connection,
  type ConnectionConfig,
  type Database,
} from 'kingbase-native';
import { startServer, type EmbeddedServer } from '../../scripts/embedded-server.js';
import { expectNoSecret, PASSWORD, rejectionOf, until } from '../support/rejections.js';

let server: EmbeddedServer;

beforeAll(async () => {
  server = await startServer({ tls: true });
});

afterAll(() => server.stop());

/** What every loss of a connection looks like. */
function lost(outcome: 'unknown' | 'not-sent'): object {
  return { code: 'KB_CONNECTION_LOST', outcome, address: `${server.host}:${server.port}` };
}

describe.each(
  inject('libraries').flatMap(({ name, path }) =>
    (['disable', 'require'] as const).map((sslmode) => ({ name, path, sslmode })),
  ),
)('with $name and sslmode=$sslmode', ({ path, sslmode }) => {
  let db: Database;
  let checkedOut: Connection[];
  /** To look and to act from outside. */
  let admin: Database;

  const config = (over: ConnectionConfig = {}): ConnectionConfig => ({
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    password: PASSWORD,
    clientLibrary: path,
    sslmode,
    ...over,
  });

  beforeEach(() => {
    db = open(config());
    checkedOut = [];
    admin = open(config({ pool: { max: 1 } }));
  });

  afterEach(async () => {
    expectNoSecret(db);
    // Also after a test that failed, which would hold up the closing otherwise.
    await Promise.all(checkedOut.map((connection) => connection.release()));
    await Promise.all([db.close(), admin.close()]);
  });

  async function checkOut(): Promise<Connection> {
    const connection = await db.connect();
    checkedOut.push(connection);
    return connection;
  }

  const terminate = async (processId: number): Promise<void> => {
    await admin.query('SELECT pg_terminate_backend($1)', [processId]);
  };

  /** Waits until the server runs the statement, which must be told apart by its text. */
  const running = (statement: string): Promise<void> =>
    until(`the server runs ${statement}`, async () => {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 || '%' AND pid <> pg_backend_pid()`;
      return (await admin.queryRow(sql, [statement])) !== undefined;
    });

  const works = async (queryable: Database | Connection): Promise<void> => {
    expect(await queryable.queryRow('SELECT $1::int4 AS number', [7])).toEqual({ number: 7 });
  };

  describe('a connection that is terminated', () => {
    it('in mid-query', async () => {
      const connection = await checkOut();
      const other = db.query('SELECT pg_sleep(0.3), 5 AS number');
      const query = rejectionOf(connection.query('SELECT pg_sleep(60), 1'));
      await running('SELECT pg_sleep(60), 1');
      await terminate(connection.backendPid);
      const error = await query;
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject(lost('unknown'));
      expect(error.message).toContain('terminating connection due to administrator command');
      expect(error.cause).toBeInstanceOf(DatabaseError);
      expect(error.cause).toMatchObject({ code: '57P01', condition: 'admin_shutdown', severity: 'FATAL' });

      // Of what is asked for later, nothing is sent.
      const afterwards = await rejectionOf(connection.query('SELECT 2'));
      expect(afterwards).toMatchObject(lost('not-sent'));
      await connection.release();
      expect((await other).rows).toMatchObject([{ number: 5 }]);
      await works(db);
    });

    it('with more calls waiting for it, none of which can have been sent', async () => {
      const connection = await checkOut();
      const first = rejectionOf(connection.query('SELECT pg_sleep(60), 2'));
      const waiting = [connection.query('SELECT 3'), connection.exec('SELECT 4')].map(rejectionOf);
      await running('SELECT pg_sleep(60), 2');
      await terminate(connection.backendPid);
      expect(await first).toMatchObject(lost('unknown'));
      for (const error of await Promise.all(waiting)) expect(error).toMatchObject(lost('not-sent'));
      await connection.release();
      await works(db);
    });

    it('while it is idle in the pool, and is replaced', async () => {
      const connection = await checkOut();
      const { backendPid: processId } = connection;
      await connection.release();
      expect(db.stats()).toMatchObject({ openConnections: 1, idle: 1 });
      await terminate(processId);
      await until('the pool has noticed', () => db.stats().openConnections === 0);
      const next = await checkOut();
      expect(next.backendPid).not.toBe(processId);
      await works(next);
      await next.release();
      expect(db.stats()).toMatchObject({ openConnections: 1, idle: 1, inUse: 0 });
    });

    it('while it is checked out and idle: the next call says why', async () => {
      const connection = await checkOut();
      await works(connection);
      await terminate(connection.backendPid);
      await until('the pool has noticed', () => db.stats().openConnections === 0);
      const error = await rejectionOf(connection.query('SELECT 1'));
      expect(error).toMatchObject(lost('not-sent'));
      expect(error.cause).toMatchObject({ code: '57P01', severity: 'FATAL' });
      await connection.release();
      await works(db);
    });

    it('by itself, in a transaction', async () => {
      const connection = await checkOut();
      await connection.script('BEGIN; SELECT 1');
      const error = await rejectionOf(connection.query('SELECT pg_terminate_backend(pg_backend_pid())'));
      expect(error).toMatchObject(lost('unknown'));
      expect(error.cause).toMatchObject({ code: '57P01' });
      await connection.release();
      await works(db);
    });

    it('with a hundred others: all calls end and the pool is whole again', async () => {
      const calls = Array.from({ length: 100 }, (_, i) =>
        i % 3 === 0
          ? rejectionOf(db.query('SELECT pg_terminate_backend(pg_backend_pid())'))
          : db.queryRow('SELECT $1::int4 AS n', [i]),
      );
      for (const [i, ended] of (await Promise.all(calls)).entries()) {
        expect(ended).toMatchObject(i % 3 === 0 ? lost('unknown') : { n: i });
      }
      await works(db);
      expect(db.stats().inUse).toBe(0);
    });
  });

  describe('cancelling', () => {
    it('stops one statement while others go on', async () => {
      const controller = new AbortController();
      const reason = new Error('no longer needed');
      const cancelled = db.query('SELECT pg_sleep(60), 3', [], { signal: controller.signal });
      const other = db.query('SELECT pg_sleep(0.5), 6 AS number');
      await running('SELECT pg_sleep(60), 3');
      await running('SELECT pg_sleep(0.5)');
      controller.abort(reason);
      await expect(cancelled).rejects.toBe(reason);
      expect((await other).rows).toMatchObject([{ number: 6 }]);
      await works(db);
      expect(db.stats().openConnections).toBe(2);
    });

    it('stops a statement that the request may overtake on its way to the server', async () => {
      await Promise.all(Array.from({ length: 4 }, () => db.query('SELECT pg_sleep(0.1)')));
      let busy = true;
      const load = Array.from({ length: 3 }, async () => {
        while (busy)
          await db.query(`SELECT n, repeat('金', 20) AS text FROM generate_series(1, 100000) AS n`);
      });
      try {
        for (let n = 0; n < 12; n++) {
          const controller = new AbortController();
          const reason = new Error('no longer needed');
          // Long enough to see that it was not stopped: the call is fulfilled then.
          const query = db.query(`SELECT pg_sleep(2), ${n}`, [], { signal: controller.signal });
          controller.abort(reason);
          await expect(query).rejects.toBe(reason);
        }
      } finally {
        busy = false;
        await Promise.all(load);
      }
    });

    it('leaves a statement usable that was just being prepared', async () => {
      const connection = await checkOut();
      for (let n = 0; n < 5; n++) {
        const sql = `SELECT ${n} AS n`;
        // Prepared when it is run for the second time.
        await connection.query(sql);
        const controller = new AbortController();
        const reason = new Error('no longer needed');
        const query = connection.query(sql, [], { signal: controller.signal });
        controller.abort(reason);
        await expect(query).rejects.toBe(reason);
        expect(await connection.queryRow(sql)).toEqual({ n });
      }
      await connection.release();
    });
  });

  it('survives a crash of the server', async () => {
    const connection = await checkOut();
    const idle = await checkOut();
    await idle.release();
    const queries = [connection.query('SELECT pg_sleep(60), 4'), db.query('SELECT pg_sleep(60), 5')].map(
      rejectionOf,
    );
    await running('SELECT pg_sleep(60), 4');
    await running('SELECT pg_sleep(60), 5');
    const [errors] = await Promise.all([Promise.all(queries), server.down('immediate')]);
    await until('the pool has noticed', () => db.stats().openConnections === 0);
    await connection.release();
    await server.up();
    for (const error of errors) {
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject(lost('unknown'));
      expect(error.message).toMatch(/server closed the connection|terminating connection|EOF|reset/);
      // What the library says when asked about a connection that it has closed already.
      expect(error.message).not.toContain('invalid socket');
    }
    await works(db);
    expect(db.stats()).toMatchObject({ openConnections: 1, inUse: 0 });
  });

  it('survives an orderly shutdown of the server', async () => {
    await works(db);
    const query = rejectionOf(db.query('SELECT pg_sleep(60), 7'));
    await running('SELECT pg_sleep(60), 7');
    await server.restart('fast');
    const error = await query;
    expect(error).toMatchObject(lost('unknown'));
    expect(error.cause).toMatchObject({ code: '57P01' });
    await works(db);
  });
});
