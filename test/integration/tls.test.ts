import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { connect as connectPlainly, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  ConnectionError,
  DatabaseError,
  open,
  type ConnectionConfig,
  type Database,
  type SslMode,
} from 'kingbase-native';
import { startServer, type Certificates, type EmbeddedServer } from '../../scripts/embedded-server.js';
import { fakeServer } from '../support/fake-servers.js';
import { OpeningCode } from '../support/protocol.js';
import { queryElsewhere, tryQueryElsewhere } from '../support/query-program.js';
import { connectFailure, until } from '../support/rejections.js';

let server: EmbeddedServer;
let certificates: Certificates;

beforeAll(async () => {
  server = await startServer({
    tls: true,
    hba: [
      'local all all trust',
      'hostssl all tls_only all trust',
      'hostnossl all plain_only all trust',
      'host all system all trust',
    ],
  });
  if (server.certificates === undefined) throw new Error('A server with TLS has certificates.');
  certificates = server.certificates;
  const db = open({ host: server.host, port: server.port, user: server.user, database: server.database });
  await db.script('CREATE ROLE tls_only LOGIN; CREATE ROLE plain_only LOGIN');
  await db.close();
});

afterAll(() => server.stop());

function configFor(clientLibrary: string, over: ConnectionConfig): ConnectionConfig {
  const { host, port, user, database } = server;
  return { host, port, user, database, clientLibrary, ...over };
}

