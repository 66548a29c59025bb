// Encrypted connections and passwords.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError, DatabaseError, open } from 'kingbase-native';
import { input } from './input.mjs';

const { config, ca, otherCa, login } = input;

async function withDatabase(over, use) {
  const db = open({ ...config, ...over });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

const encryption = (over) =>
  withDatabase(over, async (db) => {
    const connection = await db.connect();
    const { version, cipher } = await connection.queryRow(
      'SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    const said = connection.tls;
    await connection.release();
    assert.equal(said.protocol, version);
    assert.equal(said.cipher, cipher);
    return version;
  });

test('sslmode=require', async () => {
  assert.match(await encryption({ sslmode: 'require' }), /^TLSv1\.[23]$/);
});

test("verify-full checks the server's certificate against the authority in a file", async () => {
  const over = { host: 'localhost', sslmode: 'verify-full' };
  assert.match(await encryption({ ...over, sslrootcert: ca }), /^TLSv1\.[23]$/);
  await assert.rejects(encryption({ ...over, sslrootcert: otherCa }), (error) => {
    assert.ok(error instanceof ConnectionError);
    assert.equal(error.code, 'KB_CONNECT_TLS_CERTIFICATE', error.message);
    return true;
  });
});

test('a password is checked over TLS', async () => {
  const over = { ...login, sslmode: 'require' };
  assert.deepEqual(await withDatabase(over, (db) => db.queryRow('SELECT current_user::text AS name')), {
    name: login.user,
  });
  await assert.rejects(
    withDatabase({ ...over, password: '错误' }, (db) => db.ping()),
    (error) => {
      assert.ok(error instanceof DatabaseError || error instanceof ConnectionError);
      assert.ok(['28P01', 'KB_CONNECT_AUTH'].includes(error.code), error.code);
      return true;
    },
  );
});

test('much data both ways, encrypted', async () => {
  await withDatabase({ sslmode: 'require' }, async (db) => {
    const text = '金仓'.repeat(1024 * 1024);
    const { back } = await db.queryRow('SELECT $1::text AS back', [text]);
    assert.ok(back === text);
    const { rows } = await db.query('SELECT n FROM generate_series(1, 50000) AS n');
    assert.equal(rows.length, 50_000);
  });
});
