// Where Windows takes a DLL from that the client library needs and that does not lie beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from 'kingbase-native';
import { input } from './input.mjs';

const { config, needed } = input;

test('not from the current directory', async () => {
  process.chdir(needed);
  process.env.PATH = `.;;${process.env.PATH}`;
  const db = open(config);
  await assert.rejects(db.ping(), { code: 'KB_LIBRARY_MISSING_DEPENDENCY' });
  await db.close();
});

test('from PATH', async () => {
  process.env.PATH = `${needed};${process.env.PATH}`;
  const db = open(config);
  assert.equal(db.clientLibrary().flavour, 'kci');
  await db.ping();
  await db.close();
});
