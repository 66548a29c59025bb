import type { Topic } from './topic.js';

export const POOL: readonly Topic[] = [
  {
    codes: ['KB_POOL_ACQUIRE_TIMEOUT'],
    when: ({ cause }) => cause !== undefined,
    explainsCause: true,
    en: {
      headline:
        'No connection within acquireTimeout, because none could be made: the last attempt failed, which is the cause.',
      causes: [
        'The server is down or restarting, or a failover takes longer than acquireTimeout.',
        'The network to the server is interrupted.',
        'The server refuses the logins of the pool, or takes no more connections.',
      ],
      actions: ['Solve what kept the last attempt from succeeding; the pool then recovers by itself.'],
    },
    zh: {
      headline: '在 acquireTimeout 之内没有得到连接，原因是无法建立新的连接：最后一次尝试失败，见 cause。',
      causes: [
        '服务器停机或正在重启，或者主备切换时间超过 acquireTimeout。',
        '到服务器的网络中断。',
        '服务器拒绝了连接池的登录，或者不再接受更多连接。',
      ],
      actions: ['解决最后一次尝试失败的问题，连接池随后会自动恢复。'],
    },
  },
  {
    codes: ['KB_POOL_ACQUIRE_TIMEOUT'],
    en: {
      headline:
        'No connection became free within acquireTimeout: all of the pool are in use, the server is not the reason.',
      causes: [
        'Connections are checked out and never released, on some path through an exception perhaps.',
        'A call inside a transaction uses the database instead of the transaction, and waits for itself.',
        'Statements or transactions take too long.',
        'There is more work at once than the pool is made for.',
      ],
      actions: [
        'Release with "await using" or in "finally", and set leakTimeout to find those that are kept.',
        'Within a transaction make every call on the transaction object.',
        'Look for slow statements and open transactions in sys_stat_activity.',
        'Raise pool.max (all processes together below max_connections), or acquireTimeout.',
      ],
    },
    zh: {
      headline: '在 acquireTimeout 之内没有空闲连接：连接池已全部占用，与服务器无关。',
      causes: [
        '取出的连接没有归还，可能是某条异常路径遗漏了。',
        '在事务中的调用使用了 Database 对象而不是事务对象，于是等待自己。',
        '语句或事务执行时间过长。',
        '同时进行的工作超出了连接池的规模。',
      ],
      actions: [
        '用“await using”或在“finally”中归还，并设置 leakTimeout 以找出未归还的连接。',
        '在事务中，所有调用都应通过事务对象进行。',
        '在 sys_stat_activity 中查找慢语句和未结束的事务。',
        '调大 pool.max（所有进程之和小于 max_connections）或 acquireTimeout。',
      ],
    },
  },
  {
    codes: ['KB_POOL_FULL'],
    en: {
      headline:
        'The call was refused at once: as many calls as maxWaiting allows are waiting for a connection.',
      causes: [
        'More calls come than the pool can serve.',
        'Connections are not released, or statements take too long, so that the queue grows.',
      ],
      actions: [
        'Pass the refusal on (HTTP 503, for instance) and try again later: this is what maxWaiting is for.',
        'Look for slow statements and connections that are kept; raise pool.max or maxWaiting.',
      ],
    },
    zh: {
      headline: '调用被立即拒绝：等待连接的调用数已达到 maxWaiting。',
      causes: ['请求量超过了连接池的处理能力。', '连接没有归还或语句执行过长，使等待队列不断增长。'],
      actions: [
        '把拒绝传递给上游（例如 HTTP 503），稍后重试：这正是 maxWaiting 的用途。',
        '查找慢语句和未归还的连接；调大 pool.max 或 maxWaiting。',
      ],
    },
  },
  {
    codes: ['KB_POOL_CLOSED'],
    en: {
      headline: 'The database object has been closed and takes no more calls.',
      causes: [
        'close() was called, or an "await using" block ended, while other code still works with the object.',
        'A test or the shutdown of the program closed an object that is shared.',
      ],
      actions: [
        'Close at the very end, after all work has been awaited.',
        'Open a new database with open() where one is needed again.',
      ],
    },
    zh: {
      headline: 'Database 对象已关闭，不再接受调用。',
      causes: [
        '其他代码仍在使用该对象时，调用了 close() 或“await using”代码块结束。',
        '测试或程序退出过程关闭了共用的对象。',
      ],
      actions: ['在所有工作都已 await 完成之后再关闭。', '需要再次使用时，用 open() 重新打开。'],
    },
  },
];