describe.each(inject('libraries'))('TLS with $name', ({ path, flavour }) => {
  const config = (over: ConnectionConfig = {}): ConnectionConfig => configFor(path, over);

  async function withDatabase<T>(over: ConnectionConfig, use: (db: Database) => Promise<T>): Promise<T> {
    const db = open(config(over));
    try {
      return await use(db);
    } finally {
      await db.close();
    }
  }

  /** How the driver and how the server say the connection is encrypted. */
  const encryption = (over: ConnectionConfig): Promise<{ driver: unknown; server: unknown }> =>
    withDatabase(over, async (db) => {
      const connection = await db.connect();
      const sql = 'SELECT version AS protocol, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl';
      const seen = { driver: connection.tls, server: await connection.queryRow(sql) };
      await connection.release();
      return seen;
    });

  it.each<[string, () => ConnectionConfig]>([
    ['require', () => ({ sslmode: 'require' })],
    ['prefer, which is the default', () => ({})],
    ['verify-ca', () => ({ sslmode: 'verify-ca', sslrootcert: certificates.ca })],
    [
      'verify-full by name',
      () => ({ host: 'localhost', sslmode: 'verify-full', sslrootcert: certificates.ca }),
    ],
    [
      'verify-full with a name and an address',
      () => ({
        host: 'localhost',
        hostaddr: '127.0.0.1',
        sslmode: 'verify-full',
        sslrootcert: certificates.ca,
      }),
    ],
    ['a role that may log in with TLS only', () => ({ user: 'tls_only' })],
  ])('encrypts with %s', async (_what, over) => {
    const { driver, server: serverSays } = await encryption(over());
    expect(serverSays).toMatchObject({
      protocol: expect.stringMatching(/^TLSv1\.[23]$/) as unknown,
      cipher: expect.stringMatching(/AES|CHACHA/) as unknown,
    });
    expect(driver).toEqual(serverSays);
  });

  describe('a cancel request', () => {
    /** Stands before the server and notes the code with which each connection begins. */
    async function withTap(over: ConnectionConfig): Promise<{ codes: number[]; error: unknown }> {
      const codes: number[] = [];
      const tap = await fakeServer((client) => {
        const upstream = connectPlainly({ host: server.host, port: server.port });
        client.once('data', (first: Buffer) => codes.push(first.readInt32BE(4)));
        client.pipe(upstream).pipe(client);
        upstream.on('error', () => client.destroy());
      });
      try {
        const error = await withDatabase({ host: '127.0.0.1', port: tap.port, ...over }, (db) =>
          db.query('SELECT pg_sleep(60)', [], { timeout: 300 }).catch((thrown: unknown) => thrown),
        );
        return { codes, error };
      } finally {
        await tap.close();
      }
    }

    it('is encrypted as its connection is where the library can', async () => {
      const over = { sslmode: 'verify-ca', sslrootcert: certificates.ca } as const;
      const { codes, error } = await withTap(over);
      expect(error).toMatchObject({ code: 'KB_TIMEOUT', cause: { code: '57014' } });
      expect(codes.includes(OpeningCode.cancelRequest)).toBe(flavour !== 'libpq');
    });

    it('is not sent in clear text where only encrypted ones are wanted', async () => {
      const over = {
        sslmode: 'verify-ca',
        sslrootcert: certificates.ca,
        tls: { cancel: 'encrypted' },
      } as const;
      const { codes, error } = await withTap(over);
      expect(error).toMatchObject({ code: 'KB_TIMEOUT' });
      expect(codes).not.toContain(OpeningCode.cancelRequest);
      if (flavour !== 'libpq') expect(error).toMatchObject({ outcome: 'unknown' });
    });

    it('of a connection without TLS is sent as ever', async () => {
      const { codes, error } = await withTap({ sslmode: 'disable', tls: { cancel: 'encrypted' } });
      expect(error).toMatchObject({ code: 'KB_TIMEOUT', cause: { code: '57014' } });
      expect(codes).toContain(OpeningCode.cancelRequest);
    });
  });

  it('limits the version of the protocol, or refuses where the library cannot', async () => {
    const over = { sslmode: 'require', ssl_max_protocol_version: 'TLSv1.2' } as const;
    if (flavour === 'libpq') {
      expect(await encryption(over)).toMatchObject({ driver: { protocol: 'TLSv1.2' } });
    } else {
      const error = await connectFailure(config(over));
      expect(error).toMatchObject({ code: 'KB_OPTION_UNSUPPORTED' });
      expect(error.message).toContain('ssl_max_protocol_version');
    }
  });

  it.each<[string, ConnectionConfig]>([
    ['disable', { sslmode: 'disable' }],
    ['a role that may log in without TLS only', { user: 'plain_only' }],
  ])('does not encrypt with %s', async (_what, over) => {
    expect(await encryption(over)).toEqual({ driver: undefined, server: undefined });
  });

  it('says of a Unix socket that it is not encrypted', async () => {
    const over = { host: server.socketDirectory, sslmode: 'prefer' as SslMode };
    expect(await encryption(over)).toEqual({ driver: undefined, server: undefined });
  });

  it.each<[string, () => ConnectionConfig]>([
    [
      'a name that is not in the certificate',
      () => ({ sslmode: 'verify-full', sslrootcert: certificates.ca }),
    ],
    ['an unrelated authority', () => ({ sslmode: 'verify-ca', sslrootcert: certificates.otherCa })],
    [
      'an unrelated authority, by name',
      () => ({ host: 'localhost', sslmode: 'verify-full', sslrootcert: certificates.otherCa }),
    ],
    [
      'a file of authorities that is not there',
      () => ({ sslmode: 'verify-ca', sslrootcert: '/nonexistent/ca.crt' }),
    ],
    ['a file of authorities that holds none', () => ({ sslmode: 'verify-ca', sslrootcert: server.logFile })],
    [
      'sslmode=require with an unrelated authority',
      () => ({ sslmode: 'require', sslrootcert: certificates.otherCa }),
    ],
  ])('refuses the certificate with %s', async (_what, over) => {
    const error = await connectFailure(config(over()));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'KB_CONNECT_TLS_CERTIFICATE', stage: 'tls', outcome: 'not-sent' });
    expect(error.hint).toContain('sslrootcert');
  });

  it.each<[SslMode, string, string]>([
    ['disable', 'tls_only', 'SSL off'],
    ['require', 'plain_only', 'SSL on'],
  ])('with sslmode=%s does not let %s in', async (sslmode, user, words) => {
    const error = await connectFailure(config({ sslmode, user }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: '28000' });
    expect(error.message).toContain(words);
  });

  it('carries 5 MB in both directions at once', async () => {
    const chinese = '金仓数据库 – 中文'.repeat(220_000);
    expect(Buffer.byteLength(chinese)).toBeGreaterThan(5_000_000);
    const bytes = Buffer.from(chinese, 'utf16le');
    await withDatabase({ sslmode: 'require' }, async (db) => {
      const echoes = Array.from({ length: 3 }, () =>
        db.queryRow<{ text: string; bytes: Buffer; length: number }>(
          'SELECT $1::text AS text, $2::bytea AS bytes, length($1::text) AS length',
          [chinese, bytes],
        ),
      );
      for (const echo of await Promise.all(echoes)) {
        expect(echo?.text === chinese).toBe(true);
        expect(echo?.bytes.equals(bytes)).toBe(true);
        expect(echo?.length).toBe(chinese.length);
      }
    });
  });

  it('carries results of many rows', async () => {
    await withDatabase({ sslmode: 'require' }, async (db) => {
      const sql = `SELECT n, '第' || n || '行' AS text FROM generate_series(1, 100000) AS n`;
      // The second time the statement is known to have a large result, which is read in another way.
      for (let i = 0; i < 2; i++) {
        const { rows } = await db.query<{ n: number; text: string }>(sql);
        expect(rows).toHaveLength(100_000);
        expect(rows.every(({ n, text }, at) => n === at + 1 && text === `第${n}行`)).toBe(true);
      }
    });
  });
});

