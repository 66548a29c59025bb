import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { runProgram } from '../support/run-program.js';
import { targets, withDatabase } from '../support/targets.js';

/**
 * A library that keeps its caller while it connects: it reads a file that nobody writes to, as a disk that does not answer
 * would have it.
 */
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-stuck-'));
const certificate = path.join(directory, 'root.crt');
const sockets = new Set<Socket>();
/** Takes TLS, and then says nothing. */
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write('S');
    server.emit('asked');
  });
});

beforeAll(async () => {
  execFileSync('mkfifo', [certificate]);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Opens the file for those who wait for it, so that they read its end. Nobody waits: nothing happens. */
function letGo(): void {
  try {
    closeSync(openSync(certificate, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
  }
}

/** In front of the server: what that says is held back until it is let through. */
async function holdingRelay(to: { host: string; port: number }) {
  const waiting: (() => void)[] = [];
  let open = false;
  const relay = createServer((client) => {
    const upstream = connect(to.port, to.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.pipe(upstream);
    upstream.once('readable', () => {
      const go = (): void => void upstream.pipe(client);
      if (open) go();
      else waiting.push(go);
      relay.emit('held');
    });
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    held: () => once(relay, 'held'),
    letThrough: () => {
      open = true;
      for (const go of waiting) go();
    },
    close: () => relay.close(),
  };
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))(
  'a library that does not come back from a connection attempt, $name',
  (each) => {
    const stuck = async (count: number): Promise<Database[]> => {
      const { port } = server.address() as AddressInfo;
      const databases: Database[] = [];
      for (let index = 0; index < count; index += 1) {
        const reached = once(server, 'asked');
        const db = open({
          host: '127.0.0.1',
          port,
          user: 'nobody',
          database: 'none',
          clientLibrary: each.config.clientLibrary,
          sslMode: 'verify-ca',
          sslRootCert: certificate,
          connectTimeout: 2000,
        });
        databases.push(db);
        db.ping().catch(() => undefined);
        await reached;
      }
      return databases;
    };

    it('keeps no process alive', async () => {
      const { port } = server.address() as AddressInfo;
      const { clientLibrary } = each.config;
      const host = { host: '127.0.0.1', port, user: 'nobody', database: 'none' };
      const tls = { sslMode: 'verify-ca', sslRootCert: certificate } as const;
      const end = await runProgram<{ code: string }>('kept', {
        ...host,
        ...tls,
        clientLibrary,
        connectTimeout: 300,
      });
      expect(end).toMatchObject({ code: 0, output: { code: 'KB_CONNECT_TIMEOUT' } });
    });

    it('keeps no session of a worker that is terminated', async () => {
      const applicationName = `kept_${each.flavour}`;
      const { port } = server.address() as AddressInfo;
      const config = { ...each.config, applicationName };
      const kept = {
        ...each.config,
        host: '127.0.0.1',
        port,
        sslMode: 'verify-ca',
        sslRootCert: certificate,
      };
      const reached = once(server, 'asked');
      const worker = new Worker(path.join(__dirname, '../support/programs/kept-worker.mjs'), {
        workerData: { config, kept },
      });
      await once(worker, 'message');
      await reached;
      await worker.terminate();
      await withDatabase(each, async (db) => {
        const sessions = 'SELECT count(*)::int4 AS count FROM pg_stat_activity WHERE application_name = $1';
        while ((await db.queryRow<{ count: number }>(sessions, [applicationName]))?.count !== 0) {
          await sleep(20);
        }
      });
      letGo();
    });

    it('keeps nobody else from connecting, and no idle connection from being closed', async () => {
      await withDatabase(each, async (before) => {
        await before.query('select 1');
        const databases = await stuck(3);
        try {
          await withDatabase(each, async (db) => {
            expect((await db.query('select 2 as two')).rows).toEqual([{ two: 2 }]);
          });
          const again = await before.connect();
          await again.release({ discard: true });
          expect((await before.query('select 3 as three')).rows).toEqual([{ three: 3 }]);
        } finally {
          letGo();
          await Promise.all(databases.map((db) => db.close({ timeout: 0 })));
        }
      });
    });

    it('keeps nobody who is in the middle of connecting', async () => {
      const relay = await holdingRelay(each.config);
      const connecting = Array.from({ length: 3 }, () =>
        open({ ...each.config, host: '127.0.0.1', port: relay.port, connectTimeout: 20_000 }),
      );
      const answers = connecting.map((db) => db.query('select 4 as four'));
      const givenUp = open({ ...each.config, host: '127.0.0.1', port: relay.port });
      const aborted = new AbortController();
      const refused = givenUp.query('select 5', [], { signal: aborted.signal });
      for (let held = 0; held < 4; held += 1) await relay.held();
      const databases = await stuck(1);
      try {
        aborted.abort(new Error('not wanted any more'));
        await expect(refused).rejects.toThrow('not wanted any more');
        relay.letThrough();
        for (const answer of answers) expect((await answer).rows).toEqual([{ four: 4 }]);
      } finally {
        letGo();
        await Promise.all([...databases, ...connecting, givenUp].map((db) => db.close({ timeout: 0 })));
        relay.close();
      }
    });
  },
);
