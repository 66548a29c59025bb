/**
 * Messages of the server in Chinese: those of the catalogues that come with KingbaseES where they are recorded, else
 * PostgreSQL's own translation for release 12. Field V, the untranslated severity, is not touched.
 */

const SEVERITIES: Readonly<Record<string, string>> = {
  DEBUG: '调试',
  LOG: '日志',
  INFO: '信息',
  NOTICE: '注意',
  WARNING: '警告',
  ERROR: '错误',
  FATAL: '致命错误',
  PANIC: '比致命错误还过分的错误',
};

/** English and Chinese, as in a message catalogue: `%s` and `%d` stand for what is put in, `%2$s` for the second of it. */
const MESSAGES: readonly (readonly [english: string, chinese: string])[] = [
  ['duplicate key value violates unique constraint "%s"', '重复键违反唯一约束"%s"'],
  ['null value in column "%s" violates not-null constraint', '在字段 "%s" 中空值违反了非空约束'],
  [
    'insert or update on table "%s" violates foreign key constraint "%s"',
    '插入或更新表 "%s" 违反外键约束 "%s"',
  ],
  [
    'update or delete on table "%s" violates foreign key constraint "%s" on table "%s"',
    '在 "%1$s" 上的更新或删除操作违反了在 "%3$s" 上的外键约束 "%2$s"',
  ],
  ['new row for relation "%s" violates check constraint "%s"', '关系 "%s" 的新列违反了检查约束 "%s"'],
  ['relation "%s" does not exist', '关系 "%s" 不存在'],
  ['relation "%s" already exists', '关系 "%s" 已经存在'],
  ['column "%s" does not exist', '字段 "%s" 不存在'],
  ['function %s does not exist', '函数 %s 不存在'],
  ['operator does not exist: %s', '操作符不存在: %s'],
  ['type "%s" does not exist', '类型 "%s" 不存在'],
  ['schema "%s" does not exist', '模式 "%s" 不存在'],
  ['table "%s" does not exist', '表 "%s" 不存在'],
  ['prepared statement "%s" does not exist', '预备语句 "%s" 不存在'],
  ['syntax error at or near "%s"', '语法错误 在 "%s" 或附近的'],
  ['syntax error at end of input', '语法错误 在输入的末尾'],
  ['division by zero', '除以零'],
  ['invalid input syntax for type %s: "%s"', '无效的类型 %s 输入语法: "%s"'],
  ['value too long for type character varying(%d)', '对于可变字符类型来说，值太长了(%d)'],
  ['value "%s" is out of range for type %s', '值 "%s" 超出类型 %s 的范围'],
  ['integer out of range', '整数超出范围'],
  ['permission denied for table %s', '对表 %s 权限不够'],
  [
    'current transaction is aborted, commands ignored until end of transaction block',
    '当前事务被终止, 事务块结束之前的查询被忽略',
  ],
  ['cannot execute %s in a read-only transaction', '不能在一个只读模式的事务中执行%s'],
  ['could not serialize access due to concurrent update', '由于同步更新而无法串行访问'],
  ['deadlock detected', '检测到死锁'],
  ['canceling statement due to user request', '由于用户请求而正在取消查询'],
  ['canceling statement due to statement timeout', '由于语句执行超时，正在取消查询命令'],
  ['canceling statement due to lock timeout', '由于锁超时，取消语句操作'],
  ['terminating connection due to administrator command', '由于管理员命令中断联接'],
  ['terminating connection due to idle-in-transaction timeout', '由于空载事务超时而终止连接'],
  ['password authentication failed for user "%s"', '用户 "%s" Password 认证失败'],
  ['role "%s" does not exist', '角色 "%s" 不存在'],
  ['role "%s" is not permitted to log in', '不允许角色"%s" 进行登录'],
  ['database "%s" does not exist', '数据库 "%s" 不存在'],
  ['sorry, too many clients already', '对不起, 已经有太多的客户'],
  [
    'remaining connection slots are reserved for non-replication superuser connections',
    '已保留的连接位置为执行非复制请求的超级用户预留',
  ],
  ['the database system is starting up', '数据库系统启动中'],
  ['the database system is shutting down', '数据库系统停止中'],
  ['the database system is in recovery mode', '数据库系统在恢复模式中'],
  [
    'no sys_hba.conf entry for host "%s", user "%s", database "%s", SSL off',
    '没有用于主机 "%s", 用户 "%s", 数据库 "%s", SSL off 的 sys_hba.conf 记录',
  ],
];

const DETAILS: readonly (readonly [english: string, chinese: string])[] = [
  ['Key (%s)=(%s) already exists.', '键值"(%s)=(%s)" 已经存在'],
  ['Key (%s)=(%s) is not present in table "%s".', '键值对(%s)=(%s)没有在表"%s"中出现.'],
  ['Failing row contains %s.', '失败, 行包含%s.'],
];

type Translation = (text: string) => string | undefined;

function translation([english, chinese]: readonly [string, string]): Translation {
  const pattern = new RegExp(
    `^${english.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[sd]/g, '([^]*)')}$`,
  );
  return (text) => {
    const [match, ...values] = pattern.exec(text) ?? [];
    if (match === undefined) return undefined;
    let next = 0;
    return chinese.replace(
      /%(?:(\d)\$)?[sd]/g,
      (_, position?: string) => values[position === undefined ? next++ : Number(position) - 1] ?? '',
    );
  };
}

const messages = MESSAGES.map(translation);
const details = DETAILS.map(translation);

function translate(text: string, translations: readonly Translation[]): string {
  for (const attempt of translations) {
    const translated = attempt(text);
    if (translated !== undefined) return translated;
  }
  return text;
}

/** The fields of an error or notice as a server with lc_messages = zh_CN sends them; what is not known stays as it is. */
export function inChinese(fields: ReadonlyMap<string, string>): Map<string, string> {
  const translated = new Map(fields);
  const change = (letter: string, change: (text: string) => string): void => {
    const text = fields.get(letter);
    if (text !== undefined) translated.set(letter, change(text));
  };
  change('S', (severity) => SEVERITIES[severity] ?? severity);
  change('M', (message) => translate(message, messages));
  change('D', (detail) => translate(detail, details));
  return translated;
}
