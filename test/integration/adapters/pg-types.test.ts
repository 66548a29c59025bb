import type theirs from 'pg';
import { expect, it } from 'vitest';
import adapter from 'kingbase-native/pg';

// Read by `npm run check:types`: what asks for these types of pg takes those of the module, and the other way round.
// Clients and pools are not among them: pg's have the connection, whose messages only the client library can send.
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
