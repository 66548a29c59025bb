import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadClientLibrary } from '../../../lib/client-library/index.js';
import { systemLanguage } from '../../../lib/errors/explain/language.js';
import { TOPICS } from '../../../lib/errors/explain/topics.js';
import {
  ClientLibraryError,
  connectFailure,
  ConnectionError,
  TimeoutError,
  UsageError,
} from '../../../lib/errors/index.js';
import { PoolError } from '../../../lib/pool/pool-error.js';
import { fakeFileSystem, makeElf } from '../client-library/fixtures.js';
import { database, error, HAN, headline, SECRET } from './explaining.js';

describe('the text', () => {
  it('has what happened, where, causes in order and actions', () => {
    const refused = connectFailure('could not connect to server: Connection refused\n', {
      address: 'db.example:54321',
    });
    const english = refused.explain('en').split('\n');
    expect(english.slice(0, 6)).toEqual([
      'The connection was refused: the host answers, but nothing accepts connections at this port.',
      'Message: Cannot connect to db.example:54321: Connection refused [KB_CONNECT_REFUSED]',
      'Where: db.example:54321',
      '',
      'Likely causes:',
      '  1. The server is not running.',
    ]);
    expect(english).toContain('What to do:');
    expect(english.at(-1)).toMatch(/^ {2}- /);

    const chinese = refused.explain('zh');
    expect(chinese).toContain('地址：db.example:54321');
    expect(chinese).toContain('可能的原因：\n  1. 数据库服务器没有启动。');
    expect(chinese).toContain('处理办法：\n  - 在服务器上执行“sys_ctl status');
    expect(chinese).toContain('54321');
  });

  it('names what the server named', () => {
    const unique = database({
      C: '23505',
      M: 'duplicate key value violates unique constraint "t_pkey"',
      D: 'Key (id)=(1) already exists.',
      s: 'public',
      t: 't',
      n: 't_pkey',
    });
    expect(unique.explain('en')).toContain('Where: table public.t, constraint t_pkey\n');
    expect(unique.explain('en')).toContain('Detail: Key (id)=(1) already exists.');
    expect(unique.explain('zh')).toContain('位置：表 public.t，约束 t_pkey\n');

    const syntax = database({ C: '42601', P: '15', H: 'Perhaps a comma.' });
    expect(syntax.explain('en')).toContain('Where: character 15 of the statement\n');
    expect(syntax.explain('en')).toContain('Hint: Perhaps a comma.');
    expect(syntax.explain('zh')).toContain('位置：语句的第 15 个字符\n');

    const tooLong = database({ C: '22001', c: 'name', d: 'varchar' });
    expect(tooLong.explain('en')).toContain('Where: column name, type varchar\n');
    const bad = new UsageError('KB_BAD_PARAMETER', 'm', { parameterIndex: 2, hint: 'Convert it.' });
    expect(bad.explain('en')).toContain('Where: parameter $3\nHint: Convert it.');
    expect(bad.explain('zh')).toContain('位置：参数 $3\n提示：Convert it.');
  });

  it('leaves out whole rows, which the detail of 23502 has', () => {
    const missing = database({ C: '23502', D: `Failing row contains (1, ${SECRET}, null).`, c: 'b' });
    expect(missing.explain('en')).not.toContain(SECRET);
    expect(missing.explain('en')).toContain('column b');
  });

  it('tells apart how far a connection attempt had come', () => {
    const timeout = (stage: 'tcp' | 'tls' | 'auth'): string =>
      headline(new ConnectionError('KB_CONNECT_TIMEOUT', 'm', { stage }));
    expect(timeout('tcp')).toContain('no answer');
    expect(timeout('tls')).toContain('handshake');
    expect(timeout('auth')).toBe(timeout('tls'));
    expect(headline(new ConnectionError('KB_CONNECT_TIMEOUT', 'm'))).toBe(timeout('tcp'));
  });

  it('says of a loss whether the statement can have been run, and what was behind it', () => {
    const cause = database({ C: '57P01', M: 'terminating connection due to administrator command' });
    const lost = (outcome: 'unknown' | 'not-sent', behind?: unknown): string =>
      new ConnectionError('KB_CONNECTION_LOST', 'm', { outcome, cause: behind }).explain('en');
    expect(lost('unknown')).toMatch(/^.*whether the server carried it out is unknown\.\n/);
    expect(lost('not-sent')).toMatch(/^.*the server did not run it\.\n/);
    expect(lost('unknown', cause)).toContain('Behind it: The server ended the session at the command of');
    expect(lost('unknown', cause)).toContain('1. The server is stopped or restarted');
    expect(lost('unknown', cause)).toContain('Look whether the change is there');
    // Errors of Node have codes too, some of five letters as a SQLSTATE has.
    expect(lost('unknown', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBe(lost('unknown'));
    expect(lost('unknown', new Error('no code'))).toBe(lost('unknown'));
  });

  it('tells a busy pool from a server that is away', () => {
    const stats = {
      maxOpenConnections: 10,
      openConnections: 10,
      inUse: 9,
      idle: 1,
      waitCount: 0,
      waitDuration: 0,
      maxIdleClosed: 0,
      maxIdleTimeClosed: 0,
      maxLifetimeClosed: 0,
      connecting: 0,
      reconnects: 0,
      heartbeatFailures: 0,
    };
    const busy = new PoolError('KB_POOL_ACQUIRE_TIMEOUT', 'm', { stats });
    expect(busy.explain('en')).toContain('Pool: 9 connections in use, 1 idle, at most 10');
    expect(busy.explain('zh')).toContain('连接池：9 个连接使用中，1 个空闲，上限 10 个');
    expect(headline(busy)).toContain('all of the pool are in use');

    const away = new PoolError('KB_POOL_ACQUIRE_TIMEOUT', 'm', {
      cause: new ConnectionError('KB_CONNECT_REFUSED', 'refused'),
    });
    expect(headline(away)).toContain('none could be made');
    expect(away.explain('en')).toContain('Behind it: The connection was refused');
    expect(away.explain('en')).toContain('1. The server is not running.');
    expect(away.explain('zh')).toContain('背后的原因：连接被拒绝');
  });

  it('lists where a client library was looked for, the reasons translated', () => {
    const files = {
      '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5': makeElf({}, { machine: 183 }),
      '/home/kb/lib/libkci.so.5': makeElf({ needed: ['libssl.so.1.1'] }),
    };
    const open = (path: string): never => {
      throw Object.assign(new Error(`${path}: cannot open shared object file: No such file or directory`), {
        failure: 'open',
        missing: [],
      });
    };
    let failure: unknown;
    try {
      loadClientLibrary(
        open,
        {},
        { KINGBASE_HOME: '/home/kb' },
        { fileSystem: fakeFileSystem(files), platform: 'linux', arch: 'x64' },
      );
    } catch (thrown) {
      failure = thrown;
    }
    expect(failure).toBeInstanceOf(ClientLibraryError);
    const english = (failure as ClientLibraryError).explain('en');
    expect(english).toContain('Tried [KB_LIBRARY_MISSING_DEPENDENCY]:\n');
    expect(english).toContain('(KINGBASE_HOME): needs libssl.so.1.1, not found beside it');
    expect(english).toContain('is built for aarch64 (64-bit ARM), this process is x86_64');
    const chinese = (failure as ClientLibraryError).explain('zh');
    expect(chinese).toContain('（KINGBASE_HOME）：依赖 libssl.so.1.1，');
    expect(chinese).toContain('架构为 aarch64（64 位 ARM，鲲鹏、飞腾），而本进程为 x86_64');
    expect(chinese).toContain('动态链接器的搜索路径中没有');
    expect(chinese).not.toMatch(/does not exist|was not found|is built for/);
  });

  it('is short, whatever the error holds', () => {
    const attempts = Array.from({ length: 30 }, (_, index) => ({
      path: `/opt/${index}/libkci.so.5`,
      source: 'installation directory',
      reason: 'does not exist',
    }));
    const everything = {
      address: 'h:54321',
      schema: 's',
      table: 't',
      column: 'c',
      constraint: 'n',
      detail: 'one\ntwo',
      hint: 'three\nfour',
      position: 1,
      cause: new ConnectionError('KB_CONNECT_TIMEOUT', 'm', { stage: 'tls' }),
    };
    for (const code of new Set(TOPICS.flatMap(({ codes }) => codes))) {
      const extra = code.startsWith('KB_LIBRARY') ? { ...everything, attempts } : everything;
      for (const language of ['en', 'zh'] as const) {
        const lines = error(code, `${'x'.repeat(5000)}\n`.repeat(50), extra)
          .explain(language)
          .split('\n');
        expect(lines.length, code).toBeLessThanOrEqual(25);
        for (const line of lines) expect(line.length).toBeLessThan(400);
      }
    }
    expect(new ClientLibraryError('KB_LIBRARY_NOT_FOUND', 'm', attempts).explain('en')).toContain(
      '… and 25 more',
    );
  });

  it('repeats no piece of a connection string', () => {
    const failed = connectFailure(`missing "=" after "${SECRET}" in connection info string\n`, {
      address: 'h:1',
    });
    const pool = new PoolError('KB_POOL_ACQUIRE_TIMEOUT', 'm', { cause: failed });
    for (const of of [failed, pool]) {
      for (const language of ['en', 'zh'] as const) expect(of.explain(language)).not.toContain(SECRET);
    }
  });

  it('comes of any error at all', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom('en', 'zh'), (code, message, language) => {
        expect(
          error(code, message)
            .explain(language as 'en')
            .split('\n').length,
        ).toBeGreaterThan(5);
      }),
    );
  });

  it('belongs to every class', () => {
    const errors = [
      database({ C: '40001' }),
      new ConnectionError('KB_CONNECT_REFUSED', 'm'),
      new ClientLibraryError('KB_LIBRARY_NOT_FOUND', 'm', []),
      new PoolError('KB_POOL_CLOSED', 'm'),
      new TimeoutError('query', 50, 'm'),
      new UsageError('KB_BAD_OPTION', 'm'),
    ];
    for (const each of errors) {
      expect(each.explain('en')).toContain('What to do:');
      expect(each.explain('zh')).toContain('处理办法：');
    }
  });
});

