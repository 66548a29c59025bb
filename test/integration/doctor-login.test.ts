import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open } from 'kingbase-native';
import { startServer, type EmbeddedServer } from '../../scripts/embedded-server.js';
import { diagnose, type Diagnosis } from '../support/command-line.js';
import { answers, saslRequest } from '../support/fake-database.js';
import { fakeServer } from '../support/fake-servers.js';
import { startEmulator, type EmulatorOptions } from '../support/kingbase-emulator.js';
import { PASSWORD } from '../support/rejections.js';

let server: EmbeddedServer;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-doctor-'));
  server = await startServer({
    tls: true,
    hba: [
      'local all all trust',
      'hostnossl all plain_only 127.0.0.1/32 trust',
      'host all scram_user 127.0.0.1/32 scram-sha-256',
      'host all system,of_v8r3 127.0.0.1/32 trust',
    ],
  });
  const db = open({ host: server.host, port: server.port, user: server.user, database: server.database });
  await db.script(`
    SET password_encryption = 'scram-sha-256'; CREATE ROLE scram_user LOGIN PASSWORD '${PASSWORD}';
    CREATE ROLE plain_only LOGIN; CREATE ROLE unlisted_user LOGIN; CREATE ROLE of_v8r3 LOGIN;
    CREATE SCHEMA v8r3; GRANT USAGE ON SCHEMA v8r3 TO PUBLIC;
    CREATE FUNCTION v8r3.version() RETURNS text LANGUAGE sql
      AS $$ SELECT 'KingbaseES V008R003C002B0061 on x86_64-unknown-linux-gnu, compiled by gcc, 64-bit'::text $$;
    ALTER ROLE of_v8r3 SET search_path = v8r3, pg_catalog;
  `);
  await db.close();
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

