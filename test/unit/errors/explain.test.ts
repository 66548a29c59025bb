import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TOPICS, topicOf } from '../../../lib/errors/explain/topics.js';
import { connectFailure, sqlStateCondition, TimeoutError } from '../../../lib/errors/index.js';
import { database, error, HAN, headline } from './explaining.js';

const LIB = join(__dirname, '../../../lib');

/** The `KB_…` codes that the sources of the package mention, but for the explanations themselves. */
function codesInUse(): string[] {
  const codes = new Set<string>();
  for (const entry of readdirSync(LIB, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.ts') || entry.startsWith(join('errors', 'explain') + sep)) continue;
    for (const [, code = ''] of readFileSync(join(LIB, entry), 'utf8').matchAll(/['"`](KB_[A-Z_]+)['"`]/g)) {
      codes.add(code);
    }
  }
  return [...codes].sort();
}

function sqlStateClasses(): string[] {
  const source = readFileSync(join(LIB, 'errors/sqlstate.ts'), 'utf8');
  return [...source.matchAll(/^ {2}\/\/ Class (\w\w) - /gm)].map(([, name = '']) => name);
}

describe('what is known', () => {
  it('found the sources', () => {
    expect(codesInUse()).toContain('KB_CONNECT_REFUSED');
    expect(sqlStateClasses()).toEqual(expect.arrayContaining(['08', '23', '42', 'HV', 'XX']));
  });

  it.each(codesInUse())('%s has an explanation of its own', (code) => {
    const topic = topicOf({ code, message: '' });
    expect(topic?.codes).toContain(code);
    expect(topic?.text).toBeUndefined();
  });

  it.each(sqlStateClasses())('SQLSTATE class %s has one', (name) => {
    // A code that PostgreSQL does not have: KingbaseES adds some.
    expect(topicOf({ code: `${name}ZZ9`, message: '' })?.codes).toContain(name);
    expect(error(`${name}ZZ9`).explain('en')).not.toContain('not known here');
  });

  it('explains no code that nothing uses', () => {
    const known = new Set(codesInUse());
    const classes = new Set(sqlStateClasses());
    const strangers = TOPICS.flatMap(({ codes }) => codes).filter((code) => {
      if (code === 'KB') return false;
      if (code.startsWith('KB_')) return !known.has(code);
      return code.length === 2 ? !classes.has(code) : sqlStateCondition(code) === undefined;
    });
    expect(strangers).toEqual([]);
  });

  it('has no topic that another one of the same code always goes before', () => {
    const hidden = TOPICS.filter(({ codes, text }, at) => {
      if (text !== undefined) return false;
      const before = TOPICS.slice(0, at).filter((each) => each.text === undefined && each.when === undefined);
      return codes.every((code) => before.some((each) => each.codes.includes(code)));
    });
    expect(hidden.map(({ codes, en }) => `${codes.join(' ')}: ${en.headline}`)).toEqual([]);
  });

  it('has a topic that needs no particular text, condition or cause for each code', () => {
    for (const code of new Set(TOPICS.flatMap(({ codes }) => codes))) {
      expect(topicOf({ code, message: '' }), code).toBeDefined();
    }
  });

  describe.each(TOPICS.map((topic) => ({ name: `${topic.codes.join(' ')}: ${topic.en.headline}`, topic })))(
    '$name',
    ({ topic: { en, zh } }) => {
      it('is written in both languages', () => {
        for (const text of [en.headline, ...en.causes, ...en.actions]) {
          expect(text).not.toMatch(HAN);
          expect(text).not.toMatch(/\s{2}|^\s|\s$|\.\./);
        }
        for (const text of [zh.headline, ...zh.causes, ...zh.actions]) {
          expect(text).toMatch(HAN);
          // Chinese punctuation between Chinese characters.
          expect(text).not.toMatch(/\p{Script=Han}([,;:?!]|\.$)|[,;:?!]\p{Script=Han}/u);
        }
        expect(en.headline).toMatch(/[.]$/);
        expect(zh.headline).toMatch(/。$/);
        expect(zh.causes).toHaveLength(en.causes.length);
        expect(zh.actions).toHaveLength(en.actions.length);
        expect(en.causes.length).toBeGreaterThan(0);
        expect(en.actions.length).toBeGreaterThan(0);
      });

      it('is short enough for a terminal', () => {
        for (const text of [en.headline, ...en.causes, ...en.actions]) expect(text.length).toBeLessThan(150);
        expect(en.causes.length + en.actions.length).toBeLessThanOrEqual(10);
      });
    },
  );
});

describe('which topic', () => {
  it.each([
    ['not-sent', 'it was not sent', '没有发送'],
    ['unknown', 'could not be cancelled', '无法取消'],
    [undefined, 'was cancelled on the server', '已在服务器上取消'],
  ] as const)('what is known of a call that was out of time, outcome %s', (outcome, english, chinese) => {
    const late = new TimeoutError('query', 5, 'm', outcome === undefined ? {} : { outcome });
    expect(headline(late)).toContain(english);
    expect(headline(late, 'zh')).toContain(chinese);
    // Nothing is to be looked up of a statement that the server has never seen.
    if (outcome === 'not-sent') expect(late.explain('en')).not.toContain('EXPLAIN');
  });

  it('the exact code before its class', () => {
    expect(headline(database({ C: '23505' }))).toContain('same key');
    expect(headline(database({ C: '23999' }))).toContain('integrity constraint');
    expect(headline(database({ C: '42P01' }))).toContain('table or view does not exist');
    expect(headline(database({ C: '42999' }))).toContain('rule of SQL');
  });

  it('the recognised text before the code alone', () => {
    expect(headline(database({ C: '57014', M: 'canceling statement due to statement timeout' }))).toContain(
      'statement_timeout',
    );
    expect(headline(database({ C: '57014', M: 'something else' }))).toContain('on request');
    // A text that stands for a class comes before the exact code, which would say less.
    expect(headline(database({ C: '28P01', M: 'The user "sao" is locked.' }))).toContain('is locked');
  });

  it('no text counts outside of its codes', () => {
    expect(headline(database({ C: '42P01', M: 'relation "license expired" does not exist' }))).toContain(
      'table or view',
    );
    expect(headline(database({ C: '23505', M: 'statement timeout' }))).toContain('same key');
  });

  it('a general one for codes of the package and one for codes of nobody', () => {
    expect(headline(error('KB_SOMETHING_NEW'))).toContain('The driver could not');
    expect(headline(error('60000'))).toContain('not known here');
    expect(headline(error('60000'), 'zh')).toContain('未收录');
    expect(headline(error(''))).toContain('not known here');
  });
});

/** [SQLSTATE or code, English, Chinese, …]: texts of the catalogues of libkci V8R3, libpq and the servers. */
const TEXTS: [string, string, ...string[]][] = [
  ['KB_BAD_PARAMETER', 'The statement has 1 placeholder (?), but 2 values were given.'],
  [
    '28000',
    'no sys_hba.conf entry for host "10.0.0.9", user "x", database "test", SSL off',
    '没有用于主机 "10.0.0.9", 用户 "x", 数据库 "test" 的 sys_hba.conf 记录',
    '没有适用于主机 "10.0.0.9", 用户 "x", 数据库 "test", 无加密 的 pg_hba.conf 条目',
  ],
  [
    '28000',
    'sys_hba.conf rejects connection for host "h", user "u", database "d"',
    'sys_hba.conf 记录拒绝来自主机 "h" 的连接',
    'pg_hba.conf 拒绝来自主机 "h", 用户 "u", 数据库 "d", 无加密 的连接',
  ],
  ['28000', 'role "x" is not permitted to log in', '不允许角色"x" 进行登录', '不允许角色 "x" 进行登录'],
  ['28000', 'role "x" does not exist', 'user "x" does not exist', '角色 "x" 不存在', '用户 "x" 不存在'],
  ['28000', 'User "x" has an expired password.', 'User "x" 密码过期.', '用户 "x" 密码已过期'],
  ['28000', 'The user "sao" is locked.', '用户 "sao" 被锁定'],
  ['28000', 'License file has expired', 'license 文件已过期', '许可证已到期'],
  ['57P01', 'audit intrusion detection', 'system 审计入侵检测达到上限，断开连接!'],
  ['08P01', 'invalid string in message', '消息中的字符串无效'],
  ['57P03', 'the database system is shutting down', '数据库系统停止中', '数据库系统正在关闭'],
  ['57014', 'canceling authentication due to timeout', '由于超时，正在取消认证'],
  [
    '57014',
    'canceling statement due to statement timeout',
    '由于语句执行超时，正在取消查询命令',
    '由于语句执行超时，正在取消语句',
  ],
  [
    '55P03',
    'canceling statement due to lock timeout',
    '由于锁超时，取消语句操作',
    '由于锁超时，正在取消语句',
  ],
  [
    '42601',
    'cannot insert multiple commands into a prepared statement',
    '不能向预备语句中插入多条命令',
    '无法将多个命令插入到准备好的语句中',
  ],
  ['0A000', 'cached plan must not change result type', '缓存的计划不得更改结果类型'],
  ['40001', 'canceling statement due to conflict with recovery', '由于与恢复操作冲突，正在取消语句'],
  ['53200', 'out of shared memory', '共享内存不足'],
  [
    'KB_CONNECT_AUTH_METHOD',
    'authentication method 13 not supported',
    '不支持 13 认证方式',
    '不支持认证方法 13',
  ],
  [
    'KB_CONNECT_FAILED',
    'expected authentication request from server, but received H',
    '预期为服务器的认证请求，实际为 H',
  ],
  ['KB_CONNECT_FAILED', 'could not fork new process for connection: x', '无法为连接创建新进程: x'],
  [
    'KB_CONNECT_TLS_UNSUPPORTED',
    'sslmode value "require" invalid when SSL support is not compiled in',
    '无效的 sslmode 值 "require" 当没有把 SSL 支持编译进来时',
    '编译时未包含 SSL 支持，sslmode 的值 "require" 无效',
  ],
  [
    'KB_CONNECT_TLS_CERTIFICATE',
    'server certificate for "a" does not match host name "b"',
    '服务器证书中的 "a" 与主机名 "b" 不匹配',
  ],
  ['KB_CONNECT_TLS', 'private key file "/k" has group or world access', '私钥文件 "/k" 允许组或其他用户访问'],
  ['KB_LIBRARY_MISSING_DEPENDENCY', "version `GLIBC_2.34' not found", '找不到版本“GLIBC_2.34”'],
];

describe('recognition', () => {
  it.each(TEXTS)('%s %s: whatever the language', (code, first, ...others) => {
    const topic = topicOf({ code, message: first });
    expect(topic?.text).toBeDefined();
    for (const other of others) expect(topicOf({ code, message: other }), other).toBe(topic);
  });

  it('is tested for every topic that looks at the text', () => {
    const tested = new Set(TEXTS.map(([code, message]) => topicOf({ code, message })));
    expect(TOPICS.filter((topic) => topic.text !== undefined && !tested.has(topic))).toEqual([]);
  });

  it.each([
    [
      'could not connect to server: Connection refused\n\tIs the server running on host "h" and accepting\n\tTCP/IP connections on port 54321?\n',
      '无法联接到服务器: 拒绝连接\n\t服务器是否在主机 "h" 上运行并且准备接受在端口\n54321 上的 TCP/IP 联接?\n',
    ],
    ['timeout expired\n', '超时满\n'],
    [
      'could not translate host name "h" to address: Name or service not known\n',
      '无法解释主机名 "h" 到地址\n',
    ],
    [
      'FATAL:  no sys_hba.conf entry for host "h", user "u", database "d"\n',
      '致命错误:  没有用于主机 "h", 用户 "u", 数据库 "d" 的 sys_hba.conf 记录\n',
    ],
    [
      'FATAL:  sys_hba.conf rejects connection for host "h", user "u", database "d"\n',
      '致命错误:  sys_hba.conf 记录拒绝来自主机 "h", 用户 "u", 数据库 "d" 的联接\n',
    ],
    ['FATAL:  password authentication failed for user "u"\n', '致命错误:  用户 "u" Password 认证失败\n'],
    ['FATAL:  User "u" has an expired password.\n', '致命错误:  User "u" 密码过期.\n'],
    ['FATAL:  role "u" is not permitted to log in\n', '致命错误:  不允许角色"u" 进行登录\n'],
    ['FATAL:  role "u" does not exist\n', '致命错误:  角色 "u" 不存在\n'],
    ['FATAL:  database "d" does not exist\n', '致命错误:  数据库 "d" 不存在\n'],
    ['FATAL:  sorry, too many clients already\n', '致命错误:  对不起, 已经有太多的客户\n'],
    [
      'FATAL:  remaining connection slots are reserved for non-replication superuser connections\n',
      '致命错误:  已保留的连接位置为执行非复制请求的超级用户预留\n',
    ],
    ['FATAL:  the database system is starting up\n', '致命错误:  数据库系统启动中\n'],
    ['FATAL:  the database system is shutting down\n', '致命错误:  数据库系统停止中\n'],
    ['FATAL:  the database system is in recovery mode\n', '致命错误:  数据库系统在恢复模式中\n'],
    ['FATAL:  terminating connection due to administrator command\n', '致命错误:  由于管理员命令中断联接\n'],
    ['server closed the connection unexpectedly\n', '服务器意外地关闭了联接\n'],
    ['authentication method 14 not supported\n', '不支持 14 认证方式\n'],
    ['invalid connection option "x"\n', '非法联接选项 "x"\n'],
    ['missing "=" after "x" in connection info string\n', '在联接信息字串里的 "x" 后面缺少 "="\n'],
    ['definition of service "x" not found\n', '没有找到服务"x"的定义\n'],
    ['server does not support SSL, but SSL was required\n', '服务器不支持 SSL, 但是要求使用 SSL\n'],
    ['root certificate file "/r" does not exist\n', '根认证文件"/r"不存在\n'],
    ['server certificate for "a" does not match host name "b"\n', '"a" 的服务器证书与主机名不匹配 "b"\n'],
    [
      'sslmode value "require" invalid when SSL support is not compiled in\n',
      '无效的 sslmode 值 "require" 当没有把 SSL 支持编译进来时\n',
    ],
  ])('a failed connection is explained alike from %j and %j', (english, chinese) => {
    const [one, other] = [english, chinese].map((text) => connectFailure(text, { address: 'h:54321' }));
    expect(one?.code).toBe(other?.code);
    expect(topicOf(one!)).toBe(topicOf(other!));
    expect(headline(one!, 'zh')).toBe(headline(other!, 'zh'));
  });
});
