// The shortest proof that the driver works here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from 'kingbase-native';
import { input } from './input.mjs';

test('connects, encrypted, and runs a query', async () => {
  const db = open({ ...input.config, sslmode: 'require' });
  assert.deepEqual(await db.queryRow('SELECT $1::text AS text, $2::int8 AS number', ['你好', 7n]), {
    text: '你好',
    number: 7n,
  });
  await db.close();
});
