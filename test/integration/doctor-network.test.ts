import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { commandLine, diagnose, type Diagnosis } from '../support/command-line.js';
import { answers, authenticationRequest, fatal, resets } from '../support/fake-database.js';
import { closesAtOnce, fakeServer, silent, speaksHttp, type FakeServer } from '../support/fake-servers.js';

const { host, port, socketDirectory, user, database } = inject('server');
const [standIn] = inject('libraries');
const library = standIn?.path ?? '';
const SECRET = 'correct-horse-battery-staple';

let fake: FakeServer | undefined;

afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

async function against(
  behaviour: (socket: Socket) => void,
  options = 'sslmode=disable',
  args: readonly string[] = [],
): Promise<Diagnosis> {
  fake = await fakeServer(behaviour);
  const url = `kingbase://app:${SECRET}@127.0.0.1:${fake.port}/test?${options}`;
  const diagnosis = await diagnose(url, library, { args });
  expect(diagnosis.printed).not.toContain(SECRET);
  return diagnosis;
}

/** What everything after a failed step looks like. */
function expectSkippedAfter({ report }: Diagnosis, id: string): void {
  const at = report.steps.findIndex((step) => step.id === id);
  for (const step of report.steps.slice(at + 1)) {
    expect(step.status, step.id).toBe('skip');
    expect(step.finding).toMatch(/^Not tried: ".+" did not pass\.$/);
    expect(step.milliseconds).toBe(0);
  }
}

describe('the doctor, with a server that works', () => {
  it('writes a page besides, and shows no name of the reader where it is asked not to', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kingbase-report-'));
    const file = join(directory, 'report.html');
    const url = `kingbase://${user}:${SECRET}@127.0.0.1:${port}/${database}?application_name=secretive`;
    const { report, printed } = await diagnose(url, library, { args: ['--html', file, '--redact'] });
    const page = readFileSync(file, 'utf8');
    rmSync(directory, { recursive: true });
    expect(report.outcome).toBe('ok');
    expect(page).toContain('data-step="round-trip"');
    for (const text of [printed, page]) expect(text).not.toContain(SECRET);
    expect(page).not.toContain(homedir());
    const unwritable = await diagnose(url, library, { args: ['--html', '/nonexistent/report.html'] }).catch(
      String,
    );
    expect(JSON.stringify(unwritable)).toContain('The file named by --html cannot be written (ENOENT).');
  });

  // Over TLS to a server that nobody can check it warns, as doctor-tls.test.ts shows.
  it.skipIf(inject('sslMode') === 'require').each([
    ['over TCP', host],
    ['by a Unix socket', encodeURIComponent(socketDirectory)],
  ])('finds everything in order %s', async (_how, at) => {
    const { report, step, code } = await diagnose(`kingbase://${user}@${at}:${port}/${database}`, library);
    expect(report.steps.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(report).toMatchObject({ schema: 1, outcome: 'ok', exitCode: 0, language: 'en' });
    expect(report.target).toEqual({ hosts: [{ host: decodeURIComponent(at), port }], database, user });
    expect(code).toBe(0);
    expect(report.steps.map(({ id }) => id)).toEqual([
      'platform',
      'node',
      'addon',
      'candidates',
      'library',
      'configuration',
      'environment',
      'files',
      'resolve',
      'tcp',
      'tls',
      'startup',
      'authentication',
      'login',
      'protocol',
      'server',
      'round-trip',
    ]);
    expect(step('addon').facts['path']).toMatch(/\.node$/);
    expect(step('library').facts).toMatchObject({ path: library, flavour: 'kci' });
    expect(step('startup').facts).toMatchObject({ authentication: 0, encrypted: false });
    expect(step('server').facts).toMatchObject({ product: 'PostgreSQL', encoding: 'UTF8' });
    expect(step('round-trip').facts).toMatchObject({ count: 10 });
  });

  it.each([
    ['en', {}, /^ok +Login/m, 'Everything is in order. (exit code 0)'],
    ['zh', {}, /^正常 +登录/m, '全部正常。（退出码 0）'],
    ['that of the locale', { LANG: 'zh_CN.UTF-8' }, /^正常 +登录/m, '全部正常。（退出码 0）'],
  ] as const)('writes for people in the language %s', async (language, environment, line, end) => {
    const args = ['doctor', `kingbase://${user}@${host}:${port}/${database}`];
    const { stdout, code } = await commandLine(
      language === 'en' || language === 'zh' ? [...args, '--lang', language] : args,
      { environment: { KINGBASE_CLIENT_LIBRARY: library, ...environment } },
    );
    expect(stdout).toMatch(line);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(end);
    expect(code).toBe(0);
  });

  it('takes all from the environment where no connection is given', async () => {
    const { stdout } = await commandLine(['doctor', '--json'], {
      environment: {
        KINGBASE_CLIENT_LIBRARY: library,
        KINGBASE_HOST: host,
        KINGBASE_PORT: String(port),
        KINGBASE_USER: user,
        KINGBASE_DATABASE: database,
        KINGBASE_PASSWORD: SECRET,
      },
    });
    const report = JSON.parse(stdout) as Diagnosis['report'];
    expect(report.outcome).toBe('ok');
    expect(report.steps.find(({ id }) => id === 'configuration')?.facts['passwordFrom']).toBe('environment');
    expect(stdout).not.toContain(SECRET);
  });
});

