// Connections that come and go in storms, and attempts that fail or are given up at every stage.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  codeOf,
  database,
  enter,
  randomNumbers,
  repeat,
  socketDirectory,
  untilGone,
  withDatabase,
} from './support/harness.mjs';

const NAME = 'stress-connecting';
const random = randomNumbers(6);

/** A port of this machine that behaves as `onConnection` says. */
async function withPort(onConnection, use) {
  const server = createServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  try {
    await use(server.address().port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function attempts(times, overrides, expected) {
  return repeat(times, 8, async () => {
    const db = database(overrides);
    assert.equal(await codeOf(db.query('SELECT 1')), expected);
    await db.close();
  });
}

const host = await withDatabase(socketDirectory);
for (const overrides of [{}, { host }]) {
  enter(`connect, ask, close over ${overrides.host ?? 'TCP'}`);
  await repeat(150, 6, async () => {
    const db = database({ applicationName: NAME, ...overrides });
    const calls = [db.query('SELECT 1'), db.query('SELECT pg_backend_pid()'), db.ping()];
    // Closing waits for what was asked before.
    await Promise.all([...calls, db.close()]);
  });

  enter(`give up connecting over ${overrides.host ?? 'TCP'}`);
  const admin = database({ pool: { max: 1 } });
  await repeat(150, 8, async () => {
    const limits = { connectTimeout: 1 + Math.floor(random() * 12), pool: { max: 2 } };
    const db = database({ applicationName: NAME, ...overrides, ...limits });
    for (let i = 0; i < 3; i++) {
      await db.query('SELECT 1').catch((error) => assert.equal(error.code, 'KB_CONNECT_TIMEOUT', error));
    }
    await db.close();
  });
  await untilGone(admin, NAME);
  await admin.close();
}

enter('refused');
await withPort(
  () => undefined,
  async (port) => {
    enter('no answer');
    await attempts(60, { host: '127.0.0.1', port, connectTimeout: 10 }, 'KB_CONNECT_TIMEOUT');
  },
);
await withPort(
  (socket) => socket.destroy(),
  async (port) => {
    enter('closed at once');
    await attempts(100, { host: '127.0.0.1', port }, 'KB_CONNECT_LOST');
  },
);
await withPort(
  (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  async (port) => {
    enter('another protocol');
    await repeat(60, 8, async () => {
      const db = database({ host: '127.0.0.1', port });
      await codeOf(db.query('SELECT 1'));
      await db.close();
    });
  },
);
enter('wrong login');
await attempts(100, { database: 'none-of-this-name' }, '3D000');

// A library that reads a file nobody writes to keeps the thread that calls it.
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-kept-'));
const sslRootCert = path.join(directory, 'root.crt');
execFileSync('mkfifo', [sslRootCert]);
const letGo = () => {
  try {
    closeSync(openSync(sslRootCert, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    assert.equal(error.code, 'ENXIO', error);
  }
};
await withPort(
  (socket) => socket.once('data', () => socket.write('S')),
  async (port) => {
    for (let round = 0; round < 3; round++) {
      enter(`kept by the library, round ${round}`);
      const kept = Array.from({ length: 1 + (round % 3) }, () =>
        database({ host: '127.0.0.1', port, sslMode: 'verify-ca', sslRootCert, connectTimeout: 1500 }),
      );
      const ends = kept.map((db) => codeOf(db.ping()));
      await repeat(20, 4, async () => {
        const db = database({ connectTimeout: 60_000 });
        await db.query('SELECT 1');
        await db.close();
      });
      if (round % 2 === 0) letGo();
      await Promise.all(ends);
      letGo();
      await Promise.all(kept.map((db) => db.close({ timeout: 0 })));
    }
  },
);
rmSync(directory, { recursive: true, force: true });
