import type { Topic } from './topic.js';

export const TRANSACTIONS: readonly Topic[] = [
  {
    codes: ['25P02'],
    en: {
      headline: 'The transaction has failed already: the server ignores every statement until ROLLBACK.',
      causes: [
        'An earlier statement of this transaction failed, and its error was caught and passed over.',
        'Calls run beside each other on one transaction, and another one failed.',
      ],
      actions: [
        'Look for the first error: it is the real one.',
        'Roll back, and begin the transaction anew.',
        'Where a failure is expected, run that statement in a savepoint (savepoint(fn)).',
      ],
    },
    zh: {
      headline: '事务此前已失败：在 ROLLBACK 之前，服务器忽略所有语句。',
      causes: [
        '该事务中较早的语句失败，其错误被捕获后忽略。',
        '同一事务上并行执行多个调用，其中另一个失败了。',
      ],
      actions: [
        '找出第一个错误，它才是真正的原因。',
        '回滚，并从头开始事务。',
        '如果预计某条语句可能失败，请在保存点中执行（savepoint(fn)）。',
      ],
    },
  },
  {
    codes: ['25006'],
    en: {
      headline: 'Writing was refused: the transaction is read-only.',
      causes: [
        'The connection goes to a standby, or to a former primary that was demoted in a failover.',
        'The transaction was begun with readOnly, or default_transaction_read_only is on.',
        'The statement writes unexpectedly: a function, a sequence or SELECT … FOR UPDATE.',
      ],
      actions: [
        'See where the connection goes: "select sys_is_in_recovery()" is true on a standby.',
        'List all nodes as hosts with target_session_attrs=read-write; the pool then leaves a demoted primary.',
        'Begin the transaction without readOnly.',
      ],
    },
    zh: {
      headline: '写入被拒绝：事务是只读的。',
      causes: [
        '连接到了备机，或者连接到了主备切换后降级的原主机。',
        '事务以 readOnly 开始，或启用了 default_transaction_read_only。',
        '语句包含意料之外的写入：函数、序列或 SELECT … FOR UPDATE。',
      ],
      actions: [
        '查看连接到的节点：在备机上“select sys_is_in_recovery()”的结果为 true。',
        '把所有节点写入主机列表，并设置 target_session_attrs=read-write；连接池会弃用已降级的主机。',
        '开始事务时不要设置 readOnly。',
      ],
    },
  },
  {
    codes: ['25001'],
    en: {
      headline: 'The statement cannot run inside of a transaction.',
      causes: [
        'CREATE DATABASE, VACUUM, CREATE INDEX CONCURRENTLY and their kin demand to stand alone.',
        'Several statements in one script() form one transaction.',
        'The isolation level is set after the first statement.',
      ],
      actions: [
        'Run it with exec() on the database, alone.',
        'Give the isolation level to begin() or transaction().',
      ],
    },
    zh: {
      headline: '该语句不能在事务中执行。',
      causes: [
        'CREATE DATABASE、VACUUM、CREATE INDEX CONCURRENTLY 等语句要求单独执行。',
        '同一个 script() 中的多条语句属于同一事务。',
        '在第一条语句之后才设置隔离级别。',
      ],
      actions: ['在 Database 对象上用 exec() 单独执行。', '把隔离级别传给 begin() 或 transaction()。'],
    },
  },
  {
    codes: ['25P01', '25', '0B', '2D', '3B'],
    shows: ['hint'],
    en: {
      headline: 'The statement does not fit the state of the transaction.',
      causes: [
        'COMMIT, ROLLBACK, SAVEPOINT or a cursor is used where no transaction is open, or it has ended already.',
        'A savepoint of this name does not exist, or was released.',
        'A procedure ends the transaction where it may not.',
      ],
      actions: [
        'Use begin(), transaction(fn) and savepoint(fn) instead of statements of your own.',
        'Do not mix the two on one connection.',
      ],
    },
    zh: {
      headline: '该语句与事务的当前状态不符。',
      causes: [
        '没有打开的事务，或事务已结束时，使用了 COMMIT、ROLLBACK、SAVEPOINT 或游标。',
        '该名称的保存点不存在或已释放。',
        '存储过程在不允许的位置结束了事务。',
      ],
      actions: [
        '使用 begin()、transaction(fn)、savepoint(fn)，不要自行编写事务语句。',
        '同一连接上不要混用两种方式。',
      ],
    },
  },
  {
    codes: ['40001'],
    text: { en: /conflict with recovery/, zh: /与恢复(操作)?.{0,2}冲突|恢复冲突/ },
    en: {
      headline: 'The standby cancelled the statement: it was in the way of replaying the log of the primary.',
      causes: [
        'A long query on a standby needs rows that the primary has removed (VACUUM) or a table it has changed.',
        'max_standby_streaming_delay is shorter than the query.',
      ],
      actions: [
        'Run it again, or run long queries on the primary.',
        'Set hot_standby_feedback, or raise max_standby_streaming_delay on the standby.',
      ],
    },
    zh: {
      headline: '备机取消了该语句：它妨碍了主机日志的重放。',
      causes: [
        '备机上的长查询需要主机已清理（VACUUM）的行或已修改的表。',
        'max_standby_streaming_delay 比查询时间短。',
      ],
      actions: [
        '重新执行，或把长查询放到主机上执行。',
        '设置 hot_standby_feedback，或在备机上调大 max_standby_streaming_delay。',
      ],
    },
  },
  {
    codes: ['40001'],
    shows: ['hint'],
    en: {
      headline: 'The transaction met a concurrent one and was rolled back (serialization failure).',
      causes: [
        'Another transaction changed the same rows; repeatable read and serializable do not allow both.',
        'Under serializable also reads can conflict.',
      ],
      actions: [
        'Run the whole transaction again: transaction(fn, { retry: { maxAttempts: 3 } }) does so.',
        'Keep transactions short, and change rows in the same order everywhere.',
        'Use read committed where it suffices.',
      ],
    },
    zh: {
      headline: '事务与并发事务冲突，已回滚（串行化失败）。',
      causes: [
        '其他事务修改了相同的行；可重复读和可串行化级别不允许两者都成功。',
        '在可串行化级别下，读取也可能冲突。',
      ],
      actions: [
        '重新执行整个事务：transaction(fn, { retry: { maxAttempts: 3 } }) 会自动重试。',
        '缩短事务，各处按相同的顺序修改行。',
        '在读已提交级别足够时使用该级别。',
      ],
    },
  },
  {
    codes: ['40P01'],
    shows: ['detail'],
    en: {
      headline: 'Deadlock: transactions waited for each other, and the server rolled this one back.',
      causes: [
        'Transactions change the same rows or tables in different orders.',
        'Foreign keys or triggers take locks that the statement does not show.',
        'Two batches update overlapping rows in different orders.',
      ],
      actions: [
        'Run the whole transaction again: transaction(fn, { retry: { maxAttempts: 3 } }) does so.',
        'Lock in one order everywhere, for instance by sorting the keys of a batch.',
        'Read the server log: it has the statements of both sides.',
      ],
    },
    zh: {
      headline: '检测到死锁：事务互相等待，服务器回滚了本事务。',
      causes: [
        '各事务以不同的顺序修改相同的行或表。',
        '外键或触发器隐式加了锁，从语句本身看不出来。',
        '两个批处理以不同的顺序更新重叠的行。',
      ],
      actions: [
        '重新执行整个事务：transaction(fn, { retry: { maxAttempts: 3 } }) 会自动重试。',
        '各处按同一顺序加锁，例如对批处理的键排序。',
        '查看服务器日志，其中有双方的语句。',
      ],
    },
  },
  {
    codes: ['40'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server rolled the transaction back.',
      causes: ['A deferred constraint, a conflict or a loss at COMMIT made it impossible to complete.'],
      actions: ['Read the message, and run the whole transaction again if it may be repeated.'],
    },
    zh: {
      headline: '服务器回滚了该事务。',
      causes: ['延迟约束、冲突或 COMMIT 时的连接断开使事务无法完成。'],
      actions: ['阅读错误信息；如果事务可以重复，请重新执行整个事务。'],
    },
  },
  {
    codes: ['24', '34'],
    en: {
      headline: 'The cursor does not exist, or is not in a state for this.',
      causes: [
        'Its transaction has ended; only WITH HOLD outlives it.',
        'The name is misspelled, or the cursor was closed.',
      ],
      actions: ['Use the cursor inside of one transaction, or read with rows(), which keeps its own.'],
    },
    zh: {
      headline: '游标不存在，或其状态不允许此操作。',
      causes: ['其所在事务已结束；只有 WITH HOLD 游标可以保留。', '名称拼写有误，或游标已关闭。'],
      actions: ['在同一事务中使用游标，或使用自行管理游标的 rows()。'],
    },
  },
];