describe('the doctor, on the way to the server', () => {
  it('finds that nothing listens', async () => {
    const diagnosis = await diagnose('kingbase://app@127.0.0.1:1/test', library);
    const { step, code } = diagnosis;
    expect(step('tcp')).toMatchObject({
      status: 'fail',
      code: 'KB_CONNECT_REFUSED',
      subject: '127.0.0.1:1',
      facts: { attempts: [{ address: '127.0.0.1:1', result: 'refused' }] },
    });
    expect(step('tcp').detail.join('\n')).toMatch(/SYN, answered at once by RST/);
    expect(step('tcp').remedy.join('\n')).toContain('sys_ctl start');
    expectSkippedAfter(diagnosis, 'tcp');
    expect(code).toBe(4);
  });

  it('finds that a name is not known', async () => {
    const diagnosis = await diagnose('kingbase://app@no-such-host.invalid/test', library);
    expect(diagnosis.step('resolve')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_HOST_NOT_FOUND' });
    expect(diagnosis.step('resolve').finding).toContain('"no-such-host.invalid"');
    expectSkippedAfter(diagnosis, 'resolve');
    expect(diagnosis.code).toBe(4);
  });

  it('finds that there is no Unix socket', async () => {
    const { step, code } = await diagnose(`host=${socketDirectory} port=1 user=app dbname=test`, library);
    expect(step('tcp')).toMatchObject({ title: 'Unix socket', status: 'fail', code: 'KB_CONNECT_NO_SOCKET' });
    expect(step('tcp').finding).toContain(`${socketDirectory}/.s.KINGBASE.1`);
    expect(step('tcp').finding).toContain(`${socketDirectory}/.s.PGSQL.1`);
    expect(code).toBe(4);
  });

  it.runIf(process.platform === 'linux')('finds that packets are dropped', async () => {
    const hole = spawn(process.execPath, [join(__dirname, '../support/programs/black-hole.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const waiting: Socket[] = [];
    try {
      const at = await portOf(hole);
      // Until the queue is full: a connection that is not made at once then never will be.
      for (let taken = true; taken && waiting.length < 50;) {
        const socket = connect(at, '127.0.0.1').on('error', () => undefined);
        waiting.push(socket);
        taken = await Promise.race([once(socket, 'connect').then(() => true), delay(500, false)]);
      }
      const { step, code } = await diagnose(`kingbase://app@127.0.0.1:${at}/test`, library, {
        args: ['--timeout', '500'],
      });
      expect(step('tcp')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_TIMEOUT' });
      expect(step('tcp').finding).toContain('no answer within 500 ms');
      expect(step('tcp').detail.join('\n')).toMatch(/never answered by SYN-ACK or RST/);
      expect(code).toBe(4);
    } finally {
      for (const socket of waiting) socket.destroy();
      hole.kill('SIGKILL');
      await once(hole, 'close');
    }
  });

  it('looks at each of several hosts, and logs in to the one that works', async () => {
    const { report, step, code } = await diagnose(
      `kingbase://${user}@127.0.0.1:1,127.0.0.1:${port}/${database}`,
      library,
    );
    const attempts = report.steps.filter(({ id }) => id === 'tcp');
    expect(attempts.map(({ subject, status }) => [subject, status])).toEqual([
      ['127.0.0.1:1', 'fail'],
      [`127.0.0.1:${port}`, 'ok'],
    ]);
    expect(step('login').status).toBe('ok');
    expect(report.outcome).toBe('fail');
    expect(code).toBe(4);
  });
});

async function portOf(program: ChildProcess): Promise<number> {
  const [line] = (await once(program.stdout ?? program, 'data')) as [Buffer];
  return Number(line.toString());
}

describe('the doctor, with something else at the port', () => {
  it.each([
    ['never answers', silent, 'KB_CONNECT_TIMEOUT', 'silent', /never an authentication request/],
    ['closes at once', closesAtOnce, 'KB_CONNECT_LOST', undefined, /instead of an authentication request/],
    ['resets the connection', resets, 'KB_CONNECT_LOST', 'reset', /answered by RST instead of/],
  ] as const)('finds that it %s', async (_what, behaviour, errorCode, ending, seen) => {
    const diagnosis = await against(behaviour, 'sslmode=disable', ['--timeout', '700']);
    const { step, code } = diagnosis;
    expect(step('startup')).toMatchObject({ status: 'fail', code: errorCode });
    if (ending !== undefined) expect(step('startup').facts['ending']).toBe(ending);
    expect(step('startup').detail.join('\n')).toMatch(seen);
    expectSkippedAfter(diagnosis, 'startup');
    expect(code).toBe(6);
  });

  it.each([
    ['sslmode=disable', 'startup', 6],
    ['sslmode=require', 'tls', 5],
  ])('finds that it is a web server, with %s', async (options, id, exitCode) => {
    const diagnosis = await against(speaksHttp, options);
    expect(diagnosis.step(id)).toMatchObject({ status: 'fail', code: 'KB_CONNECT_FAILED' });
    expect(diagnosis.step(id).finding).toContain('web server');
    expect(diagnosis.step(id).detail.join('\n')).toContain('HTTP/1.1 400');
    expectSkippedAfter(diagnosis, id);
    expect(diagnosis.code).toBe(exitCode);
  });

  it('finds that what it sends has a size that no message can have', async () => {
    const huge = Buffer.from('R\x7f\xff\xff\xff0000', 'latin1');
    const { step } = await against(answers(huge));
    expect(step('startup')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_FAILED' });
    expect(step('startup').finding).toContain('not a KingbaseES server');
  });
});

describe('the doctor, with a server that refuses', () => {
  it.each([
    [
      '28000',
      'no sys_hba.conf entry for host "10.0.0.9", user "app", database "test", SSL off',
      'Add a line',
    ],
    ['53300', 'sorry, too many clients already', 'max_connections'],
    ['57P03', 'the database system is starting up', 'Try again after a while'],
    ['57P03', '数据库系统启动中', 'Try again after a while'],
  ])('passes on what it says: %s %s', async (sqlState, message, remedy) => {
    const diagnosis = await against(answers(fatal(sqlState, message)));
    const { step, code } = diagnosis;
    expect(step('startup')).toMatchObject({ status: 'fail', code: sqlState, facts: { sqlState } });
    expect(step('startup').detail.join('\n')).toContain(message);
    expect(step('startup').remedy.join('\n')).toContain(remedy);
    expectSkippedAfter(diagnosis, 'startup');
    expect(code).toBe(6);
  });

  it('reads a message in GBK, which a server writes before it knows the encoding of the client', async () => {
    // 数据库系统启动中
    const gbk = Buffer.from('cafdbeddbfe2cfb5cdb3c6f4b6afd6d0', 'hex');
    const answer = fatal('57P03', '@'.repeat(gbk.length));
    gbk.copy(answer, answer.indexOf('@@'));
    const { step } = await against(answers(answer));
    expect(step('startup').detail.join('\n')).toContain('数据库系统启动中');
  });

  it('reads a refusal of before the protocol, which has no SQLSTATE', async () => {
    const words = 'Ecould not fork new process for connection: Cannot allocate memory\n\0';
    const { step } = await against(answers(Buffer.from(words)));
    expect(step('startup')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_FAILED' });
    expect(step('startup').detail.join('\n')).toContain('could not fork new process');
    expect(step('startup').finding).toBe('The server could not start a process for the connection.');
  });
});

describe('the doctor, asked wrongly', () => {
  it('says what is wrong with the connection string, and nothing secret', async () => {
    const { report, step, printed, code } = await diagnose(
      `kingbase://app:${SECRET}@127.0.0.1/test?sslmod=require`,
      library,
    );
    expect(step('configuration')).toMatchObject({ status: 'fail', code: 'KB_BAD_OPTION' });
    expect(step('configuration').finding).toContain('did you mean "sslmode"');
    // What does not depend on it is looked at.
    expect(step('library').status).toBe('ok');
    expect(report.target).toBeNull();
    expect(printed).not.toContain(SECRET);
    expect(code).toBe(2);
  });

  it.each([
    [['doctor', 'kingbase://app@h/db', 'another'], 'Only one argument'],
    [['doctor', '--no-such-option'], '--no-such-option'],
    [['doctor', '--timeout', 'soon'], '--timeout must be a whole number'],
    [['doctor', '--lang', 'fr'], '--lang must be en or zh'],
    [['doctor', '--password'], 'needs a terminal'],
    [[`kingbase://app:${SECRET}@h/db`], 'The first argument must be a command'],
  ])('%j', async (args, words) => {
    const { stdout, stderr, code } = await commandLine(args);
    expect(stderr).toContain(words);
    expect(stderr + stdout).not.toContain(SECRET);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('the doctor, with what the server asks for', () => {
  it.each([
    [13, 'sm3 (request code 13)'],
    [20, 'a method with request code 20'],
  ])('names request %i', async (request, name) => {
    const { step } = await against(answers(authenticationRequest(request, Buffer.alloc(4))));
    expect(step('startup')).toMatchObject({ status: 'ok', facts: { authentication: request } });
    expect(step('startup').finding).toContain(name);
    // The library of the test is libpq under other names and can do neither; its own words say so.
    expect(step('login')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_AUTH_METHOD' });
  });
});
