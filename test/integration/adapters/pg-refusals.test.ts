import { createRequire } from 'node:module';
import { afterEach, expect, inject, it } from 'vitest';
import { Client, type QueryConfig } from 'kingbase-native/pg';

const { host, port, user, database } = inject('server');
const [library] = inject('libraries');
const config = { host, port, user, database, kingbase: { clientLibrary: library?.path } };

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

function clientWith(more: object = {}): Client {
  const client = new Client({ ...config, ...more });
  clients.push(client);
  return client;
}

// pg asks its function only where the server wants a password: there it says the same.
it.each([
  ['a number', (): unknown => 12345],
  ['null', (): unknown => null],
  ['an object, later', (): unknown => Promise.resolve({})],
])('refuses a password function that gives %s', async (_name, password) => {
  const told: unknown = await clientWith({ password })
    .connect()
    .catch((error: unknown) => error);
  expect(told).toBeInstanceOf(TypeError);
  expect(told).toMatchObject({ message: 'Password must be a string' });
});

it('takes a password function that gives nothing for no password, and passes on what it throws', async () => {
  await clientWith({ password: () => undefined }).connect();
  const mine = new Error('no vault');
  const thrower = (): never => {
    throw mine;
  };
  await expect(clientWith({ password: thrower }).connect()).rejects.toBe(mine);
});

// pg throws its own errors over these where nobody can catch them.
it.each([
  ['a name', { name: 5 }, TypeError, 'The name of a query must be a string.'],
  ['a portal', { queryMode: 'extended', portal: 5 }, TypeError, 'The portal of a query must be a string.'],
  ['rows', { rows: -1 }, RangeError, 'The rows of a query must be from 0 to 4294967295.'],
  ['rows', { rows: 2 ** 32 }, RangeError, 'The rows of a query must be from 0 to 4294967295.'],
])('refuses %s that pg cannot send', async (_what, option, kind, message) => {
  const client = clientWith();
  await client.connect();
  const query = { text: 'select 1 as v', ...option } as unknown as QueryConfig;
  const told: unknown = await client.query(query).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(kind);
  expect(told).toMatchObject({ message });
  expect((await client.query('select 2 as v')).rows).toEqual([{ v: 2 }]);
});

it('tells of an error with a limit and no callback where somebody listens', async () => {
  const client = clientWith({ query_timeout: 10_000 });
  await client.connect();
  const { Query } = Client;
  const told = new Promise<unknown>((resolve) => {
    client.query(new Query('select nothing')).on('error', resolve);
  });
  expect(await told).toMatchObject({ code: '42703' });
});

it('has native, and does not enumerate it', async () => {
  const required = createRequire(__filename)('kingbase-native/pg') as { native: unknown };
  expect(Object.keys(required)).not.toContain('native');
  expect(required.native).toHaveProperty('Client', Client);
  expect((await import('kingbase-native/pg')).native).toBe(required.native);
});
