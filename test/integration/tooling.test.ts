import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { open } from 'kingbase-native';
import { stockLibpq, testLibraries } from '../../scripts/client-libraries.js';
import { startServer, type EmbeddedServer, type ServerOptions } from '../../scripts/embedded-server.js';
import { buildBrokenLibrary, buildStandIn } from '../../scripts/stand-in-libkci.js';

const running: EmbeddedServer[] = [];

async function start(options: ServerOptions = {}): Promise<EmbeddedServer> {
  const server = await startServer(options);
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function query(
  server: EmbeddedServer,
  sql: string,
  options: pg.ClientConfig = {},
): Promise<Record<string, unknown> | undefined> {
  const { host, port, user, database } = server;
  const client = new pg.Client({ host, port, user, database, ...options });
  // A server that goes down tells idle clients of it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

/** A zombie, which only waits for its parent to take note, does not run any more. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !condition() && Date.now() < end;) await delay(20);
  expect(condition()).toBe(true);
}

describe.each([12, 18] as const)('embedded server %i', (version) => {
  test('answers by TCP and by its socket, and leaves nothing when it stops', async () => {
    const server = await start({ version });
    const sql = `SELECT current_setting('server_version_num')::int / 10000 AS version, current_user AS "user",
      current_database() AS database, current_setting('server_encoding') AS encoding,
      (SELECT datcollate FROM pg_database WHERE datname = current_database()) AS locale`;
    const expected = { version, user: 'system', database: 'test', encoding: 'UTF8', locale: 'C' };
    expect(await query(server, sql)).toEqual(expected);
    expect(await query(server, sql, { host: server.socketDirectory })).toEqual(expected);

    const { postmasterPid } = server;
    expect(isRunning(postmasterPid)).toBe(true);
    await server.stop();
    expect(isRunning(postmasterPid)).toBe(false);
    expect(existsSync(dirname(server.logFile))).toBe(false);
    await server.stop();
    await expect(server.up()).rejects.toThrow('start a new one');
  });
});

describe('embedded server', () => {
  test.each(['fast', 'immediate'] as const)('keeps port and data over a restart (%s)', async (mode) => {
    const server = await start();
    const { port, postmasterPid } = server;
    await query(server, 'CREATE TABLE kept AS SELECT 7 AS n');
    await server.down(mode);
    expect(server.postmasterPid).toBe(0);
    expect(isRunning(postmasterPid)).toBe(false);
    await expect(query(server, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.down(mode);
    await server.up();
    await server.restart(mode);
    expect(server.port).toBe(port);
    expect(server.postmasterPid).not.toBe(postmasterPid);
    expect(await query(server, 'SELECT n FROM kept')).toEqual({ n: 7 });
  });

  test('takes settings and client authentication rules', async () => {
    const server = await start({
      settings: {
        max_connections: '17',
        application_name: "it's quoted",
        password_encryption: 'scram-sha-256',
      },
      hba: ['local all all trust', 'host all all 127.0.0.1/32 scram-sha-256'],
    });
    const socket = { host: server.socketDirectory };
    const shown = await query(
      server,
      `SELECT current_setting('max_connections') AS max, current_setting('application_name') AS name`,
      socket,
    );
    expect(shown).toEqual({ max: '17', name: "it's quoted" });
    await query(server, `CREATE ROLE guest LOGIN PASSWORD 'right'`, socket);
    expect(await query(server, 'SELECT 1 AS n', { user: 'guest', password: 'right' })).toEqual({ n: 1 });
    await expect(query(server, 'SELECT 1', { user: 'guest', password: 'wrong' })).rejects.toMatchObject({
      code: '28P01',
    });
  });

  test.each([12, 18] as const)('offers TLS for localhost only (%i)', async (version) => {
    const server = await start({ version, tls: true });
    const { ca, otherCa } = server.certificates ?? expect.unreachable();
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const trusting = { ca: readFileSync(ca, 'utf8') };
    expect(await query(server, sql, { host: 'localhost', ssl: trusting })).toEqual({ ssl: true });
    await expect(query(server, sql, { host: '127.0.0.1', ssl: trusting })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const misled = { ca: readFileSync(otherCa, 'utf8') };
    await expect(query(server, sql, { host: 'localhost', ssl: misled })).rejects.toThrow(/certificate/);
  });

  test('servers run side by side', async () => {
    const servers = await Promise.all([start(), start({ version: 18 }), start()]);
    const answers = await Promise.all(servers.map((server) => query(server, 'SHOW port')));
    expect(answers).toEqual(servers.map(({ port }) => ({ port: String(port) })));
    expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
  });

  test('tells what the server said when it cannot start', async () => {
    await expect(start({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /invalid value for parameter "shared_buffers"/,
    );
    const server = await start();
    await expect(start({ port: server.port })).rejects.toThrow(
      /ended at its start[^]*Address already in use/,
    );
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL', undefined] as const)(
    'does not outlive its process, ended by %s',
    async (signal) => {
      const program = `
        require('./scripts/embedded-server.ts').startServer().then((server) => {
          console.log(JSON.stringify({ pid: server.postmasterPid, directory: server.socketDirectory }));
          ${signal ? '' : 'process.exit(3);'}
        });`;
      const child = spawn(process.execPath, ['--require', 'tsx/cjs', '--eval', program], {
        cwd: join(__dirname, '../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const { pid, directory } = JSON.parse(line) as { pid: number; directory: string };
      if (signal) {
        expect(isRunning(pid)).toBe(true);
        child.kill(signal);
      }
      expect(await exited).toEqual(signal ? [null, signal] : [3, null]);
      await until(() => !isRunning(pid) && !existsSync(directory));
    },
  );
});

const exportedNames = (library: string): string[] =>
  execFileSync('nm', ['--dynamic', '--defined-only', '--format=posix', library], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');

const neededLibraries = (library: string): string[] =>
  Array.from(
    execFileSync('readelf', ['--dynamic', '--wide', library], { encoding: 'utf8' }).matchAll(
      /\(NEEDED\).*\[(.*)\]/g,
    ),
    ([, name]) => name ?? '',
  );

describe('client libraries', () => {
  test('the stand-in has the vendor’s names and none of libpq’s', async () => {
    const { path, directory } = await buildStandIn();
    const names = exportedNames(path);
    expect(names).toEqual(
      expect.arrayContaining([
        'KCIConnectionStartParams',
        'KCIConnectionPoll',
        'KCIConnectionDestory',
        'KCIStatementSendPrepared',
        'KCIConnectionFetchResult',
        'KCIsetSingleRowMode',
        'KCICancelSend',
        'KCIlibVersion',
        'lo_open',
        'pg_encoding_to_char',
        'kbValidServerEncodingId',
      ]),
    );
    expect(names.filter((name) => !/^(KCI|lo_|pg_|kb)/.test(name))).toEqual([]);
    // Names of V7 and of Kingbase's own additions are not in libpq 12.
    expect(names).not.toContain('KCIStatementExecuteWithParams');
    expect(names).not.toContain('KCIStatementExecutePrepared_ext');
    expect(neededLibraries(path)).toEqual(expect.arrayContaining(['libssl.so.1.1', 'libcrypto.so.1.1']));
    expect(readdirSync(directory).sort()).toEqual(['libcrypto.so.1.1', 'libkci.so.5', 'libssl.so.1.1']);
    expect((await buildStandIn()).path).toBe(path);
  });

  test('the broken libraries are broken in one way each', async () => {
    const whole = exportedNames((await buildStandIn()).path);
    const missingSymbol = await buildBrokenLibrary('missing-symbol');
    expect(exportedNames(missingSymbol.path)).toEqual(whole.filter((name) => name !== 'KCIConnectionPoll'));

    const missingDependency = await buildBrokenLibrary('missing-dependency');
    expect(neededLibraries(missingDependency.path)).toContain('libkingbase_absent.so.7');
    expect(readdirSync(missingDependency.directory)).toEqual(['libkci.so.5']);

    const v7 = exportedNames((await buildBrokenLibrary('v7')).path);
    expect(v7).toEqual(
      expect.arrayContaining([
        'KCIConnectionCreate',
        'KCIConnectionDestory',
        'KCIStatementExecute',
        'KCIStatementExecuteWithParams',
        'KCIStatementClosePrepared',
      ]),
    );
    expect(v7).not.toContain('KCIConnectionCreateParams');
    expect(v7).not.toContain('KCIsetSingleRowMode');
  });

  test('the older one is made of 12.10', async () => {
    const { path } = await buildStandIn('12.10');
    const { flavour, version } = open({ clientLibrary: path }).clientLibrary();
    expect({ flavour, version }).toEqual({ flavour: 'kci', version: 120_010 });
  });

  test('stock libraries are those of their release', async () => {
    expect(exportedNames(stockLibpq(12))).not.toContain('PQenterPipelineMode');
    expect(exportedNames(stockLibpq(18))).toContain('PQenterPipelineMode');
    const libraries = await testLibraries();
    expect(libraries.map(({ flavour }) => flavour)).toEqual(['kci', 'libpq']);
    for (const { path } of libraries) expect(existsSync(path)).toBe(true);
  });
});