describe.each(inject('libraries'))('the doctor with $name', ({ path, flavour }) => {
  async function login(
    user: string,
    rest = '',
    environment: Record<string, string> = {},
  ): Promise<Diagnosis> {
    const diagnosis = await diagnose(
      `kingbase://${user}@${server.host}:${server.port}/${rest || 'test'}`,
      path,
      {
        environment,
      },
    );
    expect(diagnosis.printed).not.toContain(PASSWORD);
    return diagnosis;
  }

  it('logs in with a password from the environment, and with TLS', async () => {
    const { step, code } = await login('scram_user', '', { KINGBASE_PASSWORD: PASSWORD });
    expect(step('startup').facts).toMatchObject({ encrypted: true, authentication: 10 });
    expect(step('startup').facts['mechanisms']).toContain('SCRAM-SHA-256');
    expect(step('authentication')).toMatchObject({ status: 'ok', facts: { supported: 'yes' } });
    expect(step('login').status).toBe('ok');
    expect(step('login').facts['tls']).toMatchObject({ protocol: 'TLSv1.3' });
    // Which library it is matters to who wants to reach a KingbaseES.
    expect(step('library').status).toBe(flavour === 'libpq' ? 'warn' : 'ok');
    expect(code).toBe(0);
  });

  it('shows a password in the connection string nowhere', async () => {
    const { step, printed } = await diagnose(
      `kingbase://scram_user:${PASSWORD}@${server.host}:${server.port}/test`,
      path,
    );
    expect(step('login').status).toBe('ok');
    expect(step('configuration').facts['passwordFrom']).toBe('connection');
    expect(printed).not.toContain(PASSWORD);
  });

  it('finds that the password is wrong', async () => {
    const { step, code } = await login('scram_user', '', { KINGBASE_PASSWORD: 'not this one' });
    expect(step('authentication').status).toBe('ok');
    expect(step('login')).toMatchObject({ status: 'fail', code: '28P01' });
    expect(step('login').detail.join('\n')).toContain('password authentication failed for user "scram_user"');
    expect(step('round-trip').status).toBe('skip');
    expect(code).toBe(6);
  });

  it('finds that there is no password, and looks into the password file', async () => {
    const file = join(directory, `passwords-${flavour}`);
    writeFileSync(file, `other:*:*:scram_user:${PASSWORD}\n`, { mode: 0o600 });
    const elsewhere = await login('scram_user', `test?passfile=${file}`);
    expect(elsewhere.step('files')).toMatchObject({ status: 'warn' });
    expect(elsewhere.step('files').remedy.join('\n')).toContain(
      `Add a line "${server.host}:${server.port}:test:scram_user:…"`,
    );
    expect(elsewhere.step('login')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_PASSWORD_MISSING' });

    writeFileSync(file, `${server.host}:*:*:scram_user:${PASSWORD}\n`);
    const there = await login('scram_user', `test?passfile=${file}`);
    expect(there.step('files').status).toBe('ok');
    expect(there.step('login').status).toBe('ok');

    chmodSync(file, 0o644);
    const readable = await login('scram_user', `test?passfile=${file}`);
    expect(readable.step('files')).toMatchObject({ status: 'warn' });
    expect(readable.step('files').remedy).toEqual([`Run "chmod 600 ${file}".`]);
    // What the step foretells.
    expect(readable.step('login')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_PASSWORD_MISSING' });
  });

  it('finds that the database does not exist', async () => {
    const { step, code } = await login('system', 'missing');
    expect(step('login')).toMatchObject({ status: 'fail', code: '3D000' });
    expect(code).toBe(6);
  });

  it('finds that sys_hba.conf has no line for the user', async () => {
    const { step, code } = await login('unlisted_user');
    expect(step('startup')).toMatchObject({ status: 'fail', code: '28000' });
    expect(step('startup').detail.join('\n')).toContain('unlisted_user');
    expect(step('login').status).toBe('skip');
    expect(code).toBe(6);
  });

  it('goes on without TLS where sys_hba.conf wants that, as the library does', async () => {
    const { step, code } = await login('plain_only');
    expect(step('startup')).toMatchObject({ status: 'ok', facts: { encrypted: false } });
    expect(step('startup').detail.join('\n')).toContain('refused the login with TLS first');
    expect(step('login')).toMatchObject({ status: 'ok', facts: { tls: null } });
    expect(code).toBe(0);
  });

  it('reads the version of a server of V8R3', async () => {
    const { step, code } = await login('of_v8r3');
    expect(step('server')).toMatchObject({
      status: 'warn',
      facts: { product: 'KingbaseES', release: 'V008R003C002B0061' },
    });
    expect(step('server').detail.join('\n')).toContain('The server is of V8R3');
    expect(code).toBe(0);
  });

  async function withEmulator(
    options: Partial<EmulatorOptions>,
    check: (diagnosis: Diagnosis) => void,
  ): Promise<void> {
    const emulator = await startEmulator(inject('server'), {
      release: 'V9R1',
      databaseMode: 'oracle',
      messages: 'en',
      ...options,
    });
    try {
      const { host, port, user, database } = emulator;
      check(await diagnose(`kingbase://${user}:kingbase@${host}:${port}/${database}`, path));
    } finally {
      await emulator.stop();
    }
  }

  it('reads version and mode of a server of V9', () =>
    withEmulator({}, ({ step, code }) => {
      expect(step('server')).toMatchObject({
        status: 'ok',
        facts: {
          product: 'KingbaseES',
          release: 'V009R001C010',
          databaseMode: 'oracle',
          caseInsensitive: false,
          encoding: 'UTF8',
        },
      });
      expect(code).toBe(0);
    }));

  it('finds that the library cannot do sm3', () =>
    withEmulator({ authentication: 'sm3' }, ({ step, code }) => {
      expect(step('startup').facts).toMatchObject({ authentication: 13 });
      // By the functions of the stand-in one would think that it could; a genuine library of V8R6 can.
      expect(step('authentication').status).toBe(flavour === 'libpq' ? 'fail' : 'ok');
      expect(step('login')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_AUTH_METHOD' });
      expect(step('login').remedy.join('\n')).toContain('KINGBASE_CLIENT_LIBRARY');
      expect(code).toBe(6);
    }));

  it('finds that the server takes simple queries only', () =>
    withEmulator({ extendedProtocol: 'refuse' }, ({ step, code }) => {
      expect(step('protocol')).toMatchObject({ status: 'fail', facts: { simple: true, extended: false } });
      expect(step('server')).toMatchObject({ status: 'warn', facts: { encoding: 'UTF8' } });
      expect(step('round-trip').status).toBe('ok');
      expect(code).toBe(7);
    }));

  it('finds that the library may not be able to do scram-sm3', async () => {
    const fake = await fakeServer(answers(saslRequest('SCRAM-SM3')));
    const { step } = await diagnose(`kingbase://app@127.0.0.1:${fake.port}/test`, path);
    await fake.close();
    expect(step('startup').finding).toContain('SASL (SCRAM-SM3)');
    expect(step('authentication')).toMatchObject(
      flavour === 'libpq'
        ? { status: 'fail', code: 'KB_CONNECT_AUTH_METHOD', facts: { supported: 'no' } }
        : { status: 'warn', facts: { supported: 'unknown' } },
    );
    expect(step('login').status).toBe('fail');
  });
});

describe('the doctor, with a client library', () => {
  it('that is not there', async () => {
    const { step, code } = await diagnose(
      `kingbase://system@${server.host}:${server.port}/test`,
      '/nonexistent/libkci.so.5',
    );
    expect(step('candidates')).toMatchObject({ status: 'warn' });
    expect(step('library')).toMatchObject({ status: 'fail', code: 'KB_LIBRARY_NOT_FOUND' });
    // What can be seen without a library is seen.
    expect(step('startup').status).toBe('ok');
    expect(step('authentication').status).toBe('skip');
    expect(step('login')).toMatchObject({
      status: 'skip',
      finding: 'Not tried: "Client library" did not pass.',
    });
    expect(code).toBe(3);
  });

  it('that is named by a relative path', async () => {
    const { step, code } = await diagnose(
      `kingbase://system@${server.host}:${server.port}/test`,
      'libkci.so.5',
    );
    expect(step('candidates')).toMatchObject({ status: 'fail', code: 'KB_BAD_OPTION' });
    expect(step('candidates').finding).toContain('must have an absolute path');
    expect(step('library').status).toBe('skip');
    expect(code).toBe(3);
  });

  it.runIf(process.platform === 'linux')('that brings its process down', async () => {
    const path = await libraryThatCrashes();
    const { step, code } = await diagnose(`kingbase://system@${server.host}:${server.port}/test`, path);
    expect(step('library')).toMatchObject({ status: 'fail', facts: { crash: 'SIGABRT' } });
    expect(step('library').finding).toContain('ended the process');
    expect(step('startup').status).toBe('ok');
    expect(code).toBe(3);
  });

  /** It has all the names of a libkci, and ends the process that loads it. */
  async function libraryThatCrashes(): Promise<string> {
    const [, ...rows] = readFileSync(join(__dirname, '../support/kci-symbols.tsv'), 'utf8')
      .trim()
      .split('\n');
    const names = new Set(rows.map((row) => row.split('\t')[1] ?? '').filter((name) => /^\w+$/.test(name)));
    const source = join(directory, 'crash.c');
    const path = join(directory, 'libkci.so.5');
    const functions = [...names].map((name) => `void ${name}(void) {}`).join('\n');
    writeFileSync(
      source,
      `extern void abort(void);\n__attribute__((constructor)) static void crash(void) { abort(); }\n${functions}\n`,
    );
    const compiler = process.env['CC'] ?? 'cc';
    await promisify(execFile)(compiler, ['-shared', '-fPIC', '-w', '-fno-builtin', '-o', path, source]);
    return path;
  }
});
