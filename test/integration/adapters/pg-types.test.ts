import type theirs from 'pg';
import { expect, expectTypeOf, it } from 'vitest';
import adapter, {
  type Client,
  type Connection,
  type Pool,
  type PoolClient,
  type Query,
} from 'kingbase-native/pg';

// Read by `npm run check:types`: what asks for these types of pg takes those of the module, and the other way round.
it('has types that are assignable to those of pg', () => {
  const result: theirs.QueryResult = new adapter.Result();
  const error: Omit<theirs.DatabaseError, never> = new adapter.DatabaseError('words', 0);
  const types: typeof theirs.types = adapter.types;
  const config: theirs.ClientConfig = { host: '/nowhere', ssl: { rejectUnauthorized: false } };
  const client = new adapter.Client(config);
  const pool = new adapter.Pool(config);
  expect([result.rows, error.message, types.builtins.BOOL, client.host, pool.options.host]).toEqual([
    [],
    'words',
    16,
    '/nowhere',
    '/nowhere',
  ]);
});

it('has clients and pools that go where those of pg are asked for', () => {
  expectTypeOf<Client>().toExtend<theirs.ClientBase>();
  expectTypeOf<Client>().toExtend<theirs.Client>();
  expectTypeOf<PoolClient>().toExtend<theirs.PoolClient>();
  expectTypeOf<Pool>().toExtend<theirs.Pool>();
  expectTypeOf<Query>().toExtend<theirs.Query>();
  expectTypeOf<Connection>().toExtend<theirs.Connection>();
});

it('has classes that go where those of pg are asked for', () => {
  const AnyClient: typeof theirs.Client = adapter.Client;
  const AnyPool: typeof theirs.Pool = adapter.Pool;
  class Mine extends adapter.Client {}
  const pool = new AnyPool({ Client: Mine });
  expect([pool instanceof adapter.Pool, AnyClient === adapter.Client]).toEqual([true, true]);
});
