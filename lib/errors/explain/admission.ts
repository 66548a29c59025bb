import type { Topic } from './topic.js';

/** Why a server that knows the user does not let them in: no such database, no room, not the time. */
export const ADMISSION: readonly Topic[] = [
  {
    codes: ['3D000', '3D'],
    en: {
      headline: 'The database does not exist on this server.',
      causes: [
        'No database was named, so one with the name of the user was asked for.',
        'There is no database "postgres": a new KingbaseES installation has "test" (V8R3: "TEST").',
        'The name is misspelled, or its case differs from that of CREATE DATABASE.',
        'The connection goes to another server than meant.',
      ],
      actions: [
        'Name the database in the configuration or in KINGBASE_DATABASE, for example test.',
        'List them: "ksql -h <host> -p <port> -U <user> -l".',
        'Make it: "CREATE DATABASE <name>", connected to test.',
      ],
    },
    zh: {
      headline: '该服务器上不存在此数据库。',
      causes: [
        '没有指定数据库，因而请求了与用户同名的数据库。',
        'KingbaseES 没有名为 postgres 的数据库：新安装时有 test（V8R3 为 TEST）。',
        '名称拼写有误，或大小写与 CREATE DATABASE 时不同。',
        '连接到了另一台服务器。',
      ],
      actions: [
        '在配置中或通过 KINGBASE_DATABASE 指定数据库，例如 test。',
        '列出数据库：“ksql -h <主机> -p <端口> -U <用户> -l”。',
        '连接 test 后用“CREATE DATABASE <名称>”创建。',
      ],
    },
  },
  {
    codes: ['53300'],
    en: {
      headline: 'The server has no connection left to give.',
      causes: [
        'The pools of all processes together are larger than max_connections (100 by default, 3 of them reserved).',
        'Connections are opened and never closed, by this program or another.',
        'A limit of the database or the user is reached (CONNECTION LIMIT).',
        'Sessions hang in long transactions and pile up.',
      ],
      actions: [
        'See who holds them: "select usename, state, count(*) from sys_stat_activity group by 1, 2".',
        'Lower "max" of the pools: processes × max must stay below max_connections.',
        'Open one database per process, and close what is checked out.',
        'Raise max_connections in kingbase.conf and restart the server.',
      ],
    },
    zh: {
      headline: '服务器的连接数已用完。',
      causes: [
        '所有进程的连接池之和超过 max_connections（默认 100，其中 3 个保留）。',
        '本程序或其他程序打开连接后没有关闭。',
        '达到数据库或用户的连接数上限（CONNECTION LIMIT）。',
        '会话停留在长事务中，不断堆积。',
      ],
      actions: [
        '查看连接的占用者：“select usename, state, count(*) from sys_stat_activity group by 1, 2”。',
        '调小连接池的 max：进程数 × max 应小于 max_connections。',
        '每个进程只打开一个 Database 对象，取出的连接用完即归还。',
        '调大 kingbase.conf 中的 max_connections 并重启服务器。',
      ],
    },
  },
  {
    codes: ['57P03'],
    text: { en: /shutting down/, zh: /数据库系统(正在)?(停止|关闭)/ },
    en: {
      headline: 'The server is shutting down and accepts no new logins.',
      causes: [
        'An administrator is stopping or restarting it, or a failover is under way.',
        'A stop in mode "smart" waits until the present sessions end.',
      ],
      actions: [
        'Wait for the restart; it is safe to try again.',
        'In a cluster list all nodes as hosts, so that another one can take over.',
      ],
    },
    zh: {
      headline: '服务器正在停止，不再接受新的登录。',
      causes: ['管理员正在停止或重启服务器，或正在进行主备切换。', '“smart”模式的停止会等待现有会话结束。'],
      actions: ['等待重启完成，可以放心重试。', '在集群中把所有节点写入主机列表，以便由其他节点接管。'],
    },
  },
  {
    codes: ['57P03'],
    en: {
      headline: 'The server runs, but does not accept logins yet: it is starting or recovering.',
      causes: [
        'It was started a moment ago.',
        'It replays its log after a crash; with much to replay this takes minutes.',
        'It is a standby that does not allow reading.',
      ],
      actions: [
        'Try again after a while; it is safe to do so.',
        'Watch "sys_isready -h <host> -p <port>" and the server log.',
        'If it does not end, look in the log for the cause: disk full, missing log files, licence.',
      ],
    },
    zh: {
      headline: '服务器已运行，但尚不接受登录：正在启动或恢复。',
      causes: [
        '服务器刚刚启动。',
        '崩溃后正在重放日志；日志较多时需要数分钟。',
        '该节点是不允许读取的备机。',
      ],
      actions: [
        '稍后再试，可以放心重试。',
        '用“sys_isready -h <主机> -p <端口>”和服务器日志观察进展。',
        '如果一直不结束，请在日志中查找原因：磁盘已满、缺少日志文件、许可证问题。',
      ],
    },
  },
];