describe.each(inject('libraries'))("Node's OpenSSL and that of $name", ({ path }) => {
  const directory = dirname(path);

  it('are kept apart: the library uses its own', async () => {
    const { rows, tls, mapped } = await queryElsewhere(configFor(path, { sslmode: 'require' }));
    expect(rows).toEqual([{ greeting: '你好' }]);
    expect(tls?.protocol).toBe('TLSv1.3');
    expect(mapped).toEqual(
      expect.arrayContaining([
        realpathSync(path),
        join(directory, 'libssl.so.1.1'),
        join(directory, 'libcrypto.so.1.1'),
      ]),
    );
  });

  it('do not get along when they are not kept apart, without which the test above would prove nothing', async () => {
    const environment = { KINGBASE_NATIVE_NO_DEEPBIND: '1' };
    const plain = await queryElsewhere(configFor(path, { sslmode: 'disable' }), { environment });
    expect(plain.rows).toEqual([{ greeting: '你好' }]);
    // It crashes: nothing is printed then.
    const encrypted = await tryQueryElsewhere(configFor(path, { sslmode: 'require' }), { environment });
    expect(encrypted.output?.rows).toBeUndefined();
  });

  it('work at the same time', async () => {
    const identity = {
      key: readFileSync(certificates.serverKey),
      cert: readFileSync(certificates.serverCertificate),
    };
    const echo = createServer(identity, (socket) => socket.pipe(socket));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    const ca = readFileSync(certificates.ca);
    const db = open(configFor(path, { sslmode: 'require' }));
    const nodes = async (n: number): Promise<void> => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
      socket.end(`greeting ${n}`);
      expect(await text(socket)).toBe(`greeting ${n}`);
    };
    const ours = async (n: number): Promise<void> => {
      const sha256 = createHash('sha256').update(String(n)).digest();
      expect(await db.queryRow('SELECT sha256($1) AS sha256', [Buffer.from(String(n))])).toEqual({ sha256 });
    };
    await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? nodes(n) : ours(n))));
    await db.close();
    echo.close();
    await once(echo, 'close');
  });
});

it.each(inject('libraries').slice(0, 1))(
  '$name stands a thousand encrypted connections, ten at a time, and leaves no sockets behind',
  async ({ path }) => {
    const sockets = (): number => readdirSync('/proc/self/fd').length;
    const connectOnce = async (n: number): Promise<void> => {
      const db = open(configFor(path, { sslmode: 'require', pool: { max: 1 } }));
      expect(await db.queryRow('SELECT $1::int4 AS n', [n])).toEqual({ n });
      await db.close();
    };
    await connectOnce(0);
    const before = sockets();
    const workers = Array.from({ length: 10 }, async () => {
      for (let n = 1; n <= 100; n++) await connectOnce(n);
    });
    await Promise.all(workers);
    await until('all sockets are closed', () => sockets() < before + 10);
  },
);