describe('what an article of common failures asks for', () => {
  it.each([
    [new ConnectionError('KB_CONNECT_AUTH_METHOD', 'authentication method 13 not supported'), /sm3/, /国密/],
    [
      new ConnectionError('KB_CONNECT_AUTH_METHOD', "none of the server's SASL authentication mechanisms"),
      /scram-sm3 and sm4 need the library of V9/,
      /scram-sm3、sm4 需要 V9 的库/,
    ],
    [
      new ClientLibraryError('KB_LIBRARY_WRONG_ARCHITECTURE', 'm', []),
      /32-bit library with a 64-bit/,
      /64 位 Node\.js 使用了 32 位的库/,
    ],
    [new ConnectionError('KB_CONNECT_TIMEOUT', 'm', { stage: 'tcp' }), /firewall/, /防火墙/],
    [new ConnectionError('KB_CONNECT_TLS', 'm', { stage: 'tls' }), /agreed to TLS/, /同意使用 TLS/],
    [database({ C: '08P01', M: 'invalid string in message' }), /V8R3 libkci/, /V8R3 的 libkci/],
    [database({ C: '3D000' }), /has "test"/, /新安装时有 test/],
    [database({ C: '25006' }), /demoted/, /降级/],
    [database({ C: '25P02' }), /first error/, /第一个错误/],
    [database({ C: '42703' }), /folded to lower case/, /转换为小写/],
    [database({ C: '42P01' }), /search_path/, /search_path/],
    [database({ C: '22021' }), /GB18030/, /GB18030/],
    [database({ C: '23502' }), /ora_input_emptystr_isnull/, /ora_input_emptystr_isnull/],
    [database({ C: '53300' }), /max_connections/, /max_connections/],
    [database({ C: '53100' }), /disk of the server is full/, /磁盘已满/],
  ])('%s', (failure, english, chinese) => {
    expect(failure.explain('en')).toMatch(english);
    expect(failure.explain('zh')).toMatch(chinese);
  });
});

