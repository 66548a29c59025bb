// What is said of client libraries that cannot be used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientLibraryError, open } from 'kingbase-native';
import { input } from './input.mjs';

for (const { path, code, says } of input.cases) {
  test(`${code}: ${path}`, async () => {
    const db = open({ ...input.config, clientLibrary: path });
    await assert.rejects(db.ping(), (error) => {
      assert.ok(error instanceof ClientLibraryError, String(error));
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(path), error.message);
      assert.ok(error.message.includes(says), error.message);
      return true;
    });
    await db.close();
  });
}
