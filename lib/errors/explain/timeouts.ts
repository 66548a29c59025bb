import type { Topic } from './topic.js';

/** Statements, transactions and sessions that were ended because they took or waited too long, or were cancelled. */
export const TIMEOUTS: readonly Topic[] = [
  {
    codes: ['KB_TIMEOUT'],
    when: ({ outcome }) => outcome === 'not-sent',
    explainsCause: true,
    shows: ['hint'],
    en: {
      headline:
        'The call waited for a connection, or for its turn on one, until its timeout had passed: it was not sent.',
      causes: [
        'All connections of the pool were in use, or none could be made: the message says which.',
        'Connections are checked out and not released, or a call inside a transaction is made on the database.',
        'On one connection or transaction calls run one after the other, and those before it took long.',
      ],
      actions: [
        'Calling again is safe: the server knows nothing of this call.',
        'Release connections in "finally" or by "await using"; pool.leakTimeout tells of those that are kept.',
        'Make every call inside a transaction on the transaction object.',
        'Give the call a longer timeout, or the pool more connections (pool.max).',
      ],
    },
    zh: {
      headline: '调用一直在等待连接，或等待轮到自己使用连接，直到超过其时限：没有发送。',
      causes: [
        '连接池的所有连接都在使用中，或者无法建立连接：错误信息说明是哪一种。',
        '连接取出后没有归还，或者在事务内部用 Database 对象发出调用。',
        '同一连接或事务上的调用逐个执行，而前面的调用耗时很长。',
      ],
      actions: [
        '可以放心重新调用：服务器没有收到这个调用。',
        '在“finally”中或用“await using”归还连接；pool.leakTimeout 会报告未归还的连接。',
        '在事务内部，所有调用都使用事务对象。',
        '给调用更长的时限，或给连接池更多的连接（pool.max）。',
      ],
    },
  },
  {
    codes: ['KB_TIMEOUT'],
    when: ({ outcome }) => outcome === 'unknown',
    shows: ['hint'],
    en: {
      headline:
        'The call took longer than its timeout and could not be cancelled: whether the server carries it out is unknown.',
      causes: [
        'The network is broken, or the server hangs: it did not answer the request to cancel either.',
        'A proxy or pooler in between does not pass requests to cancel on.',
        'tls.cancel is "encrypted", and the client library can only cancel in clear text.',
      ],
      actions: [
        'Look whether the change is there before running the statement again; reading can be repeated.',
        'Look for the statement in sys_stat_activity: it may still run there.',
        'The connection was closed, and the pool makes another: nothing is to be done about it.',
      ],
    },
    zh: {
      headline: '调用超过时限，而且无法取消：服务器是否会执行它不得而知。',
      causes: [
        '网络中断或服务器挂起：它对取消请求也没有应答。',
        '中间的代理或连接池中间件不转发取消请求。',
        'tls.cancel 为“encrypted”，而客户端库只能以明文发送取消请求。',
      ],
      actions: [
        '重新执行前先检查改动是否已生效；查询可以重复执行。',
        '在 sys_stat_activity 中查找该语句：它可能仍在执行。',
        '该连接已关闭，连接池会另建一个：无需处理。',
      ],
    },
  },
  {
    codes: ['KB_TIMEOUT'],
    en: {
      headline: 'The call took longer than its timeout and was cancelled on the server.',
      causes: [
        'The statement is slow: a missing index, stale statistics, more data than thought.',
        'It waited for a lock that another transaction holds.',
        'The server or the network was overloaded.',
      ],
      actions: [
        'Run EXPLAIN (ANALYZE) on the statement, and ANALYZE on its tables.',
        'Look for waiting sessions: "select pid, wait_event_type, query from sys_stat_activity".',
        'Give the call a longer timeout if the time is needed.',
      ],
    },
    zh: {
      headline: '调用超过了 timeout 时限，已在服务器上取消。',
      causes: [
        '语句执行慢：缺少索引、统计信息过旧、数据比预想的多。',
        '在等待其他事务持有的锁。',
        '服务器或网络过载。',
      ],
      actions: [
        '对语句执行 EXPLAIN (ANALYZE)，对相关的表执行 ANALYZE。',
        '查找等待中的会话：“select pid, wait_event_type, query from sys_stat_activity”。',
        '如果确实需要这么长时间，请调大 timeout。',
      ],
    },
  },
  {
    codes: ['57014'],
    text: { en: /canceling authentication/, zh: /取消(了)?认证/ },
    en: {
      headline: 'The login took longer than the server allows (authentication_timeout).',
      causes: [
        'The network or this machine is very slow.',
        'An LDAP, RADIUS or GSSAPI service that the server asks does not answer.',
        'Node.js was blocked in between.',
      ],
      actions: [
        'Try the same login in ksql on this machine.',
        'Check the method in sys_hba.conf and the service it asks; raise authentication_timeout.',
      ],
    },
    zh: {
      headline: '登录时间超过了服务器允许的时限（authentication_timeout）。',
      causes: [
        '网络或本机非常慢。',
        '服务器所依赖的 LDAP、RADIUS 或 GSSAPI 服务没有应答。',
        '其间 Node.js 被阻塞。',
      ],
      actions: [
        '在本机用 ksql 进行同样的登录试一试。',
        '检查 sys_hba.conf 的认证方式及其依赖的服务；调大 authentication_timeout。',
      ],
    },
  },
  {
    codes: ['57014'],
    text: { en: /statement timeout/, zh: /语句(执行)?超时/ },
    en: {
      headline: 'The server cancelled the statement: it took longer than statement_timeout.',
      causes: [
        'The statement is slow: a missing index, stale statistics, more data than thought.',
        'It waited for a lock; waiting counts.',
        'statement_timeout is set low for this user, database or session.',
      ],
      actions: [
        'Run EXPLAIN (ANALYZE) on the statement, and ANALYZE on its tables.',
        'See the limit: "show statement_timeout"; raise it for this transaction with SET LOCAL.',
      ],
    },
    zh: {
      headline: '服务器取消了该语句：执行时间超过 statement_timeout。',
      causes: [
        '语句执行慢：缺少索引、统计信息过旧、数据比预想的多。',
        '在等待锁；等待的时间也计算在内。',
        '为该用户、数据库或会话设置的 statement_timeout 较短。',
      ],
      actions: [
        '对语句执行 EXPLAIN (ANALYZE)，对相关的表执行 ANALYZE。',
        '查看时限：“show statement_timeout”；可在事务中用 SET LOCAL 调大。',
      ],
    },
  },
  {
    codes: ['57014'],
    en: {
      headline: 'The statement was cancelled on request.',
      causes: [
        'This program cancelled it: a signal was aborted or a timeout passed.',
        'This program closed the database: close({ timeout }) cancels what still runs then.',
        'Somebody else did, with sys_cancel_backend() or an administration tool.',
      ],
      actions: [
        'Nothing, if it was meant. In a transaction, roll back before going on.',
        'Otherwise look in the server log or ask the administrator who cancelled it.',
      ],
    },
    zh: {
      headline: '该语句已按请求取消。',
      causes: [
        '由本程序取消：signal 被中止或超过了 timeout。',
        '本程序关闭了数据库：close({ timeout }) 会取消届时仍在执行的语句。',
        '由他人取消：使用了 sys_cancel_backend() 或管理工具。',
      ],
      actions: [
        '如果是有意取消，则无须处理；在事务中应先回滚再继续。',
        '否则请查看服务器日志，或向管理员确认是谁取消的。',
      ],
    },
  },
  {
    codes: ['55P03'],
    text: { en: /lock timeout/, zh: /锁超时/ },
    en: {
      headline: 'The statement gave up waiting for a lock after lock_timeout.',
      causes: [
        'Another transaction holds the lock for long, perhaps idle and forgotten.',
        'A schema change (ALTER TABLE, CREATE INDEX) or maintenance is under way.',
        'lock_timeout is set low.',
      ],
      actions: [
        'See who blocks: "select pid, sys_blocking_pids(pid), state, query from sys_stat_activity".',
        'Roll back and try again later; keep transactions short.',
        'Raise lock_timeout where waiting is right.',
      ],
    },
    zh: {
      headline: '语句等待锁的时间超过 lock_timeout，已放弃。',
      causes: [
        '其他事务长时间持有该锁，可能处于空闲而被遗忘。',
        '正在进行结构变更（ALTER TABLE、CREATE INDEX）或维护。',
        'lock_timeout 设置得较短。',
      ],
      actions: [
        '查看阻塞者：“select pid, sys_blocking_pids(pid), state, query from sys_stat_activity”。',
        '回滚后稍后重试；尽量缩短事务。',
        '如果应当等待，请调大 lock_timeout。',
      ],
    },
  },
  {
    codes: ['55P03'],
    en: {
      headline: 'A lock was not free, and the statement asked not to wait for it.',
      causes: [
        'The statement has NOWAIT, and another transaction holds the row or the table.',
        'lock_timeout passed.',
      ],
      actions: [
        'Roll back and try again later, or leave NOWAIT out to wait.',
        'For queues use SKIP LOCKED instead of NOWAIT.',
      ],
    },
    zh: {
      headline: '锁被占用，而语句要求不等待。',
      causes: ['语句使用了 NOWAIT，而行或表被其他事务锁定。', '超过了 lock_timeout。'],
      actions: ['回滚后稍后重试，或去掉 NOWAIT 以等待。', '实现队列时用 SKIP LOCKED 代替 NOWAIT。'],
    },
  },
  {
    codes: ['25P03'],
    en: {
      headline: 'The server ended the session: its transaction stood idle longer than allowed.',
      causes: [
        'The program does other work inside a transaction: it waits for a person, a file or another service.',
        'A transaction was begun and neither committed nor rolled back.',
        'idle_in_transaction_session_timeout is set low.',
      ],
      actions: [
        'Do slow work before BEGIN or after COMMIT; use transaction(fn), which always ends.',
        'The transaction is gone: begin it anew on another connection.',
        'Raise idle_in_transaction_session_timeout only if the pauses are meant.',
      ],
    },
    zh: {
      headline: '服务器终止了会话：其事务的空闲时间超过了限制。',
      causes: [
        '程序在事务中做其他工作：等待人工、文件或其他服务。',
        '事务开始后既没有提交也没有回滚。',
        'idle_in_transaction_session_timeout 设置得较短。',
      ],
      actions: [
        '把耗时的工作放在 BEGIN 之前或 COMMIT 之后；使用必定会结束的 transaction(fn)。',
        '该事务已不存在：在其他连接上从头开始。',
        '只有确实需要停顿时，才调大 idle_in_transaction_session_timeout。',
      ],
    },
  },
  {
    codes: ['25P04'],
    en: {
      headline:
        'The server ended the session: it was idle too long (KingbaseES), or its transaction took too long (PostgreSQL).',
      causes: [
        "KingbaseES: client_idle_timeout is shorter than the pool's idleTimeout, or than a pause of the program.",
        'PostgreSQL 17 and later: the transaction took longer than transaction_timeout.',
      ],
      actions: [
        'KingbaseES: set idleTimeout of the pool below client_idle_timeout.',
        'PostgreSQL: divide the work into shorter transactions, or raise transaction_timeout.',
        'Begin the transaction anew: the server has undone it.',
      ],
    },
    zh: {
      headline: '服务器终止了会话：空闲时间过长（KingbaseES），或事务时间过长（PostgreSQL）。',
      causes: [
        'KingbaseES：client_idle_timeout 比连接池的 idleTimeout 或程序的停顿短。',
        'PostgreSQL 17 及以后：事务时间超过 transaction_timeout。',
      ],
      actions: [
        'KingbaseES：把连接池的 idleTimeout 设得比 client_idle_timeout 短。',
        'PostgreSQL：把工作拆分为较短的事务，或调大 transaction_timeout。',
        '从头开始该事务：服务器已将其撤销。',
      ],
    },
  },
  {
    codes: ['57P05'],
    en: {
      headline: 'The server ended the session because it was idle longer than idle_session_timeout.',
      causes: ["The server's limit is shorter than the pool's idleTimeout."],
      actions: [
        'Connect again; the pool does so by itself.',
        'Set idleTimeout of the pool below idle_session_timeout.',
      ],
    },
    zh: {
      headline: '会话空闲时间超过 idle_session_timeout，已被服务器终止。',
      causes: ['服务器的时限比连接池的 idleTimeout 短。'],
      actions: ['重新连接；连接池会自动完成。', '把连接池的 idleTimeout 设得比 idle_session_timeout 短。'],
    },
  },
];
