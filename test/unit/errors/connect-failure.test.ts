import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectFailure, ConnectionError, DatabaseError } from '../../../lib/errors/index.js';

const context = { address: 'db.example:54321' };

/** [text of the library, code, stage] */
const CLIENT_FAILURES: [string, string, string | undefined][] = [
  // libpq up to 13 and libkci
  [
    'could not connect to server: Connection refused\n\tIs the server running on host "127.0.0.1" and accepting\n\tTCP/IP connections on port 54321?\n',
    'KB_CONNECT_REFUSED',
    'tcp',
  ],
  [
    '无法联接到服务器: 拒绝连接\n\t服务器是否在主机 "127.0.0.1" 上运行并且准备接受在端口\n54321 上的 TCP/IP 联接?\n',
    'KB_CONNECT_REFUSED',
    'tcp',
  ],
  [
    'could not connect to server: Connection refused (0x0000274D/10061)\n\tIs the server running on host "::1" and accepting\n\tTCP/IP connections on port 54321?\n',
    'KB_CONNECT_REFUSED',
    'tcp',
  ],
  ['无法联接到服务器: 由于目标计算机积极拒绝，无法连接。\n', 'KB_CONNECT_REFUSED', 'tcp'],
  [
    'could not connect to server: No such file or directory\n\tIs the server running locally and accepting\n\tconnections on Unix domain socket "/tmp/.s.KINGBASE.54321"?\n',
    'KB_CONNECT_NO_SOCKET',
    'tcp',
  ],
  [
    '无法联接到服务器: 没有那个文件或目录\n\t服务器是否在本地运行并且在 Unix 域套接字\n\t"/tmp/.s.KINGBASE.54321"上准备接受联接?\n',
    'KB_CONNECT_NO_SOCKET',
    'tcp',
  ],
  ['could not connect to server: No route to host\n', 'KB_CONNECT_UNREACHABLE', 'tcp'],
  ['could not connect to server: Network is unreachable\n', 'KB_CONNECT_UNREACHABLE', 'tcp'],
  ['无法联接到服务器: 没有到主机的路由\n', 'KB_CONNECT_UNREACHABLE', 'tcp'],
  ['无法联接到服务器: 网络不可达\n', 'KB_CONNECT_UNREACHABLE', 'tcp'],
  ['could not connect to server: Connection timed out\n', 'KB_CONNECT_TIMEOUT', 'tcp'],
  ['无法联接到服务器: 连接超时\n', 'KB_CONNECT_TIMEOUT', 'tcp'],
  ['timeout expired\n', 'KB_CONNECT_TIMEOUT', 'tcp'],
  ['超时满\n', 'KB_CONNECT_TIMEOUT', 'tcp'],
  // libpq 14 and later
  [
    'connection to server at "127.0.0.1", port 54321 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n',
    'KB_CONNECT_REFUSED',
    'tcp',
  ],
  [
    'connection to server at "localhost" (::1), port 54321 failed: timeout expired\n',
    'KB_CONNECT_TIMEOUT',
    'tcp',
  ],
  [
    'connection to server on socket "/tmp/.s.PGSQL.54321" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n',
    'KB_CONNECT_NO_SOCKET',
    'tcp',
  ],
  [
    'connection to server on socket "/tmp/.s.PGSQL.54321" failed: Connection refused\n\tIs the server running locally and accepting connections on that socket?\n',
    'KB_CONNECT_REFUSED',
    'tcp',
  ],
  // name resolution
  [
    'could not translate host name "nowhere" to address: Name or service not known\n',
    'KB_CONNECT_HOST_NOT_FOUND',
    'dns',
  ],
  ['无法解释主机名 "nowhere" 到地址: 未知的名称或服务\n', 'KB_CONNECT_HOST_NOT_FOUND', 'dns'],
  ['无法将主机名 "nowhere" 解析为地址: 未知的名称或服务\n', 'KB_CONNECT_HOST_NOT_FOUND', 'dns'],
  // TLS
  ['server does not support SSL, but SSL was required\n', 'KB_CONNECT_TLS_UNSUPPORTED', 'tls'],
  ['服务器不支持 SSL, 但是要求使用 SSL\n', 'KB_CONNECT_TLS_UNSUPPORTED', 'tls'],
  ['服务器不支持 SSL，但连接需要使用 SSL\n', 'KB_CONNECT_TLS_UNSUPPORTED', 'tls'],
  [
    'sslmode value "require" invalid when SSL support is not compiled in\n',
    'KB_CONNECT_TLS_UNSUPPORTED',
    'tls',
  ],
  ['无效的 sslmode 值 "require" 当没有把 SSL 支持编译进来时\n', 'KB_CONNECT_TLS_UNSUPPORTED', 'tls'],
  [
    'root certificate file "/home/app/.kingbase/root.crt" does not exist\nEither provide the file or change sslmode to disable server certificate verification.\n',
    'KB_CONNECT_TLS_CERTIFICATE',
    'tls',
  ],
  ['根认证文件"/home/a/.kingbase/root.crt"不存在\n', 'KB_CONNECT_TLS_CERTIFICATE', 'tls'],
  [
    'connection to server at "h" (10.0.0.1), port 54321 failed: SSL error: certificate verify failed\n',
    'KB_CONNECT_TLS_CERTIFICATE',
    'tls',
  ],
  ['server certificate for "a" does not match host name "b"\n', 'KB_CONNECT_TLS_CERTIFICATE', 'tls'],
  ['服务器证书中的 "a" 与主机名 "b" 不匹配\n', 'KB_CONNECT_TLS_CERTIFICATE', 'tls'],
  ['"a" 的服务器证书与主机名不匹配 "b"\n', 'KB_CONNECT_TLS_CERTIFICATE', 'tls'],
  ['SSL error: unsupported protocol\n', 'KB_CONNECT_TLS', 'tls'],
  ['SSL SYSCALL error: EOF detected\n', 'KB_CONNECT_TLS', 'tls'],
  ['SSL SYSCALL 错误: 发现结束符\n', 'KB_CONNECT_TLS', 'tls'],
  [
    'private key file "/k" has group or world access; permissions should be u=rw (0600) or less\n',
    'KB_CONNECT_TLS',
    'tls',
  ],
  // authentication
  ['authentication method 13 not supported\n', 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ['不支持 13 认证方式\n', 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ['不支持认证方法 13\n', 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ["none of the server's SASL authentication mechanisms are supported\n", 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ['SASL authentication mechanism SCRAM-SM3 not supported\n', 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ['GSSAPI authentication not supported\n', 'KB_CONNECT_AUTH_METHOD', 'auth'],
  ['fe_sendauth: no password supplied\n', 'KB_CONNECT_PASSWORD_MISSING', 'auth'],
  ['incorrect server signature, SCRAM exchange failed\n', 'KB_CONNECT_AUTH', 'auth'],
  ['channel binding required, but SSL not in use\n', 'KB_CONNECT_AUTH', 'auth'],
  ['requirepeer specifies "a", but actual peer user name is "b"\n', 'KB_CONNECT_AUTH', 'auth'],
  // loss
  [
    'server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n',
    'KB_CONNECT_LOST',
    'startup',
  ],
  ['服务器意外地关闭了联接\n\t这种现象通常意味着服务器在处理请求之前\n', 'KB_CONNECT_LOST', 'startup'],
  ['服务器已意外关闭连接\n', 'KB_CONNECT_LOST', 'startup'],
  ['could not receive data from server: Connection reset by peer\n', 'KB_CONNECT_LOST', 'startup'],
  // options
  ['invalid connection option "foo"\n', 'KB_CONNECT_OPTION', undefined],
  ['非法联接选项 "foo"\n', 'KB_CONNECT_OPTION', undefined],
  ['definition of service "x" not found\n', 'KB_CONNECT_OPTION', undefined],
  ['没有找到服务"x"的定义\n', 'KB_CONNECT_OPTION', undefined],
  ['invalid sslmode value: "foo"\n', 'KB_CONNECT_OPTION', undefined],
  [
    'gssencmode value "require" invalid when GSSAPI support is not compiled in\n',
    'KB_CONNECT_OPTION',
    undefined,
  ],
  // other
  ['session is read-only\n', 'KB_CONNECT_SESSION_ATTRS', 'startup'],
  ['could not make a writable connection to server "h:1"\n', 'KB_CONNECT_SESSION_ATTRS', 'startup'],
  ['expected authentication request from server, but received H\n', 'KB_CONNECT_FAILED', 'startup'],
  ['received invalid response to SSL negotiation: H\n', 'KB_CONNECT_FAILED', 'startup'],
  ['out of memory\n', 'KB_CONNECT_FAILED', undefined],
  ['', 'KB_CONNECT_FAILED', undefined],
];

describe('a failure on the way to the server', () => {
  it.each(CLIENT_FAILURES)('%j is %s', (text, code, stage) => {
    const error = connectFailure(text, context);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code, address: 'db.example:54321', outcome: 'not-sent' });
    expect((error as ConnectionError).stage).toBe(stage);
    expect(error.hint).toMatch(/\.$/);
  });

  it('says where and why in one line and keeps the library’s own text as the cause', () => {
    const text =
      'connection to server at "127.0.0.1", port 54321 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n';
    const error = connectFailure(text, context);
    expect(error.message).toBe('Cannot connect to db.example:54321: Connection refused');
    expect((error.cause as Error).message).toBe(text.trim());
  });

  it('takes the caller’s stage where the text has none', () => {
    expect(connectFailure('strange', { ...context, stageHint: 'tcp' })).toMatchObject({ stage: 'tcp' });
    expect(connectFailure('no password supplied', { ...context, stageHint: 'tcp' })).toMatchObject({
      stage: 'auth',
    });
  });

  it('does not repeat pieces of a connection string, which may be a password', () => {
    const error = connectFailure('missing "=" after "s3cret" in connection info string\n', context);
    expect(error.code).toBe('KB_CONNECT_OPTION');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('s3cret');
    expect(String(connectFailure('在联接信息字串里的 "s3cret" 后面缺少 "="\n', context).cause)).not.toContain(
      's3cret',
    );
  });
});

describe('a refusal by the server', () => {
  it.each([
    [
      'FATAL:  28P01: password authentication failed for user "x"\nLOCATION:  auth_failed, auth.c:333\n',
      {
        code: '28P01',
        message: 'password authentication failed for user "x"',
        routine: 'auth_failed',
        file: 'auth.c',
        line: 333,
      },
    ],
    [
      'connection to server at "h" (::1), port 54321 failed: FATAL:  3D000: database "nope" does not exist\nLOCATION:  InitPostgres, postinit.c:885\n',
      { code: '3D000', message: 'database "nope" does not exist', routine: 'InitPostgres' },
    ],
    [
      '致命错误:  28P01: 用户 "x" Password 认证失败\n位置:  auth_failed, auth.c:333\n',
      { code: '28P01', message: '用户 "x" Password 认证失败', severity: 'FATAL', line: 333 },
    ],
    [
      '连接到服务器 "h"（::1）的端口 54321 失败: 致命错误:  53300: 客户端连接过多\n位置:  InitProcess, proc.c:359\n',
      { code: '53300', message: '客户端连接过多', severity: 'FATAL', condition: 'too_many_connections' },
    ],
    [
      'FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2340\n',
      { code: '57P03', condition: 'cannot_connect_now' },
    ],
    [
      'FATAL:  28000: no sys_hba.conf entry for host "10.0.0.9", user "x", database "test", SSL off\nLOCATION:  ClientAuthentication, auth.c:547\n',
      { code: '28000', condition: 'invalid_authorization_specification' },
    ],
    // a language without a known name for the severity
    [
      'VERHÄNGNISVOLL:  57P03: das Datenbanksystem startet\n',
      { code: '57P03', severity: 'VERHÄNGNISVOLL', message: 'das Datenbanksystem startet' },
    ],
    // without a SQLSTATE
    ['FATAL:  sorry, too many clients already\n', { code: '53300', severity: 'FATAL' }],
    ['致命错误:  数据库 "nope" 不存在\n', { code: '3D000', severity: 'FATAL' }],
    ['致命错误:  数据库系统启动中\n', { code: '57P03' }],
    ['致命错误:  没有用于主机 "h", 用户 "u", 数据库 "d" 的 sys_hba.conf 记录\n', { code: '28000' }],
  ])('%j', (text, expected) => {
    const error = connectFailure(text, context);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject(expected);
    expect(error.hint).toMatch(/\.$/);
  });

  it('reads details and hints, of several lines too, in both languages', () => {
    expect(
      connectFailure(
        'FATAL:  42501: permission denied\nfor everyone\nDETAIL:  one\ntwo\nHINT:  ask\nLOCATION:  f, file.c:1\nserver closed the connection unexpectedly\n',
        context,
      ),
    ).toMatchObject({
      message: 'permission denied\nfor everyone',
      detail: 'one\ntwo',
      hint: 'ask',
      routine: 'f',
    });
    expect(
      connectFailure('致命错误:  42501: 权限不够\n详细信息:  一\n提示:  问\n位置:  f, file.c:1\n', context),
    ).toMatchObject({ message: '权限不够', detail: '一', hint: '问' });
  });

  it('takes of two attempts the one that tells more', () => {
    const noEntry = (how: string): string =>
      `connection to server at "h", port 1 failed: FATAL:  28000: no sys_hba.conf entry for host "h", user "u", database "d", ${how}\nLOCATION:  ClientAuthentication, auth.c:547\n`;
    const wrong =
      'connection to server at "h", port 1 failed: FATAL:  28P01: password authentication failed for user "u"\nLOCATION:  auth_failed, auth.c:333\n';
    expect(connectFailure(noEntry('SSL on') + wrong, context).code).toBe('28P01');
    expect(connectFailure(wrong + noEntry('SSL off'), context).code).toBe('28P01');
    expect(connectFailure(noEntry('SSL on') + noEntry('SSL off'), context).message).toContain('SSL on');
  });

  it('is a connection failure when neither SQLSTATE nor text says what it was', () => {
    expect(connectFailure('FATAL:  could not fork new process for connection: x\n', context)).toBeInstanceOf(
      ConnectionError,
    );
  });

  it('always makes an error of any text', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'FATAL:  ',
        '28P01: ',
        '致命错误:  ',
        'LOCATION:  ',
        'DETAIL:  ',
        '\n',
        ': ',
        'a.c:1',
        '"',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const error = connectFailure(pieces.join(''), context);
        expect(error.code).toMatch(/^(KB_CONNECT_\w+|[0-9A-Z]{5})$/);
      }),
    );
  });
});
