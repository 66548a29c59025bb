import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  ConnectionError,
  DatabaseError,
  open,
  UsageError,
  type Connection,
  type ConnectionConfig,
} from 'kingbase-native';
import { startServer, type EmbeddedServer } from '../../scripts/embedded-server.js';
import {
  closesAtOnce,
  fakeServer,
  garblesHandshake,
  silent,
  speaksHttp,
  stopsInHandshake,
} from '../support/fake-servers.js';
import { connectFailure, expectNoSecret, PASSWORD, rejectionOf, until } from '../support/rejections.js';

/** A port of 127.0.0.1 on which nobody listens; only root could. */
const NOBODY = 1;

let server: EmbeddedServer;

beforeAll(async () => {
  server = await startServer({
    settings: { max_connections: '12', superuser_reserved_connections: '3' },
    hba: [
      'local all all trust',
      'host all scram_user 127.0.0.1/32 scram-sha-256',
      'host all md5_user 127.0.0.1/32 md5',
      'host all rejected_user 127.0.0.1/32 reject',
      'host all system,plain_user,absent_user 127.0.0.1/32 trust',
    ],
  });
  const db = open({ host: server.host, port: server.port, user: server.user, database: server.database });
  await db.script(`
    SET password_encryption = 'scram-sha-256'; CREATE ROLE scram_user LOGIN PASSWORD '${PASSWORD}';
    SET password_encryption = 'md5'; CREATE ROLE md5_user LOGIN PASSWORD '${PASSWORD}';
    CREATE ROLE rejected_user LOGIN; CREATE ROLE unlisted_user LOGIN; CREATE ROLE plain_user LOGIN;
  `);
  await db.close();
});

afterAll(() => server.stop());

