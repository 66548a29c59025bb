// What is said of client libraries that cannot be used.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientLibraryError, open } from 'kingbase-native';
import { input } from './input.mjs';

for (const { path, directory, code, says } of input.cases) {
  const place = path ?? directory;
  test(`${code}: ${place}`, async () => {
    const db = open({ ...input.config, clientLibrary: directory === undefined ? path : { directory } });
    await assert.rejects(db.ping(), (error) => {
      assert.ok(error instanceof ClientLibraryError, String(error));
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(place), error.message);
      assert.ok(error.message.includes(says), error.message);
      return true;
    });
    await db.close();
  });
}