describe('the language', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh' }, 'zh'],
    [{ LANG: 'en_GB.UTF-8' }, 'en'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'C' }, 'en'],
    [{ LANG: 'en_US', LC_MESSAGES: 'zh_TW' }, 'zh'],
    [{ LANG: 'zh_CN', LC_MESSAGES: 'zh_CN', LC_ALL: 'C.UTF-8' }, 'en'],
    [{ LANG: 'zh_CN', LC_ALL: '' }, 'zh'],
  ])('%j: %s', (environment, language) => {
    expect(systemLanguage(environment)).toBe(language);
  });

  it("is the system's where the environment says nothing", () => {
    const spy = vi.spyOn(Intl, 'DateTimeFormat');
    spy.mockReturnValue({ resolvedOptions: () => ({ locale: 'zh-CN' }) } as Intl.DateTimeFormat);
    expect(systemLanguage({})).toBe('zh');
    spy.mockRestore();
  });

  it('is taken from the environment unless it is given', () => {
    const refused = new ConnectionError('KB_CONNECT_REFUSED', 'm');
    vi.stubEnv('LC_ALL', 'zh_CN.UTF-8');
    expect(refused.explain()).toBe(refused.explain('zh'));
    expect(refused.explain('en')).not.toMatch(HAN);
    vi.stubEnv('LC_ALL', 'C');
    expect(refused.explain()).toBe(refused.explain('en'));
    expect(refused.explain('fr' as 'en')).toBe(refused.explain('en'));
  });
});