describe.each(inject('libraries'))('with $name, connecting', ({ path }) => {
  const config = (over: ConnectionConfig = {}): ConnectionConfig => ({
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    password: PASSWORD,
    clientLibrary: path,
    ...over,
  });

  /** Connects, and checks that it works. */
  async function connects(over: ConnectionConfig): Promise<void> {
    const db = open(config(over));
    try {
      expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      expectNoSecret(db);
    } finally {
      await db.close();
    }
  }

  it('to a host that does not exist', async () => {
    const error = await connectFailure(config({ host: 'no-such-host.invalid' }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'KB_CONNECT_HOST_NOT_FOUND',
      stage: 'dns',
      outcome: 'not-sent',
      address: `no-such-host.invalid:${server.port}`,
    });
    expect(error.message).toContain('no-such-host.invalid');
  });

  it('to a port where nobody listens', async () => {
    const error = await connectFailure(config({ port: NOBODY }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'KB_CONNECT_REFUSED',
      stage: 'tcp',
      outcome: 'not-sent',
      address: '127.0.0.1:1',
    });
  });

  it.each([
    ['disable', 'startup'],
    ['require', 'tls'],
  ] as const)('with sslmode=%s to a server that never answers', async (sslmode, stage) => {
    const hole = await fakeServer(silent);
    const error = await connectFailure(config({ port: hole.port, sslmode, connectTimeout: 200 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'KB_CONNECT_TIMEOUT',
      stage,
      outcome: 'not-sent',
      address: `127.0.0.1:${hole.port}`,
    });
    expect(error.message).toContain('200 ms');
    await until('the abandoned connection is closed', () => hole.openConnections() === 0);
    await hole.close();
  });

  it('to a server that stops in the TLS handshake', async () => {
    const hole = await fakeServer(stopsInHandshake);
    const error = await connectFailure(config({ port: hole.port, sslmode: 'require', connectTimeout: 200 }));
    expect(error).toMatchObject({ code: 'KB_CONNECT_TIMEOUT', stage: 'tls' });
    await until('the abandoned connection is closed', () => hole.openConnections() === 0);
    await hole.close();
  });

  it('to a server that does not speak TLS after agreeing to it', async () => {
    const fake = await fakeServer(garblesHandshake);
    const error = await connectFailure(config({ port: fake.port, sslmode: 'require' }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'KB_CONNECT_TLS', stage: 'tls' });
    await fake.close();
  });

  it.each([
    ['disable', 'startup'],
    ['require', 'tls'],
  ] as const)('with sslmode=%s to a server that closes at once', async (sslmode, stage) => {
    const fake = await fakeServer(closesAtOnce);
    const error = await connectFailure(config({ port: fake.port, sslmode }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'KB_CONNECT_LOST', stage, outcome: 'not-sent' });
    await fake.close();
  });

  it.each(['disable', 'prefer', 'require'] as const)(
    'with sslmode=%s to something that is not a database server',
    async (sslmode) => {
      const fake = await fakeServer(speaksHttp);
      const error = await connectFailure(config({ port: fake.port, sslmode }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ code: 'KB_CONNECT_FAILED', outcome: 'not-sent' });
      expect(error.hint).toContain('not a KingbaseES server');
      await fake.close();
    },
  );

  it('to a server without TLS where TLS is required', async () => {
    const error = await connectFailure(config({ sslmode: 'require' }));
    expect(error).toMatchObject({ code: 'KB_CONNECT_TLS_UNSUPPORTED', stage: 'tls' });
  });

  it('by a Unix socket that is not there', async () => {
    const error = await connectFailure(config({ host: server.socketDirectory, port: 1234 }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'KB_CONNECT_NO_SOCKET',
      stage: 'tcp',
      outcome: 'not-sent',
      address: expect.stringContaining(server.socketDirectory) as unknown,
    });
    expect(error.message).toContain(server.socketDirectory);
  });

  it('closes the database although an attempt hangs', async () => {
    const hole = await fakeServer(silent);
    const db = open(config({ port: hole.port, connectTimeout: 300, pool: { acquireTimeout: 1_000 } }));
    const failed = rejectionOf(db.query('SELECT 1'));
    await until('the attempt is under way', () => hole.openConnections() === 1);
    await Promise.all([db.close(), failed]);
    await hole.close();
  });

  describe.each([
    ['scram-sha-256', 'scram_user'],
    ['md5', 'md5_user'],
  ])('with %s', (_method, user) => {
    it('takes the right password, a string or a function', async () => {
      await connects({ user });
      await connects({ user, password: () => PASSWORD });
      await connects({ user, password: () => Promise.resolve(PASSWORD) });
    });

    it('refuses a wrong password', async () => {
      const error = await connectFailure(config({ user, password: `not ${PASSWORD}` }));
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({ code: '28P01', condition: 'invalid_password', severity: 'FATAL' });
      expect(error.message).toContain(user);
      expect(error.hint).toContain('password');
    });

    it('says that a password is missing', async () => {
      const error = await connectFailure(config({ user, password: undefined }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ code: 'KB_CONNECT_PASSWORD_MISSING', stage: 'auth' });
      expect(error.hint).toContain('KINGBASE_PASSWORD');
    });
  });

  it('asks a password function again for each connection', async () => {
    let calls = 0;
    const password = (): Promise<string> => {
      calls++;
      return Promise.resolve(calls === 1 ? `not ${PASSWORD}` : PASSWORD);
    };
    const db = open(config({ user: 'scram_user', password, pool: { max: 2 } }));
    expect(await rejectionOf(db.query('SELECT 1'))).toMatchObject({ code: '28P01' });
    const connections = [await db.connect(), await db.connect()];
    expect(calls).toBe(3);
    await Promise.all(connections.map((connection) => connection.release()));
    await db.close();
  });

  it('fails as the password function fails', async () => {
    const reason = new Error('the vault is closed');
    const db = open(config({ user: 'scram_user', password: () => Promise.reject(reason) }));
    await expect(db.query('SELECT 1')).rejects.toBe(reason);
    await db.close();
  });

  it('refuses what a password function gives that is not a string', async () => {
    const password = (() => Promise.resolve({ secret: PASSWORD })) as unknown as () => Promise<string>;
    const error = await connectFailure(config({ user: 'scram_user', password }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.code).toBe('KB_BAD_OPTION');
  });

  it.each([
    ['a database that does not exist', { database: 'missing' }, '3D000', 'invalid_catalog_name'],
    ['a role that does not exist', { user: 'absent_user' }, '28000', 'invalid_authorization_specification'],
    ['a role without an entry', { user: 'unlisted_user' }, '28000', 'invalid_authorization_specification'],
    ['a role that is rejected', { user: 'rejected_user' }, '28000', 'invalid_authorization_specification'],
  ])('as or to %s', async (_what, over, code, condition) => {
    const error = await connectFailure(config(over));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code, condition, severity: 'FATAL' });
    expect(error.message).toContain(Object.values(over)[0]);
    expect(error.hint).toMatch(/^[A-Z]/);
  });

  it('to a server that has no connection left, until one becomes free', async () => {
    const db = open(config({ user: 'plain_user', pool: { max: 20, acquireTimeout: 1_000 } }));
    const connections: Connection[] = [];
    let refused: unknown;
    while (refused === undefined) {
      await db.connect().then(
        (connection) => {
          connections.push(connection);
        },
        (error: unknown) => {
          refused = error;
        },
      );
    }
    expect(connections.length).toBeGreaterThan(0);
    expect(await connectFailure(config({ user: 'plain_user' }))).toMatchObject({
      code: '53300',
      condition: 'too_many_connections',
    });
    // Those that have one are not disturbed, and what they give back is used.
    for (const connection of connections)
      expect(await connection.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    await connections.pop()?.release();
    expect(await db.queryRow('SELECT 2 AS two')).toEqual({ two: 2 });
    await Promise.all(connections.map((connection) => connection.release()));
    await db.close();
    const admin = open(config());
    const count = `SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE usename = 'plain_user'`;
    await until('the server has noticed', async () => (await admin.queryRow<{ n: number }>(count))?.n === 0);
    await admin.close();
  });

  describe('with several hosts', () => {
    const hosts = (first: number, second: number): ConnectionConfig => ({
      host: '127.0.0.1,127.0.0.1',
      port: `${first},${second}`,
    });

    it('goes on to the next where the first cannot be reached', async () => {
      await connects(hosts(NOBODY, server.port));
      await connects({ host: 'no-such-host.invalid,127.0.0.1' });
      await connects({
        host: undefined,
        hosts: [{ host: 'no-such-host.invalid' }, { host: '127.0.0.1', port: server.port }],
      });
    });

    it('goes on to the next where the first does not answer', async () => {
      const hole = await fakeServer(silent);
      await connects({ ...hosts(hole.port, server.port), connectTimeout: 300 });
      await hole.close();
    });

    it('fails where none can be reached', async () => {
      const fake = await fakeServer(closesAtOnce);
      const error = await connectFailure(config(hosts(fake.port, NOBODY)));
      expect(error).toMatchObject({ code: 'KB_CONNECT_REFUSED', address: '127.0.0.1:1' });
      await fake.close();
    });

    it('does not try a refused login elsewhere', async () => {
      const fake = await fakeServer(silent);
      const over = { user: 'scram_user', password: `not ${PASSWORD}` };
      const error = await connectFailure(config({ ...hosts(server.port, fake.port), ...over }));
      expect(error).toMatchObject({ code: '28P01' });
      expect(fake.openConnections()).toBe(0);
      await fake.close();
    });
  });
});
