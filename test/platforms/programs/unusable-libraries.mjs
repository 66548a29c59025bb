// What is said of client libraries that cannot be used.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ClientLibraryError, open } from 'kingbase-native';
import { input } from './input.mjs';

// Whoever can write a file to the current directory must not be able to have it loaded.
before(() => {
  process.chdir(input.currentDirectory);
});

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
