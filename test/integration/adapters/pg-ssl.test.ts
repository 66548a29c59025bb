import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import adapter from 'kingbase-native/pg';
import { startServer, type Certificates, type EmbeddedServer } from '../../../scripts/embedded-server.js';

let server: EmbeddedServer;
let certificates: Certificates;

/** A server that asks for a certificate where the user is called as the server's own certificate says. */
beforeAll(async () => {
  server = await startServer({
    tls: true,
    hba: ['local all all trust', 'hostssl all localhost all cert', 'host all system all trust'],
  });
  certificates = server.certificates!;
  server.configure({ ssl_ca_file: certificates.ca });
  const client = new pg.Client(config());
  await client.connect();
  await client.query('create role localhost login');
  await client.query('select pg_reload_conf()');
  await vi.waitFor(async () => {
    const { rows } = await client.query('show ssl_ca_file');
    expect(rows).toEqual([{ ssl_ca_file: certificates.ca }]);
  });
  await client.end();
});
afterAll(() => server.stop());

function config(over: object = {}): pg.ClientConfig {
  const { host, port, user, database } = server;
  return { host, port, user, database, ...over };
}

const read = (file: 'ca' | 'otherCa' | 'serverCertificate' | 'serverKey'): string =>
  readFileSync(certificates[file], 'utf8');

/** What the server says of the connection, or that there is none. */
async function connection(module: typeof pg, over: object): Promise<unknown> {
  const client = new module.Client(config(over));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      'select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()',
    );
    return rows;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return 'refused';
  } finally {
    await client.end();
  }
}

const FORMS: Record<string, () => object> = {
  false: () => ({ ssl: false }),
  'true, of an authority that nobody knows': () => ({ host: 'localhost', ssl: true }),
  '{ rejectUnauthorized: false }': () => ({ ssl: { rejectUnauthorized: false } }),
  'no-verify': () => ({ ssl: 'no-verify' }),
  '{ ca }': () => ({ host: 'localhost', ssl: { ca: read('ca') } }),
  '{ ca } as bytes': () => ({ host: 'localhost', ssl: { ca: Buffer.from(read('ca')) } }),
  'several authorities': () => ({ host: 'localhost', ssl: { ca: [read('otherCa'), read('ca')] } }),
  '{ ca } of another': () => ({ host: 'localhost', ssl: { ca: read('otherCa') } }),
  '{ ca } of another that is not to be checked': () => ({
    ssl: { ca: read('otherCa'), rejectUnauthorized: false },
  }),
  '{ ca } with another name': () => ({ host: '127.0.0.1', ssl: { ca: read('ca') } }),
  '{ ca, servername }': () => ({ host: '127.0.0.1', ssl: { ca: read('ca'), servername: 'localhost' } }),
  '{ ca, cert, key }': () => ({
    host: 'localhost',
    user: 'localhost',
    ssl: { ca: read('ca'), cert: read('serverCertificate'), key: read('serverKey') },
  }),
  '{ cert, key } alone': () => ({
    user: 'localhost',
    ssl: { rejectUnauthorized: false, cert: read('serverCertificate'), key: read('serverKey') },
  }),
  'no certificate where one is asked for': () => ({ user: 'localhost', ssl: { rejectUnauthorized: false } }),
  'a string of a connection': () => ({
    connectionString: `postgres://${server.user}@127.0.0.1:${server.port}/${server.database}?sslmode=no-verify`,
  }),
  'files in a string of a connection': () => ({
    connectionString: `postgres://${server.user}@localhost:${server.port}/${server.database}?sslmode=verify-full&sslrootcert=${certificates.ca}`,
  }),
};

describe.each(inject('libraries'))('ssl of the pg module on $name', ({ path }) => {
  it.each(Object.entries(FORMS))('takes as pg does: %s', async (_name, form) => {
    const theirs = await connection(pg, form());
    const ours = await connection(adapter as unknown as typeof pg, {
      ...form(),
      kingbase: { clientLibrary: path },
    });
    expect(ours).toEqual(theirs);
  });
});
