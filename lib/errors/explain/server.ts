import type { Topic } from './topic.js';

/** The server's own troubles: resources, limits, operators, defects (classes 53, 54, 55, 57, 58, 72, F0, XX). */
export const SERVER: readonly Topic[] = [
  {
    codes: ['53100'],
    en: {
      headline: 'The disk of the server is full.',
      causes: [
        'Data, temporary files of a large sort, or log files fill it.',
        'Log files are kept for a replication slot whose standby is away, or because archiving fails.',
        'A quota or temp_file_limit is reached.',
      ],
      actions: [
        'On the server: "df -h", and look for what grew in the data directory.',
        'Never delete files of sys_wal by hand; drop unused replication slots, repair archiving.',
        'Enlarge the disk or move tables to another tablespace; then run the statement again.',
      ],
    },
    zh: {
      headline: '服务器磁盘已满。',
      causes: [
        '被数据、大型排序的临时文件或日志文件占满。',
        '因备机离线的复制槽或归档失败，日志文件被保留。',
        '达到配额或 temp_file_limit。',
      ],
      actions: [
        '在服务器上执行“df -h”，查找数据目录中增长的部分。',
        '切勿手工删除 sys_wal 中的文件；删除不用的复制槽，修复归档。',
        '扩容磁盘，或把表移到其他表空间，然后重新执行。',
      ],
    },
  },
  {
    codes: ['53200'],
    text: { en: /shared memory|max_locks_per_transaction/, zh: /共享内存/ },
    en: {
      headline: 'The server is out of shared memory, most often of room for locks.',
      causes: [
        'One transaction touches very many tables or partitions.',
        'max_locks_per_transaction or max_connections is small for the work.',
      ],
      actions: [
        'Divide the work into several transactions.',
        'Raise max_locks_per_transaction in kingbase.conf and restart.',
      ],
    },
    zh: {
      headline: '服务器共享内存不足，多为锁表空间不足。',
      causes: [
        '单个事务涉及过多的表或分区。',
        'max_locks_per_transaction 或 max_connections 相对于工作量太小。',
      ],
      actions: ['把工作拆分为多个事务。', '在 kingbase.conf 中调大 max_locks_per_transaction 并重启。'],
    },
  },
  {
    codes: ['53200'],
    shows: ['detail'],
    en: {
      headline: 'The server is out of memory.',
      causes: [
        'work_mem times the sorts and hashes of all sessions is more than the machine has.',
        'A single value or result is very large.',
        'Too many connections, each with caches of its own.',
      ],
      actions: [
        'Lower work_mem or max_connections, or give the machine more memory.',
        'Read large results in pieces with rows(), and keep large objects out of the query.',
      ],
    },
    zh: {
      headline: '服务器内存不足。',
      causes: [
        'work_mem 乘以所有会话的排序和哈希操作数，超过了机器内存。',
        '单个值或结果非常大。',
        '连接过多，每个连接都有自己的缓存。',
      ],
      actions: [
        '调小 work_mem 或 max_connections，或增加机器内存。',
        '用 rows() 分批读取大的结果，避免在查询中携带大对象。',
      ],
    },
  },
  {
    codes: ['53'],
    shows: ['detail', 'hint'],
    en: {
      headline:
        'The server lacks a resource: memory, disk, connections or something that is limited by configuration.',
      causes: [
        'There is more work at once than the server is set up for.',
        'A limit in kingbase.conf or of the system is low.',
      ],
      actions: [
        'Read the message for the resource; look at the server log and the machine.',
        'Try again later, with less at once.',
      ],
    },
    zh: {
      headline: '服务器资源不足：内存、磁盘、连接，或受配置限制的其他资源。',
      causes: ['同时进行的工作超出了服务器的配置。', 'kingbase.conf 或系统中的某个上限较低。'],
      actions: ['从错误信息中确认是哪种资源；查看服务器日志和机器状态。', '稍后以较小的并发重试。'],
    },
  },
  {
    codes: ['54'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The statement exceeds a limit of the server.',
      causes: [
        'It is nested too deeply (max_stack_depth), for instance by a function that calls itself.',
        'It has too many columns, parameters or list elements, or a value or index row is too large.',
      ],
      actions: [
        'Divide the statement, or use an array: "where id = any($1)".',
        'Look for endless recursion in functions and triggers.',
      ],
    },
    zh: {
      headline: '语句超过了服务器的限制。',
      causes: [
        '嵌套过深（max_stack_depth），例如函数递归调用自身。',
        '列、参数或列表元素过多，或某个值、索引行过大。',
      ],
      actions: ['拆分语句，或使用数组：“where id = any($1)”。', '检查函数和触发器中的无限递归。'],
    },
  },
  {
    codes: ['55006'],
    shows: ['detail'],
    en: {
      headline: 'The object is in use by other sessions.',
      causes: [
        'Sessions are connected to the database that is to be dropped or copied.',
        'A cursor or query of this session still reads the table.',
      ],
      actions: [
        'Close the other connections (pools too), or end them with sys_terminate_backend(pid).',
        'Finish reading first.',
      ],
    },
    zh: {
      headline: '对象正被其他会话使用。',
      causes: ['有会话连接着要删除或复制的数据库。', '本会话的游标或查询仍在读取该表。'],
      actions: ['关闭其他连接（包括连接池），或用 sys_terminate_backend(pid) 终止。', '先读取完毕。'],
    },
  },
  {
    codes: ['55'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The object is not in a state in which this can be done.',
      causes: [
        'currval() was called before nextval() in this session: another connection of the pool had it.',
        'A setting can be changed at the start of the server only.',
      ],
      actions: [
        'Read the message for what is missing.',
        'Use INSERT … RETURNING instead of currval(), or one connection for both.',
      ],
    },
    zh: {
      headline: '对象当前的状态不允许此操作。',
      causes: [
        '本会话中尚未调用 nextval() 就调用了 currval()：它是在连接池的另一连接上调用的。',
        '某个参数只能在服务器启动时更改。',
      ],
      actions: [
        '从错误信息中确认缺少什么。',
        '用 INSERT … RETURNING 代替 currval()，或在同一连接上执行两者。',
      ],
    },
  },
  {
    codes: ['57'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server or its operator intervened and ended what was running.',
      causes: ['An administrator, a limit of the server or a stop of the server.'],
      actions: ['Read the message and the server log; try again once the server is available.'],
    },
    zh: {
      headline: '服务器或管理员介入，终止了正在执行的操作。',
      causes: ['管理员操作、服务器的限制，或服务器停止。'],
      actions: ['阅读错误信息和服务器日志；服务器可用后重试。'],
    },
  },
  {
    codes: ['58'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The operating system failed the server: a file could not be read, written or found.',
      causes: [
        'A disk or file system is failing, or mounted read-only.',
        'Files of the data directory were moved or deleted, or their rights changed.',
        'COPY or a function names a file that is not on the server: the path is that of the server.',
      ],
      actions: [
        'Check disk and file system on the server (dmesg), and the server log.',
        'To load a file of this machine use COPY … FROM STDIN.',
        'If data files are missing, stop writing and restore from a backup.',
      ],
    },
    zh: {
      headline: '服务器遇到操作系统错误：文件无法读写或不存在。',
      causes: [
        '磁盘或文件系统故障，或以只读方式挂载。',
        '数据目录中的文件被移动、删除，或权限被更改。',
        'COPY 或函数指明的文件不在服务器上：路径是服务器上的路径。',
      ],
      actions: [
        '检查服务器的磁盘和文件系统（dmesg），并查看服务器日志。',
        '导入本机的文件请使用 COPY … FROM STDIN。',
        '如果缺少数据文件，请停止写入并从备份恢复。',
      ],
    },
  },
  {
    codes: ['72'],
    en: {
      headline: 'The snapshot of the transaction is too old: the rows it would see are gone.',
      causes: ['The transaction stayed open longer than old_snapshot_threshold.'],
      actions: ['Run it again, in shorter transactions.'],
    },
    zh: {
      headline: '事务的快照过旧：它应看到的行已被清理。',
      causes: ['事务持续时间超过 old_snapshot_threshold。'],
      actions: ['用较短的事务重新执行。'],
    },
  },
  {
    codes: ['F0'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A configuration file of the server has an error, or a lock file is in the way.',
      causes: ['kingbase.conf, kingbase.auto.conf or sys_hba.conf has a line that cannot be read.'],
      actions: ['Read the server log for file and line, correct it, and reload: "select sys_reload_conf()".'],
    },
    zh: {
      headline: '服务器的配置文件有误，或存在锁文件冲突。',
      causes: ['kingbase.conf、kingbase.auto.conf 或 sys_hba.conf 中有无法解析的行。'],
      actions: ['在服务器日志中查找文件和行号，改正后重新加载：“select sys_reload_conf()”。'],
    },
  },
  {
    codes: ['XX001', 'XX002'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server found damaged data or a damaged index.',
      causes: [
        'Failing disk or memory, or a machine that lost power without its writes being safe.',
        'Files of the data directory were copied or changed while in use.',
      ],
      actions: [
        'Stop writing, and make a copy of the data directory before anything else.',
        'A damaged index can be rebuilt: REINDEX. For damaged tables restore from a backup.',
        'Check disk and memory of the machine, and ask the vendor.',
      ],
    },
    zh: {
      headline: '服务器发现数据或索引损坏。',
      causes: ['磁盘或内存故障，或机器断电而写入没有落盘。', '数据目录的文件在使用中被复制或改动。'],
      actions: [
        '停止写入，首先复制一份数据目录。',
        '损坏的索引可用 REINDEX 重建；损坏的表应从备份恢复。',
        '检查机器的磁盘和内存，并联系厂商。',
      ],
    },
  },
  {
    codes: ['XX'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server met an internal error.',
      causes: [
        'A defect of the server or of an extension.',
        'A report without an error code, which is counted here.',
      ],
      actions: [
        'Read the message and the server log.',
        'If it can be repeated, report it to the vendor with the version: "select version()".',
      ],
    },
    zh: {
      headline: '服务器发生内部错误。',
      causes: ['服务器或扩展插件的缺陷。', '没有错误码的报告也归入此类。'],
      actions: ['阅读错误信息和服务器日志。', '如果可以重现，请连同版本（“select version()”）报告给厂商。'],
    },
  },
];
